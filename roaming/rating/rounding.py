"""step_size: energy once per session, time once for charging and parking together (OCPI 2.2.1, mod_tariffs §step_size; ocpi §7.2)."""

from decimal import ROUND_CEILING, Decimal


def surplus(*, quantity: Decimal, step: int, epsilon: Decimal) -> Decimal:
    """This function will return what is missing to the next multiple of `step` (Wh or seconds); 0 where `step` is 0 or nothing was used.

    `epsilon` is taken off before rounding up, so that a volume's own rounding (0.6667 h for 40 minutes) buys no extra step.
    """
    if step <= 0 or quantity <= 0:
        return Decimal(0)
    steps = max(((quantity - epsilon) / step).to_integral_value(rounding=ROUND_CEILING), Decimal(1))
    # A quantity that exceeds its multiple by less than epsilon is billed as that multiple: the surplus may be slightly negative.
    return steps * step - quantity
