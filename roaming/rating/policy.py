"""Where the specification leaves a choice, the choice is declared here and versioned by the agreement that uses it."""

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from enum import StrEnum

import msgspec


class Rounding(msgspec.Struct, frozen=True):
    """How amounts are rounded: `scale` decimals, `mode` half_up, half_even or up, at each `component` or at the `total` only."""

    scale: int
    mode: str = "half_up"
    place: str = "total"

    def apply(self, amount: Decimal) -> Decimal:
        """This function will round one amount."""
        modes = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "up": ROUND_CEILING}
        return amount.quantize(Decimal(1).scaleb(-self.scale), rounding=modes[self.mode])


class FlatFee(StrEnum):
    """How often a start fee is charged (ocpi §7.1 no. 5: the specification never says)."""

    ONCE = "once"
    EACH_ELEMENT = "each_element"


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The declared choices of one agreement. The defaults are the house's reading of the specification."""

    step_size: bool = True
    flat_fee: FlatFee = FlatFee.ONCE
    rounding: Rounding | None = None
    # Volumes carry four decimals of an hour: 40 minutes arrive as 0.6667 h = 2400.12 s. Half a second is less than that error
    # can ever add up to in a bill, and more than the error itself (ocpi §7.2, precision trap).
    time_epsilon_seconds: Decimal = Decimal("0.5")
    energy_epsilon_wh: Decimal = Decimal("0.05")
