"""Money carries its currency, and its last cent has an owner.

Amounts of partners are kept as sent (Decimal, up to four decimals) and rounded once, half away from zero, to the exponent of
ISO 4217. The protocols leave rounding out of scope; this is our rule and it is the same everywhere.
"""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

import msgspec

from roaming.canonical.messages import Open

# ISO 4217 exponents that are not 2; every other currency has two decimals.
_EXPONENTS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


class CurrencyMismatch(ValueError):
    """Amounts of two currencies met in one sum."""


class Money(msgspec.Struct, frozen=True, order=False):
    """An exact amount of one currency, signed."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def rounded(self) -> "Money":
        """This function will round half away from zero to the currency's exponent."""
        return Money(round_money(self.amount, self.currency), self.currency)

    def allocate(self, weights: Sequence[Decimal | int]) -> list["Money"]:
        """This function will split the rounded amount by `weights` so that the parts sum to the whole (see `allocate`)."""
        return [Money(part, self.currency) for part in allocate(self.amount, weights, self.currency)]

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be added")

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


def exponent(currency: str) -> int:
    """This function will return the number of decimals of an ISO 4217 currency (JPY 0, EUR 2, KWD 3)."""
    return _EXPONENTS.get(currency, 2)


def round_money(amount: Decimal, currency: str) -> Decimal:
    """This function will round half away from zero to the currency's exponent: 2.345 EUR is 2.35, -2.345 is -2.35."""
    return amount.quantize(Decimal(1).scaleb(-exponent(currency)), rounding=ROUND_HALF_UP)


def allocate(amount: Decimal, weights: Sequence[Decimal | int], currency: str) -> list[Decimal]:
    """This function will split `round_money(amount)` in proportion to `weights` by largest remainder, ties to the earlier part.

    The sign is put back at the end, so a credit mirrors its original: 10.00 over three is 3.34, 3.33, 3.33 and -10.00 is
    -3.34, -3.33, -3.33. Weights are used by their absolute value; where all are zero the parts are equal.
    """
    if not weights:
        return []
    whole = round_money(amount, currency)
    unit = Decimal(1).scaleb(-exponent(currency))
    units = int(abs(whole) / unit)
    sizes = [abs(Decimal(weight)) for weight in weights]
    total = sum(sizes, Decimal(0))
    if total == 0:
        sizes, total = [Decimal(1)] * len(weights), Decimal(len(weights))
    exact = [units * size / total for size in sizes]
    floors = [int(part.to_integral_value(rounding=ROUND_FLOOR)) for part in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: (floors[index] - exact[index], index))
    for index in by_remainder[: units - sum(floors)]:
        floors[index] += 1
    sign = -1 if whole < 0 else 1
    return [sign * count * unit for count in floors]


class TaxAmount(Open, frozen=True, kw_only=True):
    """One named tax of a price (OCPI 2.3.0 TaxAmount)."""

    name: str
    amount: Decimal
    account_number: str | None = None
    percentage: Decimal | None = None


class Price(Open, frozen=True, kw_only=True):
    """A price before taxes and its taxes. `taxes` None means: not told, which is not the same as free of tax (ocpi §5.8)."""

    before_taxes: Decimal
    taxes: tuple[TaxAmount, ...] | None = None

    @property
    def after_taxes(self) -> Decimal | None:
        """The gross amount, or None where the taxes were not told."""
        if not self.taxes:
            return None
        return self.before_taxes + sum((tax.amount for tax in self.taxes), Decimal(0))


class PriceLimit(Open, frozen=True, kw_only=True):
    """A minimum or maximum of a tariff; both bounds hold independently (OCPI 2.3.0 PriceLimit)."""

    before_taxes: Decimal
    after_taxes: Decimal | None = None
