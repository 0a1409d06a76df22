"""Worked months of late CDRs, credits and what arrives twice: finance §7, cases 11 to 19."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from roaming.models import Cdr
from settlement.clearing.clear import clear_everything
from settlement.models import Entry, Hold, Transfer
from tests.builders.canonical_messages import a_price
from tests.builders.charges import CUT_OFF, CUT_OFF_NOVEMBER, NOVEMBER, charge_of, codes_of, some_terms
from tests.builders.months import charge, close, credit, issue

pytestmark = pytest.mark.django_db

IN_NOVEMBER = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def terms() -> None:
    some_terms()


def test_case_11_a_credit_of_the_same_month_cancels_and_stays_visible() -> None:
    credit(charge("M", "P", "19.1266", vat="4.0166"))
    month = close()
    assert month.positions() == {"M": Decimal("0.00"), "P": Decimal("0.00")}
    lines = month.document("P")["lines"]
    assert [(line["kind"], line["bucket"], line["cdrs"], line["gross"]) for line in lines] == [
        ("receivable", "current", 1, "23.1432"),
        ("receivable", "credit", 1, "-23.1432"),
    ]
    assert [line["gross"] for line in month.document("M")["cdrs"]] == ["23.1432", "-23.1432"]
    assert sum(month.shown("P")) == 0


def test_case_12_a_credit_of_a_locked_month_names_its_statement_and_line() -> None:
    charge("M", "P", "87.90", ended_at=datetime(2026, 10, 2, 9, 0, tzinfo=UTC))
    to_credit = charge("M", "P", "12.10", ended_at=datetime(2026, 10, 20, 9, 0, tzinfo=UTC))
    october = issue(close())
    assert october.positions()["M"] == Decimal("-100.00")
    before = october.document("P")
    charge("M", "P", "50.00", ended_at=IN_NOVEMBER)
    credit(to_credit, received_at=IN_NOVEMBER)
    november = close(NOVEMBER, at=CUT_OFF_NOVEMBER)
    assert november.positions()["M"] == Decimal("-37.90")
    assert october.document("P") == before
    for party in "PM":
        (line,) = [line for line in november.document(party)["cdrs"] if line["bucket"] == "credit"]
        number = october.statement(party).number
        assert (line["credit_of"], line["original_statement"], line["original_line"]) == (f"DE-PPP/{to_credit.cdr_id}", number, 2)
        assert before["cdrs"][1]["cdr"] == line["credit_of"]


def test_case_13_more_credits_than_charges_turn_the_debt_round() -> None:
    to_credit = charge("M", "P", "25.00")
    issue(close())
    charge("M", "P", "10.00", ended_at=IN_NOVEMBER)
    credit(to_credit, received_at=IN_NOVEMBER)
    november = close(NOVEMBER, at=CUT_OFF_NOVEMBER)
    assert november.positions() == {"M": Decimal("15.00"), "P": Decimal("-15.00")}
    assert november.payments() == [("P", "M", Decimal("15.00"))]
    transfer = Transfer.objects.select_related("debit__party", "credit__party").get(entry__key__contains="/2026-11/")
    assert (transfer.amount_minor, transfer.debit.kind, transfer.credit.kind) == (1500, "payable", "receivable")


def test_case_14_a_second_credit_of_one_cdr_is_refused_by_the_database() -> None:
    original = charge("M", "P", "10.00")
    credit(original)
    with pytest.raises(IntegrityError, match="cdr_credited_once"), transaction.atomic():
        credit(original, id="CDR-ANOTHER-CREDIT")
    assert close().positions() == {"M": Decimal("0.00"), "P": Decimal("0.00")}


def test_case_15_a_partial_credit_is_held_and_listed() -> None:
    original = charge("M", "P", "23.1432")
    partial = credit(original, total_cost=a_price("-10.0000"))
    month = close()
    assert month.positions()["M"] == Decimal("-23.14")
    assert month.run.held_count == 1
    assert codes_of(Hold.objects.get(cdr=partial)) == ["PARTIAL_CREDIT"]


def test_case_16_clearing_twice_is_charging_once() -> None:
    cdr = charge("M", "P", "10.00")
    clear_everything(at=CUT_OFF)
    clear_everything(at=CUT_OFF)
    month = close()
    assert (month.run.cdr_count, month.positions()["P"]) == (1, Decimal("10.00"))
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Cdr.objects.filter(pk=cdr.pk).update(net=1)


def test_case_17_received_before_the_cut_off_is_october() -> None:
    ended = datetime(2026, 10, 31, 23, 50, tzinfo=UTC)
    charge("M", "P", "10.00", ended_at=ended, received_at=datetime(2026, 11, 1, 12, 0, tzinfo=UTC))
    assert close().positions()["P"] == Decimal("10.00")


def test_case_18_received_after_the_lock_is_november_and_late() -> None:
    charge("M", "P", "1.00")
    october = issue(close())
    head, before = october.run.ledger_head, october.document("P")
    ended = datetime(2026, 10, 31, 23, 50, tzinfo=UTC)
    late = charge("M", "P", "10.00", ended_at=ended, received_at=datetime(2026, 11, 3, 8, 0, tzinfo=UTC))
    november = close(NOVEMBER, at=CUT_OFF_NOVEMBER)
    assert november.positions()["P"] == Decimal("10.00")
    booked = charge_of(late)
    assert (booked.period, booked.service_period, booked.bucket) == ("2026-11", "2026-10", "late")
    (line,) = november.document("P")["cdrs"]
    assert (line["bucket"], line["service_period"], line["days_late"]) == ("late", "2026-10", 2)
    october.run.refresh_from_db()
    assert (october.run.ledger_head, october.document("P")) == (head, before)


def test_case_19_a_session_that_ends_at_midnight_is_the_next_month() -> None:
    charge("M", "P", "10.00", ended_at=datetime(2026, 11, 1, 0, 0, tzinfo=UTC))
    assert close().positions() == {}
    assert close(NOVEMBER, at=CUT_OFF_NOVEMBER).positions()["P"] == Decimal("10.00")
    assert Entry.objects.count() == 1
