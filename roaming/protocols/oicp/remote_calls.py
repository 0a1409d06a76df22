"""Commands of OCPI providers at OICP operators: answered at once, then asked in a pool of their own, which starves nobody (oicp §6.6)."""

import logging
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from django.db import close_old_connections, connection
from django.utils import timezone

from roaming import canonical
from roaming.canonical import PartyId
from roaming.commands.relay import UnknownCallback, receive_result
from roaming.egress.blocking import send
from roaming.gateways import GatewayRefusal, GatewayTimedOut, NoRoute, egress_refusals
from roaming.locations.evse_queries import FoundEvse, find_evse_of_location
from roaming.parties import directory
from roaming.parties.directory import PartyEntry, PlatformEntry
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.bridge.commands import write_result
from roaming.protocols.oicp.bridge.places import kept, place_of
from roaming.protocols.oicp.bridge.sessions import PENDING, tell_session
from roaming.protocols.oicp.client import REMOTE_DOOR, RESERVATION_DOOR, read_acknowledgement, remote_path, reservation_path, write_call
from roaming.protocols.oicp.compensation import undo_late_start
from roaming.protocols.oicp.crossing import remote_identification
from roaming.protocols.oicp.identifiers import write_provider
from roaming.sessions import hub_sessions
from roaming.sessions.hub_sessions import REMOTE, RESERVATION, Opening
from roaming.sessions.models import HubSession

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 60
_CALL_SECONDS = 55.0
_pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="oicp-remote")

Body = dict[str, Any]


def accept(
    command: canonical.Command | canonical.ProfileRequest, *, platform: PlatformEntry, sender: PartyId, receiver: PartyId, response_url: str
) -> canonical.CommandResponse:
    """This function will check what can be checked at once; what passes is asked in the background, and its result relayed."""
    at = timezone.now()
    match command:
        case canonical.StartSession():
            work = _start(command, platform, sender, receiver, at)
        case canonical.ReserveNow():
            work = _reserve(command, platform, sender, receiver, at)
        case canonical.StopSession(session_id=session_id):
            work = _stop(session_id, platform, sender)
        case canonical.CancelReservation(reservation_id=reservation_id):
            work = _cancel(reservation_id, platform, sender)
        case _:
            return _no("NOT_SUPPORTED", "OICP has no such command.")
    if isinstance(work, canonical.CommandResponse):
        return work
    _pool.submit(_run, work, response_url.rsplit("/", 1)[-1], platform.id)
    return canonical.CommandResponse(result="ACCEPTED", timeout=TIMEOUT_SECONDS)


Work = Callable[[], tuple[str, str | None]]


def _run(work: Work, callback_key: str, platform_id: int) -> None:
    close_old_connections()
    try:
        code, additional = work()
        result = write_result(code, additional=additional)
        receive_result(callback_key=callback_key, platform_id=platform_id, result=result, at=timezone.now())
    except UnknownCallback:
        logger.warning("a result had nobody to go to", extra={"platform": platform_id})
    except Exception:
        logger.exception("a remote command failed", extra={"platform": platform_id})
    finally:
        connection.close()


def _start(
    command: canonical.StartSession, platform: PlatformEntry, sender: PartyId, receiver: PartyId, at: datetime
) -> Work | canonical.CommandResponse:
    prepared = _prepare(command.token, command.location_id, command.evse_uid, receiver)
    if isinstance(prepared, canonical.CommandResponse):
        return prepared
    evse, identification = prepared
    session = _open(REMOTE, evse, command.token, sender, receiver, command.authorization_reference or "", at)
    body = {**_body(session, sender, evse.evse_id), "Identification": identification}
    return lambda: _ask(session, platform, REMOTE_DOOR, remote_path(sender, "start"), body, starts=True)


def _reserve(
    command: canonical.ReserveNow, platform: PlatformEntry, sender: PartyId, receiver: PartyId, at: datetime
) -> Work | canonical.CommandResponse:
    minutes = math.ceil((command.expiry_date - at) / timedelta(minutes=1))
    if not 1 <= minutes <= 99:
        return _no("REJECTED", "OICP reserves for 1 to 99 minutes.")
    prepared = _prepare(command.token, command.location_id, command.evse_uid, receiver)
    if isinstance(prepared, canonical.CommandResponse):
        return prepared
    evse, identification = prepared
    session = _open(
        RESERVATION, evse, command.token, sender, receiver, command.authorization_reference or "", at, own_id=command.reservation_id
    )
    body = {**_body(session, sender, evse.evse_id), "Identification": identification, "Duration": minutes}
    return lambda: _ask(session, platform, RESERVATION_DOOR, reservation_path(sender, "start"), body, starts=True)


