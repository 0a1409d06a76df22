"""Prices of OCPI 2.2.1: net and gross, where the canonical language has a net amount and named taxes (2.3.0)."""

from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, optional, required
from roaming.protocols.ocpi.kinds import number

# Amounts below a thousand million: what the ledger's columns hold.
AMOUNT = number(10**9)

# Amounts that were floating-point numbers somewhere have up to 30 decimals; the difference must not be rounded.
_EXACT = Context(prec=60)


def _read_price(*, before_taxes: Decimal, incl_vat: Decimal | None = None, extensions: dict[str, Any] | None = None) -> canonical.Price:
    # incl_vat absent: the tax is not told, which is not the same as none. Equal to excl_vat: told to be nothing, kept as a 0 entry.
    taxes = None if incl_vat is None else (canonical.TaxAmount(name="VAT", amount=_EXACT.subtract(incl_vat, before_taxes)),)
    return canonical.Price(before_taxes=before_taxes, taxes=taxes, extensions=extensions or {})


def _take_price(price: canonical.Price) -> Mapping[str, Any]:
    return {"before_taxes": price.before_taxes, "incl_vat": price.after_taxes}


PRICE = Shape(
    canonical.Price,
    required("excl_vat", AMOUNT, as_="before_taxes"),
    optional("incl_vat", AMOUNT),
    build=_read_price,
    take=_take_price,
)
PRICE_LIMIT = Shape(
    canonical.PriceLimit,
    required("excl_vat", AMOUNT, as_="before_taxes"),
    optional("incl_vat", AMOUNT, as_="after_taxes"),
)

read_price, write_price = PRICE.read, PRICE.write
