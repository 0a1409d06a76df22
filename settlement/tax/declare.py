"""Write what a party declares about its taxes. What was declared for the past stays; a new declaration ends the one before."""

from datetime import date

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from roaming.models import Party
from settlement.tax.models import TaxDeclaration
from settlement.tax.rules import zone_of
from settlement.tax.vat_ids import VatIdVerdict, check_vat_id


class WrongDeclaration(ValueError):
    """The declaration cannot be right; the message names the field and the value."""


@transaction.atomic
def declare_dealer(
    *, party: Party, country: str, is_dealer: bool, starts: date, ends: date | None = None, evidence: str = ""
) -> TaxDeclaration:
    """This function will store whether a party resells electricity (Art. 38) between `starts` and `ends` (half-open), and from where.

    A declaration that runs on `starts` ends there; one that begins later is refused. The same call again returns the same row.
    It raises WrongDeclaration.
    """
    state = {"GR": "EL"}.get(country.upper(), country.upper())
    if not zone_of(state):
        raise WrongDeclaration(f"country {country!r}: the rules know the European Union, GB, CH and LI")
    if ends is not None and ends <= starts:
        raise WrongDeclaration(f"ends {ends} is not after starts {starts}")
    kind = TaxDeclaration.Kind.DEALER if is_dealer else TaxDeclaration.Kind.CONSUMER
    told = {"kind": kind, "country": state, "evidence": evidence.strip()[:200]}
    standing = TaxDeclaration.objects.select_for_update().filter(
        party=party, kind__in=[TaxDeclaration.Kind.DEALER, TaxDeclaration.Kind.CONSUMER]
    )
    same = standing.filter(validity=DateRange(starts, ends, "[)"), **told).first()
    if same is not None:
        return same
    for other in standing.filter(validity__overlap=DateRange(starts, ends, "[)")):
        if other.validity.lower >= starts:
            raise WrongDeclaration(f"starts {starts}: {party.key} declared itself a {other.kind} from {other.validity.lower} on")
        other.validity = DateRange(other.validity.lower, starts, "[)")
        other.save(update_fields=["validity"])
    return TaxDeclaration.objects.create(party=party, validity=DateRange(starts, ends, "[)"), **told)


def declare_registration(*, party: Party, vat_id: str, starts: date, ends: date | None = None, evidence: str = "") -> TaxDeclaration:
    """This function will store that a party is identified for VAT in a further state, by the VAT id of that state.

    It raises WrongDeclaration where format or check digits are wrong.
    """
    clean = "".join(letter for letter in vat_id.upper() if letter.isalnum())
    verdict = check_vat_id(vat_id=clean)
    if verdict != VatIdVerdict.VALID:
        raise WrongDeclaration(f"vat_id {vat_id!r}: {verdict}")
    if ends is not None and ends <= starts:
        raise WrongDeclaration(f"ends {ends} is not after starts {starts}")
    declared, _ = TaxDeclaration.objects.get_or_create(
        party=party,
        kind=TaxDeclaration.Kind.REGISTRATION,
        country=clean[:2],
        vat_id=clean,
        validity=DateRange(starts, ends, "[)"),
        defaults={"evidence": evidence.strip()[:200]},
    )
    return declared


def record_online_answer(*, party: Party, vat_id: str, on: date, number: str) -> TaxDeclaration:
    """This function will keep that the tax authorities confirmed a party's VAT id on a day, under the number of their answer."""
    return TaxDeclaration.objects.create(
        party=party,
        kind=TaxDeclaration.Kind.ONLINE,
        country=vat_id[:2],
        vat_id=vat_id,
        validity=DateRange(on, None, "[)"),
        evidence=number[:200],
    )
