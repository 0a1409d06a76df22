"""The billable record of one session (OCPI mod_cdrs, 2.3.0 names). Sealed on receipt; corrected only by a credit CDR."""

from datetime import datetime
from decimal import Decimal

from roaming.canonical.identifiers import PartyId
from roaming.canonical.locations import GeoLocation
from roaming.canonical.messages import Open
from roaming.canonical.money import Price
from roaming.canonical.periods import ChargingPeriod
from roaming.canonical.tariffs import Tariff


class CdrToken(Open, frozen=True, kw_only=True):
    """The token that charged, with its provider."""

    country_code: str
    party_id: str
    uid: str
    type: str
    contract_id: str

    @property
    def owner(self) -> PartyId:
        """The provider that issued the token."""
        return PartyId(self.country_code.upper(), self.party_id.upper())


class CdrLocation(Open, frozen=True, kw_only=True):
    """Where it was, flat: one location, one EVSE, one connector, as they were at the start."""

    id: str
    address: str
    city: str
    country: str
    coordinates: GeoLocation
    evse_uid: str
    evse_id: str
    connector_id: str
    connector_standard: str
    connector_format: str
    connector_power_type: str
    name: str | None = None
    postal_code: str | None = None
    state: str | None = None


class SignedValue(Open, frozen=True, kw_only=True):
    """One signed meter reading, byte-exact."""

    nature: str
    plain_data: str
    signed_data: str


class SignedData(Open, frozen=True, kw_only=True):
    """Signed meter data, relayed byte-exact (Eichrecht)."""

    encoding_method: str
    signed_values: tuple[SignedValue, ...]
    encoding_method_version: int | None = None
    public_key: str | None = None
    url: str | None = None


class Cdr(Open, frozen=True, kw_only=True):
    """A finished session, priced by the operator. Energy in kWh, times in hours. A credit CDR negates `total_cost` only."""

    country_code: str
    party_id: str
    id: str
    start_date_time: datetime
    end_date_time: datetime
    cdr_token: CdrToken
    auth_method: str
    cdr_location: CdrLocation
    currency: str
    charging_periods: tuple[ChargingPeriod, ...]
    total_cost: Price
    total_energy: Decimal
    total_time: Decimal
    last_updated: datetime
    session_id: str | None = None
    authorization_reference: str | None = None
    meter_id: str | None = None
    tariffs: tuple[Tariff, ...] = ()
    signed_data: SignedData | None = None
    total_fixed_cost: Price | None = None
    total_energy_cost: Price | None = None
    total_time_cost: Price | None = None
    total_parking_time: Decimal | None = None
    total_parking_cost: Price | None = None
    total_reservation_cost: Price | None = None
    remark: str | None = None
    invoice_reference_id: str | None = None
    credit: bool | None = None
    credit_reference_id: str | None = None
    home_charging_compensation: bool | None = None
    booking_id: str | None = None

    @property
    def owner(self) -> PartyId:
        """The operator that wrote the record."""
        return PartyId(self.country_code.upper(), self.party_id.upper())
