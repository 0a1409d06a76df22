"""How commands read an amount."""

from decimal import Decimal, InvalidOperation

from roaming.management.operator_command import Refused


def read_amount(*, option: str, text: str) -> Decimal:
    """This function will return the amount that an option names; it raises Refused, which names the option."""
    try:
        return Decimal(text)
    except InvalidOperation as wrong:
        raise Refused(f"{option}: {text!r} is not an amount like 12.10") from wrong
