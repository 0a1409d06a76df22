"""Many CDRs in one transaction: each is judged as if it had come alone."""

from typing import Any

import pytest

from roaming import canonical
from roaming.cdrs.models import Cdr
from roaming.cdrs.receive import Arrival, BadCredit, CdrAlreadySealed, CdrReceipt, SecondCdrForSession, receive_cdrs
from tests.builders.canonical_messages import NOW, a_cdr, a_credit_of
from tests.builders.deliveries import waiting
from tests.builders.parties import roaming_partners

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _partners() -> None:
    roaming_partners()


def verdicts(*cdrs: canonical.Cdr) -> list[Any]:
    """Receive them together; a receipt is told by its verdict, a refusal by its type."""
    arrivals = [Arrival(cdr=cdr, received=b"{}", protocol="ocpi-2.2.1", correlation_id=f"c{number}") for number, cdr in enumerate(cdrs)]
    outcomes = receive_cdrs(arrivals=arrivals, at=NOW)
    return [str(outcome.verdict) if isinstance(outcome, CdrReceipt) else type(outcome) for outcome in outcomes]


def test_each_is_sealed_and_queued_in_its_order() -> None:
    assert verdicts(*(a_cdr(id=f"C{number}", session_id=f"S{number}") for number in range(5))) == ["created"] * 5
    assert list(Cdr.objects.order_by("id").values_list("cdr_id", flat=True)) == ["C0", "C1", "C2", "C3", "C4"]
    assert waiting() == ["post cdr to NL-BET from DE-ALF"] * 5


def test_a_repeat_in_the_same_batch_is_one_record() -> None:
    assert verdicts(a_cdr(id="C1"), a_cdr(id="c1")) == ["created", CdrAlreadySealed]  # the spelling of an id is content
    assert verdicts(a_cdr(id="C1"), a_cdr(id="C1")) == ["same", "same"]
    assert Cdr.objects.count() == 1


def test_of_two_for_one_session_the_first_is_sealed() -> None:
    assert verdicts(a_cdr(id="C1", session_id="S1"), a_cdr(id="C2", session_id="S1")) == ["created", SecondCdrForSession]


def test_a_credit_may_follow_its_original_and_free_the_session() -> None:
    original = a_cdr(id="C1", session_id="S1")
    credit = a_credit_of(original, id="K1")
    again = a_cdr(id="C2", session_id="S1")
    assert verdicts(credit, original, credit, a_credit_of(original, id="K2"), again) == [
        BadCredit,
        "created",
        "created",
        BadCredit,
        "created",
    ]
    assert len(waiting()) == 3


def test_none_at_all_changes_nothing() -> None:
    assert verdicts() == []
