"""Terms are agreed once, hold between two dates, and the pair's own come first."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from settlement.terms.agree import OtherCycle, TermsAlreadyAgreed, WrongTerms, agree_terms
from settlement.terms.details import BadDetail, get_details, set_details
from settlement.terms.queries import NoTermsInForce, due_days, terms_in_force
from settlement.terms.rights import RoleMayNot, require
from tests.builders.charges import some_terms, the_default_set
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db

AT = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


class TestAgree:
    def test_the_same_again_is_the_same_row(self) -> None:
        terms = some_terms(hub_fee=Decimal("0.35"))
        assert agree_terms(agreement=terms.agreement, hub_fee=Decimal("0.35")) == terms

    def test_other_terms_for_the_same_days_are_refused(self) -> None:
        terms = some_terms()
        with pytest.raises(TermsAlreadyAgreed, match="due_days"):
            agree_terms(agreement=terms.agreement, due_days=30)

    def test_a_set_keeps_its_cycle(self) -> None:
        terms = some_terms(netting_set="weeks", cycle="weekly")
        with pytest.raises(OtherCycle, match="weekly"):
            agree_terms(agreement=terms.agreement, netting_set="weeks", cycle="monthly")

    @pytest.mark.parametrize("fee", ["-0.01", "0.00001", "NaN", "1E9"])
    def test_a_fee_is_an_amount(self, fee: str) -> None:
        with pytest.raises(WrongTerms, match="hub fee"):
            some_terms(hub_fee=Decimal(fee))


class TestInForce:
    def test_the_pairs_own_terms_come_first(self) -> None:
        operator, provider = a_party("DE-ALF"), a_party("NL-BET")
        everyone = some_terms()
        own = some_terms(operator=operator, provider=provider, starts=date(2026, 10, 1), ends=date(2026, 11, 1))
        assert terms_in_force(operator=operator, provider=provider, at=AT) == own
        assert terms_in_force(operator=operator, provider=provider, at=AT.replace(month=11)) == everyone

    def test_the_last_day_is_not_in_force(self) -> None:
        operator, provider = a_party("DE-ALF"), a_party("NL-BET")
        some_terms(operator=operator, provider=provider, ends=date(2026, 10, 5))
        with pytest.raises(NoTermsInForce, match="DE-ALF and provider NL-BET on 2026-10-05"):
            terms_in_force(operator=operator, provider=provider, at=AT)

    def test_the_shortest_term_of_payment_counts(self) -> None:
        some_terms(due_days=30)
        some_terms(operator=a_party("DE-ALF"), provider=a_party("NL-BET"), due_days=7)
        on = date(2026, 11, 1)
        assert due_days(netting_set=the_default_set(), party=a_party("NL-BET"), on=on) == 7
        assert due_days(netting_set=the_default_set(), party=a_party("FR-GAM"), on=on) == 30


class TestDetails:
    def test_what_is_not_named_stays_and_an_empty_value_clears(self) -> None:
        party = a_party("DE-ALF")
        set_details(party=party, details={"legal_name": "Alfa", "city": "Hamburg", "vat_id": "DE123456789"})
        told = set_details(party=party, details={"city": ""})
        assert told == get_details(party=party)
        assert (told["legal_name"], told["city"], told["vat_id"]) == ("Alfa", "", "DE123456789")

    @pytest.mark.parametrize(
        ("name", "value"),
        [("country", "Germany"), ("iban", "DE00"), ("vat_id", "X"), ("legal_name", "x" * 141), ("color", "red")],
    )
    def test_names_the_field_that_cannot_be_right(self, name: str, value: str) -> None:
        with pytest.raises(BadDetail, match=name):
            set_details(party=a_party("DE-ALF"), details={name: value})


def test_rights_follow_the_role_alone() -> None:
    require(action="approve", role="checker", by="a@hub.example")
    for role in ("", "maker", "auditor", "operations"):
        with pytest.raises(RoleMayNot, match="may not approve"):
            require(action="approve", role=role, by="a@hub.example")
