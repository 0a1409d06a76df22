"""Undoing what an OICP operator may have started after nobody waited for its answer any more (oicp §6.6).

OICP answers in the same call: who does not answer in time may start all the same, and its session would be known to nobody. So it is
told to stop under the id that it was given. One try after the other for a few minutes, in a thread of its own that ends with the
process; an operator that never answers has no session at the hub either: its CDR is refused with 400.
"""

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from django.db import connection

from roaming.canonical import PartyId
from roaming.egress.blocking import send
from roaming.gateways import GatewayRefusal, egress_refusals
from roaming.parties.directory import PlatformEntry
from roaming.protocols.oicp.client import REMOTE_DOOR, RESERVATION_DOOR, read_acknowledgement, remote_path, reservation_path, write_call
from roaming.protocols.oicp.identifiers import write_provider
from roaming.sessions.hub_sessions import RESERVATION
from roaming.sessions.models import HubSession

logger = logging.getLogger(__name__)

_SECONDS = 10.0
_PAUSES = (0.0, 10.0, 60.0, 180.0)
_MOST_AT_ONCE = 32
_running = threading.BoundedSemaphore(_MOST_AT_ONCE)


def undo_late_start(*, session: HubSession, provider: PartyId, platform: PlatformEntry) -> None:
    """This function will have a start or a reservation stopped whose answer came too late to be believed; it does not wait."""
    is_reservation = session.kind == RESERVATION
    body = {"SessionID": session.session_id, "ProviderID": write_provider(provider), "EvseID": session.evse_id}
    door = RESERVATION_DOOR if is_reservation else REMOTE_DOOR
    path = (reservation_path if is_reservation else remote_path)(provider, "stop")
    if not _running.acquire(blocking=False):
        logger.warning("a late start is not undone: too many wait for it", extra={"platform": platform.id})
        return
    threading.Thread(target=_undo, args=(platform, door, path, body), name="oicp-undo", daemon=True).start()


def _undo(platform: PlatformEntry, door: tuple[str, str], path: str, body: Mapping[str, Any]) -> None:
    try:
        if not any(_stop_once(pause, platform, door, path, body) for pause in _PAUSES):
            logger.warning("a late start could not be undone", extra={"platform": platform.id, "hub_session": body["SessionID"]})
    finally:
        _running.release()
        connection.close()


def _stop_once(pause: float, platform: PlatformEntry, door: tuple[str, str], path: str, body: Mapping[str, Any]) -> bool:
    time.sleep(pause)
    try:
        call = write_call(platform=platform, door=door, path=path, body=body, purpose="command", seconds=_SECONDS)
        with egress_refusals():
            read_acknowledgement(send(call))
    except GatewayRefusal:
        return False
    return True  # stopped, or it has no such session: both are an end
