"""PURE. VAT ids by format and check digits (python-stdnum): what can be said of one without asking anybody."""

import re
from enum import StrEnum

from stdnum import get_cc_module
from stdnum.exceptions import InvalidChecksum, ValidationError

_COUNTRY = {"EL": "gr", "XI": "gb"}


class VatIdVerdict(StrEnum):
    """What format and check digits say. Only `VALID`, or an online confirmation, lets a document be written."""

    VALID = "valid"
    WRONG_FORMAT = "wrong format"
    WRONG_CHECK_DIGIT = "wrong check digit"
    UNKNOWN_COUNTRY = "no rules are known for this country"
    MISSING = "missing"


def check_vat_id(*, vat_id: str) -> VatIdVerdict:
    """This function will judge a VAT id as the hub stores it: two letters of the state, then what the state gave."""
    if not vat_id:
        return VatIdVerdict.MISSING
    state = vat_id[:2].upper()
    rules = get_cc_module(_COUNTRY.get(state, state.lower()), "vat") if re.fullmatch(r"[A-Z]{2}", state) else None
    if rules is None:
        return VatIdVerdict.UNKNOWN_COUNTRY
    try:
        rules.validate(f"GB{vat_id[2:]}" if state == "XI" else vat_id)
    except InvalidChecksum:
        return VatIdVerdict.WRONG_CHECK_DIGIT
    except ValidationError:
        return VatIdVerdict.WRONG_FORMAT
    return VatIdVerdict.VALID
