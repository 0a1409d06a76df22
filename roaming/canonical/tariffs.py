"""The offer: a tariff and its price components (OCPI mod_tariffs, 2.3.0 names)."""

from datetime import datetime
from decimal import Decimal

from roaming.canonical.identifiers import PartyId
from roaming.canonical.locations import DisplayText, EnergyMix
from roaming.canonical.messages import Open
from roaming.canonical.money import PriceLimit


class PriceComponent(Open, frozen=True, kw_only=True):
    """One price: ENERGY per kWh, TIME and PARKING_TIME per hour, FLAT once; step_size in Wh or seconds. `vat` None is unknown, not 0."""

    type: str
    price: Decimal
    step_size: int = 1
    vat: Decimal | None = None


class TariffRestrictions(Open, frozen=True, kw_only=True):
    """When an element applies: local clock and dates, kWh, A, kW and seconds; min inclusive, max exclusive."""

    start_time: str | None = None
    end_time: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_duration: int | None = None
    max_duration: int | None = None
    day_of_week: tuple[str, ...] = ()
    reservation: str | None = None
    booking: str | None = None


class TariffElement(Open, frozen=True, kw_only=True):
    """Price components under one set of restrictions."""

    price_components: tuple[PriceComponent, ...]
    restrictions: TariffRestrictions | None = None


class Tariff(Open, frozen=True, kw_only=True):
    """An operator's offer. `tax_included` None means prices exclude tax as in 2.1.1 and 2.2.1 (2.3.0: YES, NO, N/A)."""

    country_code: str
    party_id: str
    id: str
    currency: str
    elements: tuple[TariffElement, ...]
    last_updated: datetime
    type: str | None = None
    tax_included: str | None = None
    tariff_alt_text: tuple[DisplayText, ...] = ()
    tariff_alt_url: str | None = None
    min_price: PriceLimit | None = None
    max_price: PriceLimit | None = None
    preauthorize_amount: Decimal | None = None
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None
    energy_mix: EnergyMix | None = None

    @property
    def owner(self) -> PartyId:
        """The operator whose offer this is."""
        return PartyId(self.country_code.upper(), self.party_id.upper())
