"""Which operator is a command for? The one addressed, else the one that owns the location, the session or the reservation (ocpi §2.4)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from roaming import canonical
from roaming.gateways import NoRoute
from roaming.locations.queries import find_owners_of
from roaming.parties.directory import Directory, PartyEntry

# Asked by SQL: the slice of sessions stands below this one.
SESSION_OPERATORS = """
SELECT s.owner_id, s.provider_id FROM roaming_session s WHERE s.session_key = %s AND s.owner_id = ANY(%s)
"""

RESERVATION_OPERATOR = """
SELECT receiver_id FROM roaming_forwardedcommand
WHERE sender_id = %s AND subject = %s AND command = 'RESERVE_NOW' ORDER BY created_at DESC LIMIT 1
"""

Order = canonical.Command | canonical.ProfileRequest

NAMES: dict[type[Order], str] = {
    canonical.StartSession: "START_SESSION",
    canonical.StopSession: "STOP_SESSION",
    canonical.ReserveNow: "RESERVE_NOW",
    canonical.CancelReservation: "CANCEL_RESERVATION",
    canonical.UnlockConnector: "UNLOCK_CONNECTOR",
    canonical.GetActiveChargingProfile: "GET_CHARGING_PROFILE",
    canonical.SetChargingProfile: "SET_CHARGING_PROFILE",
    canonical.ClearChargingProfile: "CLEAR_CHARGING_PROFILE",
}


class UnknownLocation(Exception):
    """No operator that the provider may roam with has a location of that id (OCPI 2003)."""


class UnknownSubject(Exception):
    """The provider has no session or reservation of that id."""


class AmbiguousReceiver(Exception):
    """Two operators use the id: the request must name its receiver."""


def module_of(command: Order) -> str:
    """This function will return the module that an order belongs to."""
    return "chargingprofiles" if isinstance(command, canonical.ProfileRequest) else "commands"


def subject_of(command: Order) -> str:
    """This function will return the id of the session or reservation that a command is about, or nothing.

    Of a charging profile it is the session's key: pushes of the operator find it again in whatever letter case.
    """
    match command:
        case (
            canonical.GetActiveChargingProfile(session_id=subject)
            | canonical.SetChargingProfile(session_id=subject)
            | canonical.ClearChargingProfile(session_id=subject)
        ):
            return subject.upper()
        case canonical.StopSession(session_id=subject):
            return subject
        case canonical.ReserveNow(reservation_id=subject) | canonical.CancelReservation(reservation_id=subject):
            return subject
        case _:
            return ""


def facts_of(command: Order) -> dict[str, str]:
    """This function will return by what a session is found to have begun with a command: its driver, its place, its reference."""
    token = command.token if isinstance(command, canonical.StartSession | canonical.ReserveNow) else None
    return {
        "token_uid": token.uid if token else "",
        "token_type": token.type if token else "",
        "contract_id": token.contract_id if token else "",
        "location_id": getattr(command, "location_id", ""),
        "reference": getattr(command, "authorization_reference", None) or "",
    }


def find_receiver(
    *, command: Order, sender: canonical.PartyId, receiver: canonical.PartyId | None, directory: Directory, at: datetime
) -> PartyEntry:
    """This function will find the operator; `receiver` None or the hub means that nobody was addressed.

    It raises NoRoute, UnknownLocation, UnknownSubject and AmbiguousReceiver.
    """
    provider = directory.party(sender)
    if provider is None:
        raise NoRoute(f"{sender} is not a party of this hub")
    module = module_of(command)
    partners = directory.partners_of(sender, canonical.Role.EMSP, module=module, on=at.date())
    addressed = receiver if receiver != directory.hub.key else None
    if addressed is not None:
        partners = [partner for partner in partners if partner.key == addressed]
        if not partners:
            raise NoRoute(f"no agreement covers {module} between {addressed} and {sender}")
    match command:
        case (
            canonical.StopSession(session_id=session_id)
            | canonical.GetActiveChargingProfile(session_id=session_id)
            | canonical.SetChargingProfile(session_id=session_id)
            | canonical.ClearChargingProfile(session_id=session_id)
        ):
            found = _operators_of_session(provider, session_id, partners, is_addressed=addressed is not None)
        case canonical.CancelReservation(reservation_id=reservation_id):
            found = partners if addressed is not None else _operators_of_reservation(provider, reservation_id, partners)
        case _:
            found = partners if addressed is not None else _operators_of_location(sender, command.location_id, partners, at)
    if len(found) > 1:
        raise AmbiguousReceiver("OCPI-to-country-code, OCPI-to-party-id: more than one operator uses this id")
    return found[0]


def _operators_of_session(
    provider: PartyEntry, session_id: str, partners: Sequence[PartyEntry], *, is_addressed: bool
) -> Sequence[PartyEntry]:
    with connection.cursor() as cursor:
        cursor.execute(SESSION_OPERATORS, [session_id.upper(), [partner.id for partner in partners]])
        rows = cursor.fetchall()
    own = {operator for operator, owner in rows if owner == provider.id}
    # A smart charging provider has no drivers of its own: its agreement with the operator is what lets it steer their sessions
    # (OCPI 2.2.1, mod_charging_profiles §Smart Charging Topologies).
    if is_addressed and canonical.Role.SCSP in provider.roles:
        return partners
    # An operator that is addressed may know a session that the hub does not. One that the hub knows as another provider's is not
    # stopped, and the answer tells it from a missing one in no way.
    if is_addressed and not rows:
        return partners
    if not own:
        raise UnknownSubject("session_id: the provider has no such session")
    return [partner for partner in partners if partner.id in own]


def _operators_of_reservation(provider: PartyEntry, reservation_id: str, partners: Sequence[PartyEntry]) -> Sequence[PartyEntry]:
    with connection.cursor() as cursor:
        cursor.execute(RESERVATION_OPERATOR, [provider.id, reservation_id])
        row = cursor.fetchone()
    found = [partner for partner in partners if row is not None and partner.id == row[0]]
    if not found:
        raise UnknownSubject("reservation_id: the provider has no such reservation")
    return found


def _operators_of_location(
    sender: canonical.PartyId, location_id: str, partners: Sequence[PartyEntry], at: datetime
) -> Sequence[PartyEntry]:
    owners = find_owners_of(location_id=location_id, viewer=sender, at=at)
    found = [partner for partner in partners if partner.key in owners]
    if not found:
        raise UnknownLocation("location_id: no operator has such a location")
    return found
