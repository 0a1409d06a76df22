"""Tariffs of OCPI 2.2.1 (mod_tariffs §Object description and §Data types). Prices exclude tax: canonical `tax_included` stays empty."""

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, many, optional, required
from roaming.protocols.ocpi.kinds import CLOCK, COUNTRY_CODE, CURRENCY, DATE, INSTANT, PARTY_ID, URL, ci_string, integer, number, one_of
from roaming.protocols.ocpi.v2_2_1.locations import DISPLAY_TEXT, ENERGY_MIX
from roaming.protocols.ocpi.v2_2_1.prices import AMOUNT, PRICE_LIMIT

_DAY = one_of("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")

PRICE_COMPONENT = Shape(
    canonical.PriceComponent,
    required("type", one_of("ENERGY", "FLAT", "PARKING_TIME", "TIME")),
    required("price", AMOUNT),
    optional("vat", number(1000)),
    required("step_size", integer()),
)
TARIFF_RESTRICTIONS = Shape(
    canonical.TariffRestrictions,
    optional("start_time", CLOCK),
    optional("end_time", CLOCK),
    optional("start_date", DATE),
    optional("end_date", DATE),
    optional("min_kwh", number()),
    optional("max_kwh", number()),
    optional("min_current", number()),
    optional("max_current", number()),
    optional("min_power", number()),
    optional("max_power", number()),
    optional("min_duration", integer()),
    optional("max_duration", integer()),
    optional("day_of_week", many(_DAY)),
    optional("reservation", one_of("RESERVATION", "RESERVATION_EXPIRES")),
)
TARIFF_ELEMENT = Shape(
    canonical.TariffElement,
    required("price_components", many(PRICE_COMPONENT.kind, at_least=1)),
    optional("restrictions", TARIFF_RESTRICTIONS.kind),
)
TARIFF = Shape(
    canonical.Tariff,
    required("country_code", COUNTRY_CODE),
    required("party_id", PARTY_ID),
    required("id", ci_string(36)),
    required("currency", CURRENCY),
    optional("type", one_of("AD_HOC_PAYMENT", "PROFILE_CHEAP", "PROFILE_FAST", "PROFILE_GREEN", "REGULAR")),
    optional("tariff_alt_text", many(DISPLAY_TEXT.kind)),
    optional("tariff_alt_url", URL),
    optional("min_price", PRICE_LIMIT.kind),
    optional("max_price", PRICE_LIMIT.kind),
    required("elements", many(TARIFF_ELEMENT.kind, at_least=1)),
    optional("start_date_time", INSTANT),
    optional("end_date_time", INSTANT),
    optional("energy_mix", ENERGY_MIX.kind),
    required("last_updated", INSTANT),
)

read_tariff, write_tariff = TARIFF.read, TARIFF.write
