"""Declarations are dated rows: a new one ends the one before, and VAT ids are judged before they are believed."""

from datetime import date
from typing import Any

import pytest

from settlement.models import TaxDeclaration
from settlement.tax.declare import WrongDeclaration, declare_dealer, declare_registration, record_online_answer
from settlement.tax.proof import missing_of_party
from settlement.tax.queries import read_standings
from settlement.tax.vat_ids import check_vat_id
from tests.builders.parties import a_party


@pytest.mark.parametrize(
    ("vat_id", "verdict"),
    [
        ("DE111111125", "valid"),
        ("NL123456789B13", "valid"),
        ("EL094259216", "valid"),
        ("DE123456789", "wrong check digit"),
        ("DE12", "wrong format"),
        ("ZZ12345678", "no rules are known for this country"),
        ("", "missing"),
    ],
)
def test_a_vat_id_is_judged_by_format_and_check_digits(vat_id: str, verdict: str) -> None:
    assert check_vat_id(vat_id=vat_id).value == verdict


@pytest.mark.django_db
class TestDeclare:
    def test_a_new_declaration_ends_the_one_before(self) -> None:
        buyer = a_party("NL-BET")
        first = declare_dealer(party=buyer, country="NL", is_dealer=True, starts=date(2026, 1, 1), evidence="letter of 5 January")
        assert declare_dealer(party=buyer, country="NL", is_dealer=True, starts=date(2026, 1, 1), evidence="letter of 5 January") == first
        declare_dealer(party=buyer, country="NL", is_dealer=False, starts=date(2026, 10, 1))
        latest, before = read_standings()[buyer.pk]
        assert (before.is_dealer, before.until, latest.is_dealer, latest.until) == (True, date(2026, 10, 1), False, None)
        with pytest.raises(WrongDeclaration, match="from 2026-10-01 on"):
            declare_dealer(party=buyer, country="BE", is_dealer=True, starts=date(2026, 9, 1))

    def test_nonsense_is_refused_by_its_field(self) -> None:
        buyer = a_party("NL-BET")
        with pytest.raises(WrongDeclaration, match="country 'US'"):
            declare_dealer(party=buyer, country="US", is_dealer=True, starts=date(2026, 1, 1))
        with pytest.raises(WrongDeclaration, match="ends 2026-01-01"):
            declare_dealer(party=buyer, country="GR", is_dealer=True, starts=date(2026, 1, 1), ends=date(2026, 1, 1))
        with pytest.raises(WrongDeclaration, match="wrong check digit"):
            declare_registration(party=buyer, vat_id="DE 123 456 789", starts=date(2026, 1, 1))
        assert not TaxDeclaration.objects.exists()

    def test_what_the_authorities_confirm_is_right_whatever_its_digits(self, settings: Any) -> None:
        party = a_party("DE-ALF")
        assert missing_of_party(party=party, vat_id="DE123456789") is None  # presumed right
        settings.HUB_TAX_PROOF = "required"
        assert "cannot be right (wrong check digit)" in str(missing_of_party(party=party, vat_id="DE123456789"))
        record_online_answer(party=party, vat_id="DE123456789", on=date(2026, 10, 1), number="WAPIAAAA1")
        assert missing_of_party(party=party, vat_id="DE123456789") is None
