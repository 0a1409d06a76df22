"""What a column can hold: a partner's value that does not fit is refused by its field's name, before the database would."""

from decimal import ROUND_HALF_UP, Decimal

_TEN_THOUSANDTH = Decimal("0.0001")


class DoesNotFit(ValueError):
    """A value is longer or larger than this hub can keep; the message names the field."""


def text_that_fits(value: str, *, longest: int, field: str) -> str:
    """This function will return `value`, or raise DoesNotFit where it has more than `longest` characters."""
    if len(value) > longest:
        raise DoesNotFit(f"{field}: longer than {longest} characters")
    return value


def number_that_fits(value: Decimal, *, digits: int, field: str) -> Decimal:
    """This function will round half away from zero to four decimals; it raises DoesNotFit from 10 to the power of `digits` on.

    The derived column carries four decimals as OCPI's numbers do; the body keeps what was sent.
    """
    bound = 10**digits
    if value.is_finite() and abs(value) < bound:
        rounded = value.quantize(_TEN_THOUSANDTH, rounding=ROUND_HALF_UP)
        if abs(rounded) < bound:
            return rounded
    raise DoesNotFit(f"{field}: must be a number smaller than {bound}")
