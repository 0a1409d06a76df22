"""What a simulated operator charges, computed by itself: a start fee, energy, and parking once the car takes no more power.

The hub prices the same record again with its own engine, so this arithmetic is deliberately its own. PURE.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

_FOUR = Decimal("0.0001")


@dataclass(frozen=True)
class Tariff:
    """One offer. Prices before VAT: per session, per kWh, per hour of parking (None: parking is free). VAT in percent."""

    id: str
    currency: str
    vat_percent: Decimal
    start_fee: Decimal
    energy_price: Decimal
    parking_price: Decimal | None
    valid_from: datetime
    text: str


@dataclass(frozen=True)
class Amount:
    """Money before and after VAT, four decimals."""

    net: Decimal
    gross: Decimal

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.net + other.net, self.gross + other.gross)

    def __neg__(self) -> "Amount":
        return Amount(-self.net, -self.gross)


@dataclass(frozen=True)
class Cost:
    """A session's price by component; the total is their sum."""

    fixed: Amount
    energy: Amount
    parking: Amount

    @property
    def total(self) -> Amount:
        """The sum of the components."""
        return self.fixed + self.energy + self.parking


def price(*, tariff: Tariff, energy_kwh: Decimal, parking_hours: Decimal) -> Cost:
    """This function will price one session: each component is rounded to four decimals, half away from zero."""
    return Cost(
        fixed=_amount(tariff.start_fee, tariff.vat_percent),
        energy=_amount(energy_kwh * tariff.energy_price, tariff.vat_percent),
        parking=_amount(parking_hours * (tariff.parking_price or Decimal(0)), tariff.vat_percent),
    )


def _amount(net: Decimal, vat_percent: Decimal) -> Amount:
    net = net.quantize(_FOUR, ROUND_HALF_UP)
    return Amount(net, (net * (1 + vat_percent / 100)).quantize(_FOUR, ROUND_HALF_UP))
