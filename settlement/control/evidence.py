"""What control knows about a CDR: the sealed record, and what the hub had seen around it before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from roaming import canonical
from settlement.control.catalogue import DEFAULTS, Limits
from settlement.control.context import Context
from settlement.control.reprice import Repriced
from settlement.control.signed import SignedVerdict


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
    started_at: datetime
    ended_at: datetime | None
    net: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The location as the operator had told it: power in W of the named EVSE, or of its strongest where the EVSE is not known.

    `connector_watts` is volts × amperes × phases of the named connector; the zone is as sent, which may be no IANA name.
    """

    knows_evse: bool
    power_watts: int | None
    connector_watts: int | None
    connector_standard: str
    connector_power_type: str
    evse_status: str
    evse_changed_at: datetime | None
    declares_signed_data: bool
    zone: str
    country: str
    latitude: float | None
    longitude: float | None
    is_public: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbor:
    """An earlier CDR of the same card that runs at the same time."""

    cdr: str
    evse_id: str
    started_at: datetime
    ended_at: datetime
    energy_kwh: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPrice:
    """The usual net price per kWh of a country and currency: the median of `cdrs` CDRs of the past month."""

    per_kwh: Decimal
    cdrs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the pair pays, as far as a charge needs it."""

    id: int
    netting_set: int
    cycle: str
    hub_fee: Decimal
    hub_fee_payer: str
    currency: str
    agreement: int = 0
    zone: str = "UTC"
    price_authority: str = "operator"
    pricing: Mapping[str, Any] = field(default_factory=dict)
    scope: Mapping[str, Any] = field(default_factory=dict)


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
    priced_by: str = "operator"
    context: Context | None = None
    repriced: Repriced | None = None
    signed: tuple[SignedVerdict, ...] = ()
    market: MarketPrice | None = None  # what a kWh costs where it was charged
    reused_in: str = ""  # another CDR with the same signed value
    limits: Limits = DEFAULTS

    @property
    def seconds(self) -> float:
        """Length of the session."""
        return (self.ended_at - self.started_at).total_seconds()

    @property
    def is_priced_by_hub(self) -> bool:
        """Whether the hub's own price is charged: it has authority, or the operator sent none although its tariff is not free."""
        if self.is_credit or self.repriced is None or self.repriced.net is None:
            return False
        return (self.terms is not None and self.terms.price_authority == "hub") or self.is_unpriced

    @property
    def is_unpriced(self) -> bool:
        """Check 78: energy for nothing, under a tariff that asks for something."""
        repriced = self.repriced
        return self.energy_kwh > 0 and self.net == 0 and repriced is not None and (repriced.net or 0) > 0 and not repriced.is_free

    @property
    def charged_net(self) -> Decimal:
        """The net amount that becomes a charge."""
        return self.repriced.net if self.is_priced_by_hub and self.repriced and self.repriced.net is not None else self.net

    @property
    def charged_vat(self) -> Decimal | None:
        """The VAT that belongs to `charged_net`; None where nobody told a rate."""
        return self.repriced.vat if self.is_priced_by_hub and self.repriced else self.vat
