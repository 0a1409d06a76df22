"""Pricing products as canonical tariffs: what a session costs, and what an OCPI provider is shown (oicp §6.10)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from roaming import canonical
from roaming.protocols.oicp.v2_3.pricing import HOUR, KWH, MINUTE, Product

_DAYS: Mapping[str, tuple[str, ...]] = {
    "Everyday": (),
    "Workdays": ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"),
    "Weekend": ("SATURDAY", "SUNDAY"),
}
_PER_HOUR = {HOUR: Decimal(1), MINUTE: Decimal(60), KWH: Decimal(1)}


def write_tariff(product: Product, *, owner: canonical.PartyId, at: datetime) -> canonical.Tariff:
    """This function will write a product as a tariff: one base price, fees beside it, at the hours it holds."""
    base = _base(product)
    beside = _fees(product)
    restrictions = () if product.is_valid_24_hours else tuple(_restrictions(product))
    if restrictions:
        elements = tuple(canonical.TariffElement(price_components=(base,), restrictions=one) for one in restrictions)
        elements += (canonical.TariffElement(price_components=beside),) if beside else ()
    else:
        elements = (canonical.TariffElement(price_components=(base, *beside)),)
    limits = {reference.kind: reference.price for reference in product.additional}
    return canonical.Tariff(
        country_code=owner.country_code,
        party_id=owner.party_id,
        id=tariff_id_of(product.product_id),
        currency=product.currency,
        elements=elements,
        min_price=_limit(limits.get("MINIMUM FEE")),
        max_price=_limit(limits.get("MAXIMUM FEE")),
        last_updated=at,
    )


def tariff_id_of(product_id: str) -> str:
    """This function will return the id of the tariff that a product is in OCPI (36 characters at most)."""
    return product_id[:36]


def _base(product: Product) -> canonical.PriceComponent:
    if product.unit == KWH:
        return canonical.PriceComponent(type="ENERGY", price=product.price)
    return canonical.PriceComponent(type="TIME", price=product.price * _PER_HOUR[product.unit])


def _fees(product: Product) -> tuple[canonical.PriceComponent, ...]:
    flat = sum((fee.price for fee in product.additional if fee.kind in ("START FEE", "FIXED FEE")), Decimal(0))
    found = [canonical.PriceComponent(type="FLAT", price=flat)] if flat else []
    for fee in product.additional:
        if fee.kind == "PARKING FEE":
            found.append(canonical.PriceComponent(type="PARKING_TIME", price=fee.price * _PER_HOUR[fee.unit]))
            break
    return tuple(found)


def _restrictions(product: Product) -> list[canonical.TariffRestrictions]:
    return [
        canonical.TariffRestrictions(
            start_time=period.begin if period.begin != "00:00" or period.end not in ("24:00", "00:00") else None,
            end_time=("00:00" if period.end == "24:00" else period.end)
            if period.begin != "00:00" or period.end not in ("24:00", "00:00")
            else None,
            day_of_week=_DAYS.get(times.on, (times.on.upper(),)),
        )
        for times in product.availability
        for period in times.periods
    ]


def _limit(price: Decimal | None) -> canonical.PriceLimit | None:
    return None if price is None else canonical.PriceLimit(before_taxes=price)
