"""What is missing before a document may be written. Nothing is guessed: a gap has a sentence that says who must show what."""

from collections.abc import Iterable, Iterator
from datetime import date

from django.conf import settings
from django.db.models import QuerySet

from roaming.models import Party
from settlement.tax.models import TaxDeclaration
from settlement.tax.rates import alpha_2
from settlement.tax.rules import Proof, Rule, state_of
from settlement.tax.vat_ids import VatIdVerdict, check_vat_id

REQUIRED = "required"


def missing_of_party(*, party: Party, vat_id: str) -> str | None:
    """This function will say what is wrong with a party's VAT id, or return None.

    With settings.HUB_TAX_PROOF `required`, format and check digits must be right too, or the tax authorities must have confirmed it.
    """
    verdict = check_vat_id(vat_id=vat_id)
    if verdict == VatIdVerdict.MISSING:
        return f"{party.key} has no VAT id, which an e-invoice needs: set_party_details --party {party.key} --vat-id …"
    if verdict == VatIdVerdict.VALID or settings.HUB_TAX_PROOF != REQUIRED:
        return None
    if TaxDeclaration.objects.filter(party=party, kind=TaxDeclaration.Kind.ONLINE, vat_id=vat_id).exists():
        return None
    return f"the VAT id {vat_id} of {party.key} cannot be right ({verdict}): set_party_details --party {party.key} --vat-id …"


def missing_of_supply(
    *, rule: Rule, seller: Party, buyer: Party, buyer_vat_id: str, countries: Iterable[str], first_day: date, final_day: date
) -> Iterator[str]:
    """This function will yield what a supply under `rule` rests on and nobody has shown, for the days of the sessions.

    That a silent buyer resells is presumed, unless settings.HUB_TAX_PROOF is `required`. `countries` are those of the charge points.
    """
    if rule.proof == Proof.DEALER and settings.HUB_TAX_PROOF == REQUIRED:
        covering = _held(buyer, TaxDeclaration.Kind.DEALER, first_day, final_day)
        if not covering.filter(country=state_of(buyer_vat_id)).exists():
            yield (
                f"{buyer.key} has not declared that it resells electricity (Art. 38) for {first_day} to {final_day}: "
                f"declare_dealer --party {buyer.key} --country {state_of(buyer_vat_id)} --from {first_day}"
            )
    if rule.proof == Proof.ADVICE:
        yield (
            f"no rule decides the VAT between {seller.key} and {buyer.key} ({rule.note}): a tax adviser does, and a row of the table of "
            "rules says so in a later release (docs/decisions/0008)"
        )
    if rule.proof == Proof.REGISTRATION:
        states = {_state(country) for country in countries}
        held = set(_held(seller, TaxDeclaration.Kind.REGISTRATION, first_day, final_day).values_list("country", flat=True))
        for state in sorted(states - held):
            yield (
                f"taxed in {state or 'an unknown state'} (Art. 39), where {seller.key} has shown no VAT id: "
                f"declare_registration --party {seller.key} --vat-id {state}… --from {first_day}"
            )


def _held(party: Party, kind: str, first_day: date, final_day: date) -> QuerySet[TaxDeclaration]:
    return TaxDeclaration.objects.filter(party=party, kind=kind, validity__contains=first_day).filter(validity__contains=final_day)


def _state(country: str) -> str:
    return {"GR": "EL"}.get(alpha_2(country), alpha_2(country))
