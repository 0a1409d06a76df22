"""Worked months with disputes: finance §7, cases 15, 33 and 34, and what a split, a late window and a credit make of them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from roaming import canonical
from roaming.models import Cdr
from settlement.clearing.clear import clear_everything
from settlement.clearing.models import Hold
from settlement.disputes.accept import accept_cdr
from settlement.disputes.answer import answer_dispute
from settlement.disputes.end import ResolvedAlready
from settlement.disputes.models import Dispute
from settlement.disputes.open import DisputedAlready, NothingCharged, TooLate, WrongAmount, open_dispute
from settlement.disputes.resolve import resolve_dispute
from settlement.ledger.verify import verify_ledger
from tests.builders.canonical_messages import a_price
from tests.builders.charges import CUT_OFF, CUT_OFF_NOVEMBER, NOVEMBER, codes_of, some_terms
from tests.builders.months import CHECKER, charge, close, credit, issue

pytestmark = pytest.mark.django_db

BEFORE = datetime(2026, 10, 20, tzinfo=UTC)
AFTER = datetime(2026, 11, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def terms() -> None:
    some_terms()


def dispute(cdr: Cdr, amount: str, *, at: datetime = BEFORE) -> Dispute:
    clear_everything(at=at)
    return open_dispute(cdr=cdr, reason="wrong_price", amount=Decimal(amount), by="m@bet.example", by_role="partner-finance", at=at)


def resolve(opened: Dispute, outcome: str, *, at: datetime = AFTER, upheld: str | None = None) -> Dispute:
    part = None if upheld is None else Decimal(upheld)
    return resolve_dispute(dispute=opened, outcome=outcome, by=CHECKER, by_role="checker", at=at, upheld=part)


def test_case_15_a_partial_credit_is_held_and_listed() -> None:
    original = charge("M", "P", "23.1432")
    partial = credit(original, total_cost=a_price("-10.0000"))
    month = close()
    hold = Hold.objects.get(cdr=partial)
    assert codes_of(hold) == ["PARTIAL_CREDIT"]
    assert hold.reasons[0]["message"].startswith("partial credit: -10")
    assert month.positions() == {"M": Decimal("-23.14"), "P": Decimal("23.14")}
    assert month.run.held_count == 1


def test_case_33_only_the_disputed_part_is_withheld() -> None:
    opened = dispute(charge("M", "P", "100.00"), "12.10")
    october = issue(close())
    assert october.positions() == {"M": Decimal("-87.90"), "P": Decimal("87.90")}
    assert october.lines("M", "payable") == [Decimal("-100.00")]
    assert october.lines("M", "adjustment") == [Decimal("12.10")]
    (line,) = [line for line in october.document("P")["lines"] if line["kind"] == "adjustment"]
    assert (line["gross"], line["description"]) == ("-12.10", f"Disputes: dispute {opened.pk} withheld -12.1 (2026-10)")
    # The CDR itself stands on the statement in full.
    assert october.shown("P") == [Decimal("100.00")]
    resolve(opened, "rejected")
    november = close(NOVEMBER, at=CUT_OFF_NOVEMBER)
    assert november.positions() == {"M": Decimal("-12.10"), "P": Decimal("12.10")}
    (line,) = november.document("M")["lines"]
    assert line["description"] == f"Disputes: dispute {opened.pk} released +12.1 (2026-10)"
    assert verify_ledger().ok


def test_case_34_an_upheld_dispute_after_the_lock_is_an_adjustment_of_the_next_month() -> None:
    cdr = charge("M", "P", "100.00")
    october = issue(close())
    before = october.document("M")
    opened = dispute(cdr, "12.10", at=AFTER)
    assert not opened.adjustments.exists()
    resolve(opened, "upheld")
    november = issue(close(NOVEMBER, at=CUT_OFF_NOVEMBER), at=CUT_OFF_NOVEMBER)
    assert october.positions() == {"M": Decimal("-100.00"), "P": Decimal("100.00")}
    assert october.document("M") == before
    assert november.positions() == {"M": Decimal("12.10"), "P": Decimal("-12.10")}
    for party in ("M", "P"):
        (line,) = november.document(party)["lines"]
        assert f"dispute {opened.pk} " in line["description"]
    assert verify_ledger().ok


def test_a_split_before_the_lock_leaves_the_rest_in_the_same_month() -> None:
    opened = dispute(charge("M", "P", "100.00", vat="21.00"), "12.10")
    resolve(opened, "split", at=BEFORE, upheld="2.10")
    # 121.00 − 12.10 + 10.00: net 98.2645 rounded to 98.26, VAT 20.63.
    assert close().positions() == {"M": Decimal("-118.89"), "P": Decimal("118.89")}
    assert verify_ledger().ok


def test_a_credit_of_a_disputed_charge_takes_it_back_once() -> None:
    cdr = charge("M", "P", "100.00")
    opened = dispute(cdr, "12.10")
    credit(cdr)
    month = close()
    assert month.positions() == {"M": Decimal("0.00"), "P": Decimal("0.00")}
    opened.refresh_from_db()
    assert (opened.state, opened.resolved_by) == ("credited", "credit CDR")
    assert verify_ledger().ok


def test_a_dispute_is_resolved_once() -> None:
    opened = dispute(charge("M", "P", "100.00"), "12.10")
    resolve(opened, "upheld")
    with pytest.raises(ResolvedAlready):
        resolve(opened, "rejected")


@pytest.mark.parametrize("amount", ["0", "-1", "100.01", "NaN"])
def test_a_dispute_is_about_a_part_of_the_charge(amount: str) -> None:
    with pytest.raises(WrongAmount):
        dispute(charge("M", "P", "100.00"), amount)


def test_a_charge_is_disputed_once_at_a_time_and_never_beyond_itself() -> None:
    cdr = charge("M", "P", "100.00")
    opened = dispute(cdr, "60.00")
    with pytest.raises(DisputedAlready):
        dispute(cdr, "1.00")
    resolve(opened, "upheld", at=BEFORE)
    with pytest.raises(DisputedAlready):
        dispute(cdr, "60.00")
    dispute(cdr, "40.00")


def test_a_held_cdr_owes_nothing_to_dispute() -> None:
    with pytest.raises(NothingCharged):
        dispute(charge("M", "P", "100.00", known=False), "1.00")


def test_the_window_of_the_terms_ends() -> None:
    cdr = charge("M", "P", "100.00")
    close(at=CUT_OFF)
    with pytest.raises(TooLate):
        dispute(cdr, "1.00", at=datetime(2026, 12, 4, tzinfo=UTC))


def test_a_dispute_after_the_lock_is_revised_in_the_next_month() -> None:
    cdr = charge("M", "P", "100.00")
    october = issue(close())
    opened = dispute(cdr, "12.10", at=AFTER)
    answer_dispute(dispute=opened, by="p@ppp.example", by_role="partner-finance", at=AFTER, answer="revise", party=cdr.owner)
    credit(cdr, received_at=AFTER)
    token = canonical.decode(cdr.body, canonical.Cdr).cdr_token
    charge("M", "P", "87.90", known=False, session_id=cdr.session_id, cdr_token=token, received_at=AFTER)
    november = issue(close(NOVEMBER, at=CUT_OFF_NOVEMBER), at=CUT_OFF_NOVEMBER)
    opened.refresh_from_db()
    assert (opened.state, opened.upheld_amount) == ("revised", Decimal("12.10"))
    # -100.00 and +87.90: M was charged 100.00 in October and gets 12.10 back.
    assert november.positions() == {"M": Decimal("12.10"), "P": Decimal("-12.10")}
    assert october.positions() == {"M": Decimal("-100.00"), "P": Decimal("100.00")}
    assert [(line["bucket"], line["gross"]) for line in november.document("P")["cdrs"]] == [("credit", "-100.0000"), ("late", "87.9000")]
    assert verify_ledger().ok


def test_a_part_is_paid_on_time_and_the_offer_settles_the_rest() -> None:
    cdr = charge("M", "P", "100.00")
    clear_everything(at=BEFORE)
    told: dict[str, Any] = {"by": "m@mmm.example", "by_role": "partner-finance", "party": cdr.provider}
    accept_cdr(cdr=cdr, amount=Decimal("80.00"), reason="wrong_time", at=BEFORE, **told)
    assert close().positions()["P"] == Decimal("80.00")
    rest = Dispute.objects.get(cdr=cdr)
    answer_dispute(
        dispute=rest, by="p@ppp.example", by_role="partner-finance", at=AFTER, answer="offer", offered=Decimal("15.00"), party=cdr.owner
    )
    answer_dispute(dispute=rest, at=AFTER, answer="agree", **told)
    november = close(NOVEMBER, at=CUT_OFF_NOVEMBER)
    assert november.positions() == {"M": Decimal("-5.00"), "P": Decimal("5.00")}
    assert verify_ledger().ok
