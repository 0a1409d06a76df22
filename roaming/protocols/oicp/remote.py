"""Remote start, stop and reservation of an OICP provider: at an OICP operator as it came, at an OCPI operator held until its result."""

import threading
import time
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import msgspec
from django.conf import settings

from roaming import canonical
from roaming.commands.hold import Held, hand_over
from roaming.egress.blocking import send
from roaming.gateways import Declined, GatewayBroken, GatewayRefusal, GatewayTimedOut, egress_refusals
from roaming.locations.evse_queries import FoundEvse
from roaming.parties.directory import PartyEntry, PlatformEntry
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.bridge.commands import OF_RESPONSE, OF_RESULT, words_of
from roaming.protocols.oicp.client import REMOTE_DOOR, RESERVATION_DOOR, read_acknowledgement, remote_path, reservation_path, write_call
from roaming.protocols.oicp.compensation import undo_late_start
from roaming.protocols.oicp.crossing import make_token
from roaming.protocols.oicp.identifiers import evco_of
from roaming.sessions.hub_sessions import RESERVATION
from roaming.sessions.models import HubSession, Session

_DEFAULT_SECONDS = 25.0
_DEFAULT_MINUTES = 15
_LOOK_SECONDS = 0.2
# Requests that wait for a charge point: fewer than the process has threads, so that pushes and pulls always find one (oicp §10, no. 1).
_waiting = threading.BoundedSemaphore(getattr(settings, "OICP_WAITING_REQUESTS", 6))


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator did."""

    code: str
    additional: str | None = None
    operator_session_id: str | None = None


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks whom about which session."""

    session: HubSession
    provider: PartyEntry
    provider_platform: PlatformEntry
    operator: PartyEntry
    platform: PlatformEntry
    at: datetime


def seconds_to_wait() -> float:
    """This function will return for how long a request of a provider is held."""
    return float(getattr(settings, "OICP_REMOTE_SECONDS", _DEFAULT_SECONDS))


def start(way: Way, *, raw: dict[str, Any], contract_id: str, evse: FoundEvse | None, minutes: int | None) -> Outcome:
    """This function will start or reserve and return what became of it."""
    if not _waiting.acquire(timeout=2.0):
        return Outcome(code=statuses.NO_RESPONSE, additional="too many requests wait for charge points at the moment")
    try:
        if way.platform.protocol == "oicp":
            return _forward(way, raw=raw, verb="start")
        return _start_ocpi(way, contract_id=contract_id, evse=evse, minutes=minutes)
    finally:
        _waiting.release()


def stop(way: Way, *, raw: dict[str, Any]) -> Outcome:
    """This function will stop a session or a reservation and return what became of it."""
    if not _waiting.acquire(timeout=2.0):
        return Outcome(code=statuses.NO_RESPONSE, additional="too many requests wait for charge points at the moment")
    try:
        return _forward(way, raw=raw, verb="stop") if way.platform.protocol == "oicp" else _stop_ocpi(way)
    finally:
        _waiting.release()


def _forward(way: Way, *, raw: dict[str, Any], verb: str) -> Outcome:
    is_reservation = way.session.kind == RESERVATION
    door = RESERVATION_DOOR if is_reservation else REMOTE_DOOR
    if door not in way.platform.endpoints:
        return Outcome(code=statuses.NOT_AVAILABLE)
    path = (reservation_path if is_reservation else remote_path)(way.provider.key, verb)
    body = {**raw, "SessionID": way.session.session_id}
    if way.session.operator_session_id:
        body["CPOPartnerSessionID"] = way.session.operator_session_id
    call = write_call(platform=way.platform, door=door, path=path, body=body, purpose="command", seconds=seconds_to_wait())
    try:
        with egress_refusals():
            told = read_acknowledgement(send(call))
    except GatewayBroken as broken:
        return Outcome(code=statuses.PARTNER_SYSTEM_ERROR, additional=str(broken))
    except GatewayTimedOut as late:
        if verb == "start":
            undo_late_start(session=way.session, provider=way.provider.key, operator=way.operator)
        return Outcome(code=statuses.NO_RESPONSE, additional=str(late))
    except GatewayRefusal as refusal:
        return Outcome(code=statuses.NO_RESPONSE, additional=str(refusal))
    code = told.status.code if told.status.code != statuses.SUCCESS or told.result else statuses.PARTNER_SYSTEM_ERROR
    return Outcome(
        code=statuses.SUCCESS if told.result else code,
        additional=told.status.additional or told.status.description,
        operator_session_id=told.operator_session_id,
    )


