"""What control knows about a CDR: the sealed record, and what the hub had seen around it before."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from roaming import canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The card as its provider had told it to the hub."""

    valid: bool
    whitelist: str
    contract_id: str
    last_updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The session as the operator had told it."""

    status: str
    energy_kwh: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The location as the operator had told it: power in W of the named EVSE, or of its strongest where the EVSE is not known."""

    knows_evse: bool
    power_watts: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbor:
    """An earlier CDR of the same card that runs at the same time."""

    cdr: str
    evse_id: str
    started_at: datetime
    ended_at: datetime
    energy_kwh: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the pair pays, as far as a charge needs it."""

    id: int
    netting_set: int
    cycle: str
    hub_fee: Decimal
    hub_fee_payer: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One sealed CDR and everything the rules may look at. Rules are pure: they read this and nothing else."""

    id: int
    name: str  # CC-PID/ID, as people write it
    cdr: canonical.Cdr
    owner: int
    provider: int
    owner_key: canonical.PartyId
    provider_key: canonical.PartyId
    started_at: datetime
    ended_at: datetime
    received_at: datetime
    energy_kwh: Decimal
    currency: str
    net: Decimal
    vat: Decimal | None
    country: str
    is_credit: bool
    original: int | None
    original_net: Decimal | None
    terms: Terms | None
    seller_vat_id: str
    buyer_vat_id: str
    token: Token | None
    contract_holder: canonical.PartyId | None  # another known provider that the contract ID names by its prefix
    allowed: bool  # an ALLOWED answer or a remote start of the provider covers the start
    denied: bool  # the authorisation that the CDR refers to was answered otherwise than ALLOWED
    session: Session | None
    place: Place | None
    neighbor: Neighbor | None

    @property
    def seconds(self) -> float:
        """Length of the session."""
        return (self.ended_at - self.started_at).total_seconds()
