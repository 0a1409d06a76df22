"""What the outbox sends to an OICP receiver. It is told CDRs and running sessions; everything else it pulls.

From OICP to OICP the bytes that came go on as they are: nothing of another partner's record is written anew (oicp §1.1).
"""

from decimal import Decimal
from typing import Any

from django.utils import timezone

from roaming import canonical
from roaming.cdrs.models import Cdr
from roaming.commands.hold import hand_over
from roaming.egress.calls import Answer, Call
from roaming.gateways import GatewayBroken, Outcome, Parcel, PlatformOffline
from roaming.locations.evse_queries import find_evse_of_location
from roaming.parties import directory
from roaming.protocols.oicp.bridge.cdrs import write_cdr
from roaming.protocols.oicp.bridge.crossings import TO_OICP, note_crossing
from roaming.protocols.oicp.bridge.places import in_zone, zone_of
from roaming.protocols.oicp.bridge.unsaid import note_session
from roaming.protocols.oicp.client import CDR_DOOR, NOTIFICATION_DOOR, NOTIFICATION_PATH, cdr_path, read_acknowledgement, write_call
from roaming.protocols.oicp.compensation import is_undoing, judge_undoing, write_undoing
from roaming.protocols.oicp.identifiers import write_operator
from roaming.protocols.oicp.v2_3.charge_detail_record import CHARGE_DETAIL_RECORD
from roaming.protocols.oicp.v2_3.kinds import moment_of
from roaming.protocols.oicp.v2_3.notifications import Notification, write_notification
from roaming.protocols.wire.loss import LossReport
from roaming.protocols.wire.shapes import encode
from roaming.routing.sides import Side
from roaming.sessions import hub_sessions
from roaming.sessions.models import HubSession, Session

_CDR_SECONDS = 15.0
_NOTIFICATION_SECONDS = 10.0
_STOP_SECONDS = 8.0
_SPACING_SECONDS = 300


class StopsTooEarly(PlatformOffline):
    """A late start must be undone, and the session to stop has not been told yet: the outbox tries again."""


def write_call_for(parcel: Parcel) -> Call | None:
    """This function will write what the receiver must hear now, or return None where it is told nothing."""
    if parcel.module == "cdrs":
        return _write_cdr(parcel)
    if parcel.module == "sessions":
        return _write_session(parcel)
    if is_undoing(parcel):
        return write_undoing(parcel)
    if parcel.module == "commands":
        _undo_late_start(parcel)
    return None


def judge(parcel: Parcel, answer: Answer) -> Outcome:
    """This function will say what the answer means: an acknowledgement either way is an end, everything else is tried again."""
    if is_undoing(parcel):
        return judge_undoing(answer)
    if answer.status in (429, 503):
        return Outcome("retry", f"HTTP {answer.status}")
    try:
        told = read_acknowledgement(answer)
    except GatewayBroken as garbage:
        return Outcome("rejected" if 400 <= answer.status < 500 else "retry", str(garbage)[:200])
    note = f"{told.status.code} {told.status.description or ''}".strip()[:200]
    return Outcome("delivered" if told.result else "rejected", note)


def oicp_bytes(*, protocol: str, received: bytes, body: bytes, receiver: canonical.PartyId | None = None) -> bytes | None:
    """This function will return a sealed CDR as OICP: as it came, or written from an OCPI one; None where it cannot be said.

    With `receiver` what is lost on the way is counted.
    """
    if protocol.startswith("oicp"):
        return received
    cdr, report = canonical.decode(body, canonical.Cdr), LossReport()
    record = write_cdr(cdr, zone=zone_of(owner=cdr.owner, location_id=cdr.cdr_location.id), report=report)
    if receiver is not None:
        note_crossing(
            report,
            owner=cdr.owner,
            receiver=receiver,
            module="cdrs",
            version=TO_OICP,
            object_id=cdr.id,
            at=timezone.now(),
            is_blocked=record is None,
        )
    return None if record is None else encode(CHARGE_DETAIL_RECORD.write(record))


def _write_cdr(parcel: Parcel) -> Call | None:
    row = Cdr.objects.filter(id=parcel.object_row).values_list("protocol", "received", "body").first()
    if row is None or CDR_DOOR not in parcel.platform.endpoints:
        return None
    content = oicp_bytes(protocol=row[0], received=bytes(row[1]), body=bytes(row[2]), receiver=parcel.receiver.key)
    if content is None:
        return None
    path = cdr_path(parcel.sender)
    return write_call(platform=parcel.platform, door=CDR_DOOR, path=path, body=content, purpose="push", seconds=_CDR_SECONDS)


