"""Prices of OCPI 2.3.0: a net amount and named taxes (types §Price, §TaxAmount, §PriceLimit)."""

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, many, optional, required
from roaming.protocols.ocpi.kinds import number, string
from roaming.protocols.ocpi.v2_2_1.prices import AMOUNT

TAX_AMOUNT = Shape(
    canonical.TaxAmount,
    required("name", string(255)),
    optional("account_number", string(255)),
    optional("percentage", number(1000)),
    required("amount", AMOUNT),
)


def _build_price(**values: object) -> canonical.Price:
    # An empty list tells as little as an absent one; both mean that the taxes are not told (ocpi §5.8).
    values["taxes"] = values.get("taxes") or None
    return canonical.Price(**values)  # type: ignore[arg-type]


PRICE = Shape(
    canonical.Price,
    required("before_taxes", AMOUNT),
    optional("taxes", many(TAX_AMOUNT.kind)),
    build=_build_price,
)
PRICE_LIMIT = Shape(canonical.PriceLimit, required("before_taxes", AMOUNT), optional("after_taxes", AMOUNT))

read_price, write_price = PRICE.read, PRICE.write