def _start_ocpi(way: Way, *, contract_id: str, evse: FoundEvse | None, minutes: int | None) -> Outcome:
    if evse is None:
        return Outcome(code=statuses.UNKNOWN_EVSE)
    contract = evco_of(contract_id) or contract_id
    token = make_token(
        provider=way.provider.key,
        uid=contract,
        type="APP_USER",
        contract_id=contract,
        issuer=way.provider.name or str(way.provider.key),
        at=way.at,
    )
    command: canonical.Command
    if way.session.kind == RESERVATION:
        command = canonical.ReserveNow(
            token=token,
            expiry_date=way.at + timedelta(minutes=minutes or _DEFAULT_MINUTES),
            reservation_id=way.session.session_id,
            location_id=evse.location_id,
            evse_uid=evse.evse_uid,
            authorization_reference=way.session.session_id,
        )
    else:
        command = canonical.StartSession(
            token=token,
            location_id=evse.location_id,
            evse_uid=evse.evse_uid,
            authorization_reference=way.session.session_id,
        )
    return _hold(way, command, until=monotonic() + seconds_to_wait())


def _stop_ocpi(way: Way) -> Outcome:
    until = monotonic() + seconds_to_wait()
    if way.session.kind == RESERVATION:
        return _hold(way, canonical.CancelReservation(reservation_id=way.session.session_id), until=until)
    session_id = _wait_for_session(way, until=until)
    if session_id is None:
        return Outcome(code=statuses.SESSION_INVALID, additional="the operator has not told the session")
    return _hold(way, canonical.StopSession(session_id=session_id), until=until)


def _wait_for_session(way: Way, *, until: float) -> str | None:
    while True:
        found = (
            Session.objects.filter(owner_id=way.operator.id, authorization_reference__iexact=way.session.session_id)
            .order_by("-id")
            .values_list("session_id", flat=True)
            .first()
        )
        if found is not None or monotonic() >= until:
            return found
        time.sleep(_LOOK_SECONDS)


def _hold(way: Way, command: canonical.Command, *, until: float) -> Outcome:
    try:
        response, held = hand_over(
            command=command,
            sender=way.provider,
            sender_platform=way.provider_platform,
            operator=way.operator,
            platform=way.platform,
            correlation_id=way.session.session_id,
            deadline_seconds=max(until - monotonic(), 1.0),
            at=way.at,
        )
    except Declined as declined:
        return Outcome(code=statuses.PARTNER_SYSTEM_ERROR, additional=declined.message)
    except GatewayBroken as broken:
        return Outcome(code=statuses.PARTNER_SYSTEM_ERROR, additional=str(broken))
    except GatewayRefusal as refusal:
        return Outcome(code=statuses.NO_RESPONSE, additional=str(refusal))
    if response.result != "ACCEPTED":
        code = OF_RESPONSE.get(response.result, statuses.PARTNER_SYSTEM_ERROR)
        return Outcome(code=code, additional=words_of(response.message))
    return _result(held, until=until)


def _result(held: Held, *, until: float) -> Outcome:
    try:
        result = held.wait(until=until)
    except GatewayTimedOut as late:
        return Outcome(code=statuses.NO_RESPONSE, additional=str(late))
    return Outcome(code=OF_RESULT.get(result.result, statuses.EVSE_COMMUNICATION), additional=words_of(result.message))
