"""PURE. Round once, then give every part its share so that the parts sum to the whole (finance §2.5).

What a provider owes an operator is rounded once per currency and VAT group: the net amount half away from zero, the VAT as
rate × rounded net (EN 16931, BR-CO-17). Buckets and lines below the group never round for themselves; they share the rounded
amount by largest remainder.
"""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

from roaming import canonical


class Rounded(NamedTuple):
    """A VAT group after its one rounding."""

    net: Decimal
    vat: Decimal

    @property
    def gross(self) -> Decimal:
        """Net plus VAT."""
        return self.net + self.vat


def round_group(*, net: Decimal, vat_rate: Decimal, currency: str) -> Rounded:
    """This function will round the exact net sum of a VAT group, and take the VAT of the rounded sum at `vat_rate` percent."""
    base = canonical.round_money(net, currency)
    return Rounded(net=base, vat=canonical.round_money(base * vat_rate / 100, currency))


def spread(*, total: Decimal, parts: Sequence[Decimal], currency: str) -> list[Decimal]:
    """This function will return `parts` in minor units so that they sum to `total`, by largest remainder, ties to the earlier part.

    Parts may have both signs (a credit beside its original) and need not sum to `total` exactly. A negative total is spread as the
    mirror of its opposite: −10.00 over three equal parts is −3.34, −3.33, −3.33. `total` must be in minor units of `currency`.
    """
    if not parts:
        return []
    unit = Decimal(1).scaleb(-canonical.exponent(currency))
    sign = -1 if total < 0 else 1
    exact = [sign * part / unit for part in parts]
    units = [int(part.to_integral_value(rounding=ROUND_FLOOR)) for part in exact]
    missing = int(sign * total / unit) - sum(units)
    each, over = divmod(missing, len(parts))
    by_remainder = sorted(range(len(parts)), key=lambda index: (units[index] - exact[index], index))
    favored = set(by_remainder[:over])
    return [sign * (count + each + (index in favored)) * unit for index, count in enumerate(units)]
