"""Tariffs of OCPI 2.1.1 (mod_tariffs): prices without tax, no limits, no reservation; see `losses` for what may not be sent."""

from typing import Any

import msgspec

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, many, optional, required
from roaming.protocols.ocpi.kinds import CLOCK, CURRENCY, DATE, INSTANT, URL, ci_string, integer, number, one_of
from roaming.protocols.ocpi.v2_1_1.locations import DISPLAY_TEXT, ENERGY_MIX, NOBODY

_DAY = one_of("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_PRICE = number(10**9)

_COMPONENT = Shape(
    canonical.PriceComponent,
    required("type", one_of("ENERGY", "FLAT", "PARKING_TIME", "TIME")),
    required("price", _PRICE),
    required("step_size", integer()),
)
_RESTRICTIONS = Shape(
    canonical.TariffRestrictions,
    optional("start_time", CLOCK),
    optional("end_time", CLOCK),
    optional("start_date", DATE),
    optional("end_date", DATE),
    optional("min_kwh", number()),
    optional("max_kwh", number()),
    optional("min_power", number()),
    optional("max_power", number()),
    optional("min_duration", integer()),
    optional("max_duration", integer()),
    optional("day_of_week", many(_DAY)),
)
_ELEMENT = Shape(
    canonical.TariffElement,
    required("price_components", many(_COMPONENT.kind, at_least=1)),
    optional("restrictions", _RESTRICTIONS.kind),
)


def _build_tariff(**values: Any) -> canonical.Tariff:
    return canonical.Tariff(**({"country_code": NOBODY[0], "party_id": NOBODY[1]} | values))


TARIFF = Shape(
    canonical.Tariff,
    required("id", ci_string(36)),
    required("currency", CURRENCY),
    optional("tariff_alt_text", many(DISPLAY_TEXT.kind)),
    optional("tariff_alt_url", URL),
    required("elements", many(_ELEMENT.kind, at_least=1)),
    optional("energy_mix", ENERGY_MIX.kind),
    required("last_updated", INSTANT),
    build=_build_tariff,
)

write_tariff, read_tariff_patch = TARIFF.write, TARIFF.read_patch


def read_tariff(body: Any, *, owner: canonical.PartyId) -> canonical.Tariff:
    """This function will read a tariff and put its operator in, whom the URL or the connection names; it raises BadFields."""
    return msgspec.structs.replace(TARIFF.read(body), country_code=owner.country_code, party_id=owner.party_id)
