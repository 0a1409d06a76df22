"""What a provider asks an operator to do, and the two answers: at once, and later (OCPI mod_commands)."""

from datetime import datetime

from roaming.canonical.locations import DisplayText
from roaming.canonical.messages import Open
from roaming.canonical.tokens import Token


class StartSession(Open, frozen=True, kw_only=True):
    """Start charging for this token."""

    token: Token
    location_id: str
    evse_uid: str | None = None
    connector_id: str | None = None
    authorization_reference: str | None = None


class StopSession(Open, frozen=True, kw_only=True):
    """Stop that session."""

    session_id: str


class ReserveNow(Open, frozen=True, kw_only=True):
    """Hold an EVSE for this token until `expiry_date`."""

    token: Token
    expiry_date: datetime
    reservation_id: str
    location_id: str
    evse_uid: str | None = None
    authorization_reference: str | None = None


class CancelReservation(Open, frozen=True, kw_only=True):
    """Let a reservation go."""

    reservation_id: str


class UnlockConnector(Open, frozen=True, kw_only=True):
    """Free a stuck plug (help desk only)."""

    location_id: str
    evse_uid: str
    connector_id: str


Command = StartSession | StopSession | ReserveNow | CancelReservation | UnlockConnector


class CommandResponse(Open, frozen=True, kw_only=True):
    """The operator's answer at once; `timeout` in seconds until the result must have come."""

    result: str
    timeout: int
    message: tuple[DisplayText, ...] = ()


class CommandResult(Open, frozen=True, kw_only=True):
    """What the charge point did."""

    result: str
    message: tuple[DisplayText, ...] = ()
