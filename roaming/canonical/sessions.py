"""A live, changing session (OCPI mod_sessions, 2.3.0 names)."""

from datetime import datetime
from decimal import Decimal

from roaming.canonical.cdrs import CdrToken
from roaming.canonical.identifiers import PartyId
from roaming.canonical.messages import Open
from roaming.canonical.money import Price
from roaming.canonical.periods import ChargingPeriod


class Session(Open, frozen=True, kw_only=True):
    """A session of an operator, energy in kWh so far."""

    country_code: str
    party_id: str
    id: str
    start_date_time: datetime
    kwh: Decimal
    cdr_token: CdrToken
    auth_method: str
    location_id: str
    evse_uid: str
    connector_id: str
    currency: str
    status: str
    last_updated: datetime
    end_date_time: datetime | None = None
    authorization_reference: str | None = None
    meter_id: str | None = None
    charging_periods: tuple[ChargingPeriod, ...] = ()
    total_cost: Price | None = None

    @property
    def owner(self) -> PartyId:
        """The operator at whose charge point the session runs."""
        return PartyId(self.country_code.upper(), self.party_id.upper())
