"""A credit CDR takes its original back, exactly and once; a session has one CDR that was not credited."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from roaming import canonical
from roaming.cdrs.checks import ContradictingAmounts
from roaming.cdrs.models import Cdr
from roaming.cdrs.receive import (
    BadCredit,
    SecondCdrForSession,
)
from roaming.parties import directory
from tests.builders.canonical_messages import (
    a_cdr,
    a_cdr_token,
    a_credit_of,
    a_price,
)
from tests.builders.deliveries import waiting
from tests.builders.intake import receive
from tests.builders.parties import a_provider, an_agreement, an_operator, roaming_partners

VLOT = canonical.PartyId("BE", "VLO")
CHARGIE = canonical.PartyId("FR", "CHA")


@pytest.mark.django_db
class TestCredits:
    def test_takes_the_original_back_and_names_it(self) -> None:
        roaming_partners()
        original = receive(a_cdr())
        credit = receive(a_credit_of(a_cdr()))
        row = Cdr.objects.get(id=credit.row)
        assert (row.is_credit, row.credit_of_id, row.net, row.vat) == (True, original.row, Decimal("-7.80"), Decimal("-1.48"))
        assert waiting() == ["post cdr to NL-BET from DE-ALF"] * 2

    def test_sub_totals_of_a_credit_stay_positive(self) -> None:
        roaming_partners()
        cdr = a_cdr(total_energy_cost=a_price("7.30"), total_fixed_cost=a_price("0.50"))
        receive(cdr)
        assert receive(a_credit_of(cdr)).created

    def test_the_same_credit_again_is_the_same_row(self) -> None:
        roaming_partners()
        receive(a_cdr())
        first = receive(a_credit_of(a_cdr()))
        assert receive(a_credit_of(a_cdr())).row == first.row

    def test_a_second_credit_of_one_cdr_is_refused(self) -> None:
        roaming_partners()
        receive(a_cdr())
        receive(a_credit_of(a_cdr()))
        with pytest.raises(BadCredit, match="credited already"):
            receive(a_credit_of(a_cdr(), id="CDR-0001-D"))

    @pytest.mark.parametrize(
        ("over", "why"),
        [
            ({"credit_reference_id": "CDR-9999"}, "not known"),
            ({"credit_reference_id": None}, "needs both"),
            ({"credit": None, "total_cost": a_price("7.80", "1.48")}, "needs both"),
            ({"currency": "SEK"}, "EUR"),
            ({"total_cost": a_price("-7.79", "-1.48")}, "exactly the negative"),
            ({"total_cost": a_price("-7.80", "-1.47")}, "exactly the negative"),
            ({"total_cost": a_price("-7.80")}, "exactly the negative"),
            ({"cdr_token": a_cdr_token(provider=VLOT)}, "another provider"),
        ],
    )
    def test_that_do_not_fit_their_original_are_refused(self, over: dict[str, Any], why: str) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        receive(a_cdr())
        with pytest.raises(BadCredit, match=why):
            receive(a_credit_of(a_cdr(), **over))

    def test_a_credit_is_not_credited(self) -> None:
        roaming_partners()
        receive(a_cdr())
        credit = a_credit_of(a_cdr())
        receive(credit)
        with pytest.raises(BadCredit, match="a credit CDR itself"):
            receive(msgspec.structs.replace(credit, id="CDR-0001-E", credit_reference_id=credit.id))

    def test_another_operators_cdr_cannot_be_credited(self) -> None:
        _, provider = roaming_partners()
        an_agreement(operator=an_operator("FR-CHA"), provider=provider)
        receive(a_cdr())
        with pytest.raises(BadCredit, match="not known"):
            receive(a_credit_of(a_cdr(operator=CHARGIE)))

    def test_a_positive_credit_is_refused(self) -> None:
        roaming_partners()
        receive(a_cdr())
        with pytest.raises(ContradictingAmounts):
            receive(a_credit_of(a_cdr(), total_cost=a_price("7.80", "1.48")))

    def test_what_was_charged_can_be_taken_back_after_the_agreement(self) -> None:
        agreement = an_agreement(operator=an_operator("DE-ALF"), provider=a_provider("NL-BET"))
        receive(a_cdr())
        agreement.delete()
        directory.changed()
        assert receive(a_credit_of(a_cdr())).created


@pytest.mark.django_db
class TestSecondCdrOfASession:
    def test_is_refused_until_the_first_is_credited(self) -> None:
        roaming_partners()
        receive(a_cdr())
        with pytest.raises(SecondCdrForSession, match="CDR-0001"):
            receive(a_cdr(id="CDR-0002", net="8.10", vat="1.54"))
        receive(a_credit_of(a_cdr()))
        assert receive(a_cdr(id="CDR-0002", net="8.10", vat="1.54")).created
        with pytest.raises(SecondCdrForSession, match="CDR-0002"):
            receive(a_cdr(id="CDR-0003"))

    def test_ids_of_sessions_compare_without_case(self) -> None:
        roaming_partners()
        receive(a_cdr())
        with pytest.raises(SecondCdrForSession):
            receive(a_cdr(id="CDR-0002", session_id="session-1"))

    def test_cdrs_without_a_session_do_not_meet(self) -> None:
        roaming_partners()
        receive(a_cdr(session_id=None))
        assert receive(a_cdr(id="CDR-0002", session_id=None)).created

    def test_two_operators_may_use_one_session_id(self) -> None:
        _, provider = roaming_partners()
        an_agreement(operator=an_operator("FR-CHA"), provider=provider)
        receive(a_cdr())
        assert receive(a_cdr(operator=CHARGIE)).created
