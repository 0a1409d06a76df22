"""Keep who a party is on paper: name, address, VAT id and bank account."""

import re
from collections.abc import Mapping

from django.db import transaction
from stdnum import iban
from stdnum.exceptions import ValidationError

from roaming.models import Party
from settlement.terms.models import PaymentDetails, TaxProfile

_PAPER = ("legal_name", "street", "postal_code", "city", "country", "language", "iban")
_LONGEST = {"legal_name": 140, "street": 140, "city": 70, "postal_code": 16, "iban": 34}
_VAT_ID = re.compile(r"^[A-Z]{2}[A-Z0-9+*]{2,14}$")  # Switzerland's are the longest: CHE123456789MWST
# ISO 639-1: languages in which the region writes its numbers.
LANGUAGES = frozenset(
    [
        *("bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu", "is", "it"),
        *("lt", "lv", "mt", "nb", "nl", "no", "pl", "pt", "ro", "sk", "sl", "sv"),
    ]
)


class BadDetail(ValueError):
    """A detail cannot be right; the message names the field and the value."""


def set_details(*, party: Party, details: Mapping[str, str]) -> dict[str, str]:
    """This function will store the given details of a party (others stay) and return all of them.

    Names: legal_name, street, postal_code, city, country and language (two letters), vat_id, iban. An empty value clears.
    It raises BadDetail.
    """
    clean = {name: _check(name, value.strip()) for name, value in details.items()}
    with transaction.atomic():
        paper = {name: value for name, value in clean.items() if name in _PAPER}
        if paper:
            PaymentDetails.objects.update_or_create(party=party, defaults=paper)
        if "vat_id" in clean:
            TaxProfile.objects.update_or_create(party=party, defaults={"vat_id": clean["vat_id"]})
    return get_details(party=party)


def get_details(*, party: Party) -> dict[str, str]:
    """This function will return every detail of a party, empty where unknown."""
    paper = PaymentDetails.objects.filter(party=party).first()
    tax = TaxProfile.objects.filter(party=party).first()
    return {
        **{name: getattr(paper, name) if paper else "" for name in _PAPER},
        "vat_id": tax.vat_id if tax else "",
    }


def _check(name: str, value: str) -> str:
    if name == "vat_id":
        value = re.sub(r"[\s.-]", "", value).upper()
        if value and not _VAT_ID.match(value):
            raise BadDetail(f"vat_id {value!r}: expected two letters of the country and 2 to 14 letters or digits")
    elif name == "iban":
        value = check_iban(value) if value else ""
    elif name == "country":
        value = value.upper()
        if value and not re.fullmatch(r"[A-Z]{2}", value):
            raise BadDetail(f"country {value!r}: expected two letters, like DE")
    elif name == "language":
        value = value.lower()
        if value and value not in LANGUAGES:
            raise BadDetail(f"language {value!r}: expected two letters of a language of Europe, like de")
    elif name not in _PAPER:
        raise BadDetail(f"{name!r} is no detail of a party")
    if len(value) > _LONGEST.get(name, 16):
        raise BadDetail(f"{name} is longer than {_LONGEST.get(name, 16)} characters")
    return value


def check_iban(value: str) -> str:
    """This function will return an IBAN without its spaces; it raises BadDetail where its check digits are wrong."""
    try:
        return str(iban.validate(value, check_country=False))
    except ValidationError as wrong:
        raise BadDetail(f"iban {value!r}: {wrong}") from wrong
