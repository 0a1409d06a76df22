"""May this token charge here? The question of an operator and the answer of a provider."""

from datetime import datetime
from enum import StrEnum

from roaming.canonical.identifiers import PartyId
from roaming.canonical.locations import DisplayText
from roaming.canonical.messages import Open
from roaming.canonical.tokens import Token


class Allowed(StrEnum):
    """The provider's decision (OCPI mod_tokens, AllowedType)."""

    ALLOWED = "ALLOWED"
    BLOCKED = "BLOCKED"
    EXPIRED = "EXPIRED"
    NO_CREDIT = "NO_CREDIT"
    NOT_ALLOWED = "NOT_ALLOWED"


class LocationReferences(Open, frozen=True, kw_only=True):
    """Where the driver stands: a location and, where known, its EVSEs."""

    location_id: str
    evse_uids: tuple[str, ...] = ()
    connector_ids: tuple[str, ...] = ()


class AuthorizationRequest(Open, frozen=True, kw_only=True):
    """An operator asks whether a token may charge."""

    operator: PartyId
    token_uid: str
    token_type: str = "RFID"  # noqa: S105  (a kind of card, no secret)
    contract_id: str | None = None
    location: LocationReferences | None = None
    receiver: PartyId | None = None
    correlation_id: str = ""


class AuthorizationDecision(Open, frozen=True, kw_only=True):
    """What the provider said. `reference` (authorization_reference) returns in the session and the CDR."""

    allowed: Allowed
    provider: PartyId
    token: Token | None = None
    location: LocationReferences | None = None
    reference: str | None = None
    info: DisplayText | None = None
    decided_at: datetime | None = None
