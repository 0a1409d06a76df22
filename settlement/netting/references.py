"""PURE. The reference of a planned payment as banks carry it: an RF creditor reference (ISO 11649) with check digits."""

import re

from stdnum.iso7064 import mod_97_10

from roaming.canonical import PartyId

_PREFIX = "RH"
_FOUND = re.compile(r"RF\s?(\d\s?\d)\s?R\s?H((?:\s?\d){1,18})(?![0-9A-Z])")


def reference_of(*, payment: int) -> str:
    """This function will return the RF reference of a planned payment (by its row)."""
    body = f"{_PREFIX}{payment:06d}"
    return f"RF{mod_97_10.calc_check_digits(f'{body}RF')}{body}"


def find_references(text: str) -> list[int]:
    """This function will return the planned payments (by their rows) whose references stand in a text, with right check digits."""
    found = []
    for check, digits in _FOUND.findall(text.upper()):
        payment = int(digits.replace(" ", ""))
        if reference_of(payment=payment)[2:4] == check.replace(" ", "") and payment not in found:
            found.append(payment)
    return found


def text_of(*, period: str, payer: PartyId, payee: PartyId, payment: int) -> str:
    """This function will return what statements, orders and bank statements show for a payment."""
    return f"{period} {payer} {payee} {reference_of(payment=payment)}"