def _stop(session_id: str, platform: PlatformEntry, sender: PartyId) -> Work | canonical.CommandResponse:
    session = hub_sessions.find_hub_session(session_id)
    if session is None or session.state != HubSession.State.OPEN or not _is_provider(session, sender):
        return canonical.CommandResponse(result="UNKNOWN_SESSION", timeout=0)
    body = _body(session, sender, session.evse_id)
    return lambda: _ask(session, platform, REMOTE_DOOR, remote_path(sender, "stop"), body, starts=False)


def _cancel(reservation_id: str, platform: PlatformEntry, sender: PartyId) -> Work | canonical.CommandResponse:
    session = hub_sessions.find_reservation(provider_session_id=reservation_id)
    if session is None or not _is_provider(session, sender):
        return _no("REJECTED", "The reservation is not known.")
    body = _body(session, sender, session.evse_id)
    return lambda: _ask(session, platform, RESERVATION_DOOR, reservation_path(sender, "stop"), body, starts=False)


def _prepare(
    token: canonical.Token, location_id: str, evse_uid: str | None, receiver: PartyId
) -> tuple[FoundEvse, Body] | canonical.CommandResponse:
    owner = directory.current().party(receiver)
    if owner is None:
        raise NoRoute(f"{receiver} is not an operator on this hub")
    found = find_evse_of_location(owner=owner.id, location_id=location_id, evse_uid=evse_uid)
    if found is None:
        return _no("REJECTED", "OICP starts at one EVSE: name one that the location has.")
    if not found.is_compatible:
        return _no("NOT_SUPPORTED", "The EVSE is not open to roaming.")
    identification = remote_identification(token)
    if identification is None:
        return _no("REJECTED", "The contract id cannot be said in OICP.")
    return found, identification


def _open(
    kind: str,
    evse: FoundEvse,
    token: canonical.Token,
    sender: PartyId,
    receiver: PartyId,
    reference: str,
    at: datetime,
    *,
    own_id: str = "",
) -> HubSession:
    table = directory.current()
    operator, provider = table.party(receiver), table.party(sender)
    assert operator is not None, "the receiver was found"
    assert provider is not None, "the sender is on the hub"
    session = hub_sessions.open_hub_session(
        session_id=hub_sessions.mint_session_id(),
        opening=Opening(
            operator=operator.id,
            provider=provider.id,
            kind=kind,
            evse_id=evse.evse_id,
            token_uid=token.uid,
            token_type=token.type,
            contract_id=token.contract_id,
            provider_session_id=own_id,
            place=kept(place_of(evse, owner=receiver)),
        ),
        at=at,
    )
    if reference:
        hub_sessions.note_reference(session, reference=reference)
    return session


def _body(session: HubSession, sender: PartyId, evse_id: str) -> Body:
    return {"SessionID": session.session_id, "ProviderID": write_provider(sender), "EvseID": evse_id}


def _ask(
    session: HubSession, platform: PlatformEntry, door: tuple[str, str], path: str, body: Body, *, starts: bool
) -> tuple[str, str | None]:
    if door not in platform.endpoints:
        return statuses.NOT_AVAILABLE, None
    try:
        call = write_call(platform=platform, door=door, path=path, body=body, purpose="command", seconds=_CALL_SECONDS)
        with egress_refusals():
            told = read_acknowledgement(send(call))
    except GatewayTimedOut:
        if starts:
            undo_late_start(session=session, provider=_party_of(session.provider_id).key, operator=_party_of(session.operator_id))
        code, additional, is_done = statuses.NO_RESPONSE, None, False
    except GatewayRefusal as refusal:
        code, additional, is_done = statuses.NO_RESPONSE, str(refusal), False
    else:
        code, additional, is_done = told.status.code, told.status.additional, told.result
        if not is_done and code == statuses.SUCCESS:
            code = statuses.PARTNER_SYSTEM_ERROR
    if starts and is_done:
        hub_sessions.confirm_hub_session(session, operator_session_id=told.operator_session_id or "")
        if session.kind == REMOTE:
            tell_session(hub=session, directory=directory.current(), status=PENDING, at=timezone.now())
    elif starts:
        hub_sessions.refuse_hub_session(session)
    return (statuses.SUCCESS if is_done else code), additional


def _party_of(row: int | None) -> PartyEntry:
    entry = directory.current().party_by_row(row or 0)
    assert entry is not None, "a session that a provider's command opened names both"
    return entry


def _is_provider(session: HubSession, sender: PartyId) -> bool:
    provider = directory.current().party(sender)
    return provider is not None and session.provider_id == provider.id


def _no(result: str, words: str) -> canonical.CommandResponse:
    return canonical.CommandResponse(result=result, timeout=0, message=(canonical.DisplayText(language="en", text=words),))
