"""What rating answers: amounts before and after taxes, by component, with findings and a trace for people."""

from decimal import Decimal

import msgspec


class Amount(msgspec.Struct, frozen=True):
    """An amount before and after taxes. `before_taxes` None: the price includes a tax whose rate was not told; `after_taxes` likewise."""

    before_taxes: Decimal | None
    after_taxes: Decimal | None

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(_sum(self.before_taxes, other.before_taxes), _sum(self.after_taxes, other.after_taxes))


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


ZERO = Amount(Decimal(0), Decimal(0))


class Finding(msgspec.Struct, frozen=True):
    """Something that made the price ambiguous or surprising, with a stable code."""

    code: str
    message: str


class TraceLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the bill: `volume` in `unit` (kWh, h, once) at `price`, of `element` (from 1); a step's surplus has its own line."""

    dimension: str
    component: str
    tariff_id: str
    element: int
    volume: Decimal
    unit: str
    price: Decimal
    vat: Decimal | None
    amount: Amount
    is_step: bool = False
    text: str = ""


class Rated(msgspec.Struct, frozen=True, kw_only=True):
    """The price of a session by energy, time, parking, fixed and reservation; after a minimum or maximum they need not add up."""

    total: Amount
    components: dict[str, Amount]
    trace: tuple[TraceLine, ...]
    findings: tuple[Finding, ...]
    currency: str
