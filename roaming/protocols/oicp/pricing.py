"""What a charge at an OICP operator costs: its CDR has no price, the pushed products have (oicp §5.6, §6.9). Priced by the hub."""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from roaming import canonical
from roaming.parties.directory import PartyEntry
from roaming.protocols.oicp.bridge.tariffs import write_tariff
from roaming.protocols.oicp.v2_3.pricing import PRODUCT_SHAPE, Product
from roaming.protocols.wire.shapes import BadFields
from roaming.rating import NothingToRate, Rated, rate
from roaming.tariffs.pricing_data import find_product, find_products_of_evse

_TEN_THOUSANDTH = Decimal("0.0001")


class Priced(msgspec.Struct, frozen=True):
    """A price and where it came from; `tariff` None: no price was told, and the amount is zero."""

    total: canonical.Price
    parts: dict[str, canonical.Price]
    currency: str
    tariff: canonical.Tariff | None


def find_tariff(*, operator: PartyEntry, provider: PartyEntry, product_id: str, evse_key: str, at: datetime) -> canonical.Tariff | None:
    """This function will return the tariff in force at session start: of the product named, of the EVSE's first, else the default price."""
    names = [product_id] if product_id else []
    names += find_products_of_evse(owner=operator.id, provider=provider.id, evse_key=evse_key, at=at)
    for name in names:
        document = find_product(owner=operator.id, provider=provider.id, product_id=name, at=at)
        product = _read(document) if document else None
        if product is not None:
            return write_tariff(product, owner=operator.key, at=at)
    header = find_product(owner=operator.id, provider=provider.id, product_id="", at=at)
    if header is None or not Decimal(str(header.get("PricingDefaultPrice") or 0)):
        return None
    default = Product(
        product_id="DEFAULT",
        unit=header["PricingDefaultReferenceUnit"],
        currency=header["PricingDefaultPriceCurrency"],
        price=Decimal(str(header["PricingDefaultPrice"])),
    )
    return write_tariff(default, owner=operator.key, at=at)


def price(*, tariff: canonical.Tariff | None, periods: Sequence[canonical.ChargingPeriod], ends_at: datetime, zone: str) -> Priced:
    """This function will price charging periods by a tariff, exact to four decimals."""
    if tariff is None:
        return Priced(total=canonical.Price(before_taxes=Decimal(0)), parts={}, currency="EUR", tariff=None)
    try:
        rated: Rated = rate(periods=periods, tariffs=[tariff], ends_at=ends_at, zone=ZoneInfo(zone))
    except NothingToRate:
        return Priced(total=canonical.Price(before_taxes=Decimal(0)), parts={}, currency=tariff.currency, tariff=tariff)
    parts = {
        name: canonical.Price(before_taxes=_four(amount.before_taxes)) for name, amount in rated.components.items() if amount.before_taxes
    }
    total = canonical.Price(before_taxes=_four(rated.total.before_taxes or Decimal(0)))
    return Priced(total=total, parts=parts, currency=tariff.currency, tariff=tariff)


def _four(amount: Decimal) -> Decimal:
    return amount.quantize(_TEN_THOUSANDTH, rounding=ROUND_HALF_UP)


def _read(document: dict[str, Any]) -> Product | None:
    try:
        return PRODUCT_SHAPE.read(exact(document))
    except BadFields:
        return None


def exact(value: Any) -> Any:
    """This function will return plain JSON values of a column with their numbers as Decimal, as the shapes read them."""
    if type(value) is float:
        return Decimal(str(value))
    if type(value) is dict:
        return {name: exact(item) for name, item in value.items()}
    return [exact(item) for item in value] if type(value) is list else value
