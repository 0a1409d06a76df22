"""Tariffs of OCPI operators as pricing products (oicp §6.10, direction ←): one dimension and one price, with its hours and fees. PURE."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from roaming import canonical
from roaming.protocols.oicp.v2_3.pricing import HOUR, KWH
from roaming.protocols.wire.loss import LossReport

_UNITS: Mapping[str, str] = {"ENERGY": KWH, "TIME": HOUR}
_FEES: Mapping[str, str] = {"FLAT": "START FEE", "PARKING_TIME": "PARKING FEE"}
_CLOCK = frozenset({"start_time", "end_time", "day_of_week"})
_ALL_DAY = {"begin": "00:00", "end": "24:00"}
_WORDLESS = ("tariff_alt_text", "tariff_alt_url", "energy_mix", "preauthorize_amount")


class NotSayable(Exception):
    """The tariff is no product: OICP has one price per product; the message says what it cannot say."""


def write_product(tariff: canonical.Tariff, *, power_kw: int, report: LossReport) -> dict[str, Any]:
    """This function will write a tariff as a product, before VAT; `power_kw` is the highest of the EVSEs it is for. Raises NotSayable."""
    if tariff.tax_included == "YES":
        raise NotSayable("prices with VAT: OICP's are without")
    if tariff.type == "AD_HOC_PAYMENT":
        raise NotSayable("a price for paying at the charger, not for roaming")
    base, times = _base(tariff)
    report.drop_unsaid(tariff, _WORDLESS)
    if any(part.vat for element in tariff.elements for part in element.price_components):
        report.dropped("elements[].price_components[].vat", base.vat)
    return {
        "ProductID": tariff.id,
        "ReferenceUnit": _UNITS[base.type],
        "ProductPriceCurrency": tariff.currency,
        "PricePerReferenceUnit": base.price,
        "MaximumProductChargingPower": power_kw,
        "IsValid24hours": not times,
        "ProductAvailabilityTimes": times or [{"Periods": [_ALL_DAY], "on": "Everyday"}],
        "AdditionalReferences": [*_fees(tariff), *_limits(tariff)],
    }


def is_in_force(tariff: canonical.Tariff, *, at: datetime) -> bool:
    """This function will say whether a tariff holds at that instant by its own dates; products have none."""
    return (tariff.start_date_time is None or tariff.start_date_time <= at) and (tariff.end_date_time is None or at < tariff.end_date_time)


def _base(tariff: canonical.Tariff) -> tuple[canonical.PriceComponent, list[dict[str, Any]]]:
    found: list[canonical.PriceComponent] = []
    times: list[dict[str, Any]] = []
    is_always = False
    for element in tariff.elements:
        told = _told(element)
        if told - _CLOCK:
            raise NotSayable(f"a price restricted by {', '.join(sorted(told - _CLOCK))}")
        own = [part for part in element.price_components if part.type in _UNITS and part.price]
        if told and not own:
            raise NotSayable("a fee that holds at some hours only")
        found += own
        if own and not told:
            is_always = True
        elif own and element.restrictions is not None:
            times += _availability(element.restrictions)
    if not found:
        raise NotSayable("no price for energy or time")
    if len({(part.type, part.price) for part in found}) > 1:
        raise NotSayable("more than one price for energy or time")
    if any(part.step_size > 1 for part in found):
        raise NotSayable(f"a step size of {max(part.step_size for part in found)}")
    return found[0], [] if is_always else times


def _told(element: canonical.TariffElement) -> set[str]:
    rules = element.restrictions
    if rules is None:
        return set()
    return {name for name in type(rules).__struct_fields__ if getattr(rules, name) not in (None, (), {})}


def _availability(rules: canonical.TariffRestrictions) -> list[dict[str, Any]]:
    days = [day.capitalize() for day in rules.day_of_week] or ["Everyday"]
    begin, end = rules.start_time or "00:00", rules.end_time or "24:00"
    end = "24:00" if end == "00:00" else end
    # OCPI lets an hour pass midnight (22:00 to 06:00); OICP's periods end with the day.
    periods = [{"begin": begin, "end": end}] if begin < end else [{"begin": "00:00", "end": end}, {"begin": begin, "end": "24:00"}]
    if begin >= end and days != ["Everyday"]:
        raise NotSayable("hours past midnight on some days only")
    return [{"Periods": periods, "on": day} for day in days]


def _fees(tariff: canonical.Tariff) -> list[dict[str, Any]]:
    fees: dict[str, Decimal] = {}
    for element in tariff.elements:
        for part in element.price_components:
            if part.type in _FEES and part.price and fees.setdefault(part.type, part.price) != part.price:
                raise NotSayable(f"more than one price for {part.type}")
    return [_reference(_FEES[kind], price) for kind, price in fees.items()]


def _limits(tariff: canonical.Tariff) -> list[dict[str, Any]]:
    limits: Sequence[tuple[str, canonical.PriceLimit | None]] = (("MINIMUM FEE", tariff.min_price), ("MAXIMUM FEE", tariff.max_price))
    return [_reference(name, limit.before_taxes) for name, limit in limits if limit is not None and limit.before_taxes is not None]


def _reference(name: str, price: Decimal) -> dict[str, Any]:
    return {"AdditionalReference": name, "AdditionalReferenceUnit": HOUR, "PricePerAdditionalReferenceUnit": price}