def _write_session(parcel: Parcel) -> Call | None:
    row = Session.objects.filter(id=parcel.object_row).first()
    if row is None or NOTIFICATION_DOOR not in parcel.platform.endpoints:
        return None
    session = canonical.from_builtins(row.document, canonical.Session)
    notification = _notification(session)
    if notification is None:
        return None
    report = LossReport()
    note_session(session, report)
    note_crossing(
        report,
        owner=session.owner,
        receiver=parcel.receiver.key,
        module="sessions",
        version=TO_OICP,
        object_id=session.id,
        at=timezone.now(),
    )
    body = write_notification(notification)
    return write_call(
        platform=parcel.platform,
        door=NOTIFICATION_DOOR,
        path=NOTIFICATION_PATH,
        body=encode(body),
        purpose="push",
        seconds=_NOTIFICATION_SECONDS,
    )


def _notification(session: canonical.Session) -> Notification | None:
    """This function will write an OCPI session as the notification of its state: started, going on, ended (oicp §6.8)."""
    hub = hub_sessions.find_hub_session(session.authorization_reference or session.id)
    evse_id = _evse_id(session)
    if hub is None or evse_id is None or session.status in ("INVALID", "RESERVATION", "PENDING"):
        return None
    zone = zone_of(owner=session.owner, location_id=session.location_id)
    told: dict[str, Any] = {
        "session_id": hub.session_id,
        "evse_id": evse_id,
        "operator_id": write_operator(session.owner),
        "provider_session_id": hub.provider_session_id or None,
    }
    starts = moment_of(session.start_date_time, like=in_zone(session.start_date_time, zone))
    if session.status == "COMPLETED":
        at = session.end_date_time or session.last_updated
        ends = moment_of(at, like=in_zone(at, zone))
        return Notification(type="End", charging_start=starts, charging_end=ends, consumed_energy=_kwh(session.kwh), **told)
    now = session.last_updated
    if hub.progress_at is None:
        hub_sessions.note_progress(hub, at=now)
        return Notification(type="Start", charging_start=starts, **told)
    if (now - hub.progress_at).total_seconds() < _SPACING_SECONDS:
        return None
    hub_sessions.note_progress(hub, at=now)
    occurred = moment_of(now, like=in_zone(now, zone))
    return Notification(type="Progress", charging_start=starts, occurred=occurred, energy_so_far=_kwh(session.kwh), **told)


def _evse_id(session: canonical.Session) -> str | None:
    owner = directory.current().party(session.owner)
    found = find_evse_of_location(owner=owner.id, location_id=session.location_id, evse_uid=session.evse_uid) if owner else None
    return found.evse_id if found else None


def _kwh(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.001"))


def _undo_late_start(parcel: Parcel) -> None:
    """This function will stop a session that started after its provider was told that it did not, and cancel such a reservation.

    It raises StopsTooEarly until the operator has told the session (oicp §6.6).
    """
    payload = parcel.payload or {}
    command = payload.get("command")
    if command not in ("START_SESSION", "RESERVE_NOW") or payload.get("result", {}).get("result") != "ACCEPTED":
        return
    hub = HubSession.objects.filter(session_id=parcel.correlation_id.lower()).first()
    if hub is None or hub.state in (HubSession.State.OPEN, HubSession.State.CLOSED):
        return
    if hub.state == HubSession.State.ASKING:
        raise StopsTooEarly("whoever waits for this result has not taken it yet")
    undo = _undoing(hub, is_reservation=command == "RESERVE_NOW")
    if undo is None:
        return
    table = directory.current()
    operator = table.party_by_row(hub.operator_id)
    platform = table.platform_on_side(operator.key, Side.OPERATOR) if operator else None
    if operator is None or platform is None:
        return
    hand_over(
        command=undo,
        sender=parcel.receiver,
        sender_platform=parcel.platform,
        operator=operator,
        platform=platform,
        correlation_id="",
        deadline_seconds=_STOP_SECONDS,
        at=timezone.now(),
    )


def _undoing(hub: HubSession, *, is_reservation: bool) -> canonical.Command | None:
    if is_reservation:
        return canonical.CancelReservation(reservation_id=hub.session_id)
    row = Session.objects.filter(owner_id=hub.operator_id, authorization_reference=hub.session_id).order_by("-id").first()
    if row is None:
        raise StopsTooEarly("the session that started too late has not been told yet")
    return None if row.status in ("COMPLETED", "INVALID") else canonical.StopSession(session_id=row.session_id)
