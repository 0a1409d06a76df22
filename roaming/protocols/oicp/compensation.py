"""Undoing what an OICP operator may have started after nobody waited for its answer any more (oicp §6.6).

OICP answers in the same call: who does not answer in time may start all the same, and its session would be known to nobody. So it is
told to stop under the id that it was given. The outbox keeps that and tries it again, whatever becomes of the process that noticed,
until the operator acknowledges or the outbox gives up. An operator that never answers has no session at the hub: its CDR is
refused with 400.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from roaming.canonical import PartyId, Role
from roaming.deliveries.enqueue import enqueue
from roaming.egress.calls import Answer, Call
from roaming.gateways import GatewayBroken, Outcome, Parcel
from roaming.parties import directory
from roaming.parties.directory import PartyEntry
from roaming.protocols.oicp.client import REMOTE_DOOR, RESERVATION_DOOR, read_acknowledgement, remote_path, reservation_path, write_call
from roaming.protocols.oicp.identifiers import write_provider
from roaming.routing.sides import Side
from roaming.sessions.hub_sessions import RESERVATION, take_forgotten
from roaming.sessions.models import HubSession

_UNDO = "undo"
_SECONDS = 10.0
_FORGOTTEN = timedelta(minutes=3)  # no call to an operator takes half as long
_MOST_AT_ONCE = 500
_AGAIN = (429, 500, 502, 503, 504)


def undo_late_start(*, session: HubSession, provider: PartyId, operator: PartyEntry) -> None:
    """This function will have a start or a reservation stopped whose answer came too late to be believed; it does not wait."""
    enqueue(
        receivers=[operator],
        receiver_role=Role.CPO,
        module="commands",
        verb="post",
        object_type="session",
        object_row=session.id,
        payload={_UNDO: session.kind},
        sender=provider,
        correlation_id=session.session_id,
    )


def undo_forgotten_starts(*, at: datetime) -> int:
    """This function will undo the starts whose process ended while it waited, and return how many they were.

    An OCPI operator's late yes finds the session refused then, and is undone when it comes.
    """
    table = directory.current()
    with transaction.atomic():
        forgotten = take_forgotten(before=at - _FORGOTTEN, most=_MOST_AT_ONCE)
        for session in forgotten:
            operator, provider = table.party_by_row(session.operator_id), table.party_by_row(session.provider_id or 0)
            platform = table.platform_on_side(operator.key, Side.OPERATOR) if operator else None
            if operator is not None and provider is not None and platform is not None and platform.protocol == "oicp":
                undo_late_start(session=session, provider=provider.key, operator=operator)
    return len(forgotten)


def is_undoing(parcel: Parcel) -> bool:
    """This function will say whether a parcel tells an OICP operator to stop what started too late."""
    return _UNDO in (parcel.payload or {})


def write_undoing(parcel: Parcel) -> Call | None:
    """This function will write the stop; None where the session turned out to be wanted, or the operator has no such door any more."""
    session = HubSession.objects.filter(id=parcel.object_row).first()
    if session is None or session.state in (HubSession.State.OPEN, HubSession.State.CLOSED):
        return None
    is_reservation = session.kind == RESERVATION
    door = RESERVATION_DOOR if is_reservation else REMOTE_DOOR
    if door not in parcel.platform.endpoints:
        return None
    path = (reservation_path if is_reservation else remote_path)(parcel.sender, "stop")
    body: dict[str, Any] = {"SessionID": session.session_id, "ProviderID": write_provider(parcel.sender), "EvseID": session.evse_id}
    return write_call(platform=parcel.platform, door=door, path=path, body=body, purpose="command", seconds=_SECONDS)


def judge_undoing(answer: Answer) -> Outcome:
    """This function will say what the answer means: stopped, or no such session, both are an end."""
    if answer.status in _AGAIN:
        return Outcome("retry", f"HTTP {answer.status}")
    try:
        told = read_acknowledgement(answer)
    except GatewayBroken as garbage:
        return Outcome("retry", str(garbage)[:200])
    return Outcome("delivered", told.status.code)
