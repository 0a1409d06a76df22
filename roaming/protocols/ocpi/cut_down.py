"""Reads what is needed to price a CDR, from a CDR of any OCPI version, whole or cut down to its periods and tariffs.

For people and scripts that ask "what should this have cost?": nothing here enters the ledger, so nothing is demanded but what
the price depends on. Names of all versions are understood side by side (`stop_date_time`, `excl_vat`, `before_taxes`).
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, many, optional, required
from roaming.protocols.ocpi.kinds import CLOCK, CURRENCY, DATE, INSTANT, Kind, integer, number, one_of, string

_NAME = string(255)
_LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
# 2.1.1 prints `price` of its own sample as a text, and so do some stacks.
_NUMBER = Kind(lambda value: number().read(Decimal(value) if type(value) is str and value.replace(".", "", 1).isdigit() else value))


class Priceable(msgspec.Struct, frozen=True, kw_only=True):
    """What the price of a session depends on. `time_zone` and `country` (alpha-2 or alpha-3) as the location says, where it does."""

    periods: tuple[canonical.ChargingPeriod, ...]
    tariffs: tuple[canonical.Tariff, ...]
    ends_at: datetime | None
    time_zone: str | None
    country: str | None


def _build_limit(
    *,
    before_taxes: Decimal | None = None,
    excl_vat: Decimal | None = None,
    after_taxes: Decimal | None = None,
    incl_vat: Decimal | None = None,
    **_: Any,
) -> canonical.PriceLimit:
    before = before_taxes if before_taxes is not None else excl_vat
    after = after_taxes if after_taxes is not None else incl_vat
    return canonical.PriceLimit(before_taxes=before if before is not None else Decimal(0), after_taxes=after)


def _build_tariff(**values: Any) -> canonical.Tariff:
    stand_ins: dict[str, Any] = {"country_code": "ZZ", "party_id": "ZZZ", "id": "tariff", "currency": "EUR", "last_updated": _LONG_AGO}
    return canonical.Tariff(**(stand_ins | values))


_LIMIT = Shape(
    canonical.PriceLimit,
    optional("before_taxes", _NUMBER),
    optional("excl_vat", _NUMBER),
    optional("after_taxes", _NUMBER),
    optional("incl_vat", _NUMBER),
    build=_build_limit,
)
_COMPONENT = Shape(
    canonical.PriceComponent,
    required("type", one_of("ENERGY", "FLAT", "PARKING_TIME", "TIME")),
    required("price", _NUMBER),
    optional("vat", _NUMBER),
    optional("step_size", integer()),
)
_RESTRICTIONS = Shape(
    canonical.TariffRestrictions,
    *(optional(name, CLOCK) for name in ("start_time", "end_time")),
    *(optional(name, DATE) for name in ("start_date", "end_date")),
    *(optional(f"{bound}_{what}", _NUMBER) for what in ("kwh", "current", "power") for bound in ("min", "max")),
    *(optional(f"{bound}_duration", integer()) for bound in ("min", "max")),
    optional("day_of_week", many(_NAME)),
    optional("reservation", _NAME),
    optional("booking", _NAME),
)
_ELEMENT = Shape(
    canonical.TariffElement,
    required("price_components", many(_COMPONENT.kind, at_least=1)),
    optional("restrictions", _RESTRICTIONS.kind),
)
TARIFF = Shape(
    canonical.Tariff,
    optional("id", _NAME),
    optional("currency", CURRENCY),
    optional("tax_included", one_of("YES", "NO", "N/A")),
    optional("min_price", _LIMIT.kind),
    optional("max_price", _LIMIT.kind),
    required("elements", many(_ELEMENT.kind, at_least=1)),
    build=_build_tariff,
)
_DIMENSION = Shape(canonical.Dimension, required("type", _NAME), required("volume", _NUMBER))
_PERIOD = Shape(
    canonical.ChargingPeriod,
    required("start_date_time", INSTANT),
    required("dimensions", many(_DIMENSION.kind)),
    optional("tariff_id", _NAME),
)


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    time_zone: str | None = None
    country: str | None = None
    extensions: dict[str, Any] = {}


def _build_priceable(
    *,
    periods: tuple[canonical.ChargingPeriod, ...],
    tariffs: tuple[canonical.Tariff, ...] = (),
    end_date_time: datetime | None = None,
    stop_date_time: datetime | None = None,
    cdr_location: _Place | None = None,
    location: _Place | None = None,
    **_: Any,
) -> Priceable:
    place = cdr_location or location or _Place()
    return Priceable(
        periods=periods, tariffs=tariffs, ends_at=end_date_time or stop_date_time, time_zone=place.time_zone, country=place.country
    )


_PLACE = Shape(_Place, optional("time_zone", _NAME), optional("country", _NAME))
_PRICEABLE = Shape(
    Priceable,
    required("charging_periods", many(_PERIOD.kind, at_least=1), as_="periods"),
    optional("tariffs", many(TARIFF.kind)),
    optional("end_date_time", INSTANT),
    optional("stop_date_time", INSTANT),
    optional("cdr_location", _PLACE.kind),
    optional("location", _PLACE.kind),
    build=_build_priceable,
)


def read_priceable(body: Any) -> Priceable:
    """This function will read the periods, tariffs, end and place of a CDR; it raises BadFields that names every bad field."""
    return _PRICEABLE.read(body)


def read_tariffs(body: Any) -> tuple[canonical.Tariff, ...]:
    """This function will read one tariff, or a list of them; it raises BadFields that names every bad field."""
    return tuple(TARIFF.read(item) for item in (body if isinstance(body, list) else [body]))
