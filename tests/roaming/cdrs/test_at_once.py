"""CDRs that come together are judged one after the other, whatever they repeat or contradict."""

import threading

import pytest
from django.db import connection

from roaming import canonical
from roaming.cdrs.models import Cdr
from roaming.cdrs.receive import CdrReceipt
from roaming.deliveries.models import Delivery
from roaming.parties import directory
from roaming.revisions import Verdict
from tests.builders.canonical_messages import a_cdr, a_credit_of
from tests.builders.intake import receive
from tests.builders.parties import roaming_partners


@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    def test_eight_repeats_are_one_row_one_delivery_and_one_answer(self) -> None:
        roaming_partners()
        receipts = [answer for answer in at_once([a_cdr()] * 8) if isinstance(answer, CdrReceipt)]
        assert sorted(receipt.verdict for receipt in receipts) == [Verdict.CREATED] + [Verdict.SAME] * 7
        assert len({receipt.public_id for receipt in receipts}) == 1
        assert (Cdr.objects.count(), Delivery.objects.count()) == (1, 1)

    def test_of_different_contents_under_one_id_one_is_sealed(self) -> None:
        roaming_partners()
        answers = at_once([a_cdr(net=f"7.8{number}") for number in range(6)])
        assert sorted(type(answer).__name__ for answer in answers) == ["CdrAlreadySealed"] * 5 + ["CdrReceipt"]
        assert Cdr.objects.count() == 1

    def test_of_different_cdrs_of_one_session_one_is_sealed(self) -> None:
        roaming_partners()
        answers = at_once([a_cdr(id=f"CDR-{number}") for number in range(6)])
        assert sorted(type(answer).__name__ for answer in answers) == ["CdrReceipt"] + ["SecondCdrForSession"] * 5
        assert Cdr.objects.count() == 1

    def test_of_different_credits_of_one_cdr_one_is_sealed(self) -> None:
        roaming_partners()
        original = a_cdr(session_id=None)
        receive(original)
        answers = at_once([a_credit_of(original, id=f"CREDIT-{number}") for number in range(6)])
        assert sorted(type(answer).__name__ for answer in answers) == ["BadCredit"] * 5 + ["CdrReceipt"]
        assert Cdr.objects.filter(is_credit=True).count() == 1

    def test_credits_and_their_successors_in_any_order_leave_one_open_cdr_per_session(self) -> None:
        roaming_partners()
        first = a_cdr()
        receive(first)
        for _ in range(3):  # a sender that was refused sends again
            at_once([a_credit_of(first), a_cdr(id="CDR-0002"), a_cdr(id="CDR-0003"), first])
        assert Cdr.objects.filter(is_credit=False, credits__isnull=True, session_key="SESSION-1").count() == 1
        assert Cdr.objects.count() == 3


def at_once(cdrs: list[canonical.Cdr]) -> list[CdrReceipt | Exception]:
    """Sends every CDR from a thread of its own, all let go together; returns receipts and refusals in the order given."""
    answers: dict[int, CdrReceipt | Exception] = {}
    directory.current()  # as in a running process: the routing table was read before
    gate = threading.Barrier(len(cdrs))

    def send(number: int, cdr: canonical.Cdr) -> None:
        gate.wait()
        try:
            answers[number] = receive(cdr)
        except Exception as refusal:
            answers[number] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=pair) for pair in enumerate(cdrs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(len(cdrs))]
