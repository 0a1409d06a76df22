"""Worked months of currencies, modes and carries: the acceptance cases of finance §7 by their numbers, and what §2 adds to them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from settlement.ledger.balances import trial_balance
from settlement.ledger.verify import verify_ledger
from settlement.models import Carry, Entry, NettingRun, NettingSet, Statement
from settlement.netting.close import PeriodStillRunning
from settlement.netting.void import CannotVoid, VoidNeedsReason, void_run
from settlement.terms.exclude import exclude_party, include_party
from settlement.terms.rates import NoRate, load_rates
from settlement.terms.rights import RoleMayNot
from tests.builders.charges import CUT_OFF, CUT_OFF_NOVEMBER, NOVEMBER, some_terms, the_default_set
from tests.builders.months import CHECKER, MAKER, Month, charge, close, credit, issue
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db

FRIDAY = b"Date,SEK,CHF\n2026-10-30,11.0525,0.9312\n"


@pytest.fixture(autouse=True)
def books_hold_at_the_end() -> Iterator[None]:
    yield
    verification = verify_ledger()
    assert verification.ok, verification.broken


def positions(**told: str) -> dict[str, Decimal]:
    return {party: Decimal(amount) for party, amount in told.items()}


def payments(*told: tuple[str, str, str]) -> list[tuple[str, str, Decimal]]:
    return [(payer, payee, Decimal(amount)) for payer, payee, amount in told]


def rules(**told: object) -> None:
    NettingSet.objects.filter(name="default").update(**told)


def balances(kind: str) -> dict[str, int]:
    return {balance.currency: balance.balance_minor for balance in trial_balance() if balance.kind == kind}


def test_case_22_a_pair_settles_in_euro_at_the_same_figure_on_both_sides() -> None:
    load_rates(content=FRIDAY)
    some_terms(settle_in="EUR")
    charge("A", "B", "100.00")
    charge("B", "A", "1000.00", currency="SEK")
    month = close()
    assert month.positions("EUR") == positions(A="-9.52", B="9.52")
    assert month.positions("SEK") == positions(A="0", B="0")
    assert month.payments() == payments(("A", "B", "9.52"))
    assert month.lines("A", "conversion") == [Decimal("90.48")]
    assert month.lines("A", "conversion", "SEK") == [Decimal("-1000.00")]
    assert (month.document("A")["totals"]["converted"], month.document("A", "SEK")["totals"]["net"]) == ("90.48", "0.00")
    (cdr,) = month.document("A", "SEK")["cdrs"]  # 1,000.00 at 1 / 11.0525, the rate of the run
    assert (cdr["fx_rate"], cdr["settlement_currency"], cdr["net_settled"]) == ("0.0904772676", "EUR", "90.4773")
    assert balances("fx") == {"EUR": 0, "SEK": 0}
    legs = Entry.objects.get(kind="fx").transfers.order_by("number").values_list("currency", "amount_minor")
    assert list(legs) == [("SEK", 100000), ("SEK", 100000), ("EUR", 9048), ("EUR", 9048)]
    issue(month)


def test_case_23_kronor_become_francs_with_one_rounding() -> None:
    load_rates(content=FRIDAY)
    some_terms(settle_in="CHF")
    charge("B", "A", "1000.00", currency="SEK")
    month = close()
    assert month.positions("CHF") == positions(A="84.25", B="-84.25")
    assert {told["currency"] for told in month.run.rates} == {"SEK", "CHF"}


def test_case_24_a_saturday_uses_fridays_rate_and_says_so_and_without_a_rate_nothing_is_closed() -> None:
    some_terms(settle_in="EUR")
    charge("B", "A", "1000.00", currency="SEK")
    with pytest.raises(NoRate):
        close()
    assert not NettingRun.objects.exists()
    load_rates(content=FRIDAY)
    month = close()
    assert month.run.rates[-1] == {"currency": "SEK", "per_euro": "11.0525", "published_on": "2026-10-30", "source": "ECB"}
    assert "ECB of 2026-10-30" in month.document("A", "SEK")["lines"][-1]["description"]


def test_a_credit_is_converted_the_other_way_round() -> None:
    load_rates(content=FRIDAY + b"2026-11-30,11.0525,0.9312\n")
    some_terms(settle_in="EUR")
    original = charge("B", "A", "1000.00", currency="SEK")
    close()
    credit(original)
    assert close(NOVEMBER, at=CUT_OFF_NOVEMBER).positions() == positions(A="-90.48", B="90.48")


def a_triangle() -> None:
    some_terms()
    charge("A", "B", "100.00")
    charge("B", "A", "60.00")
    charge("B", "C", "50.00")


def test_gross_bilateral_and_multilateral_move_the_same_positions_by_fewer_payments() -> None:
    a_triangle()
    rules(mode="gross")
    month = close()
    assert month.payments() == payments(("A", "B", "100.00"), ("B", "A", "60.00"), ("B", "C", "50.00"))
    assert again(month, mode="bilateral").payments() == payments(("B", "C", "50.00"), ("A", "B", "40.00"))
    last = again(month, mode="multilateral")
    assert last.payments() == payments(("A", "C", "40.00"), ("B", "C", "10.00"))
    assert last.positions() == positions(A="-40.00", B="-10.00", C="50.00")
    assert [(run.attempt, run.mode) for run in NettingRun.objects.order_by("id")] == [
        (1, "gross"),
        (2, "bilateral"),
        (3, "multilateral"),
    ]
    issue(last)


def again(month: Month, **told: object) -> Month:
    run = NettingRun.objects.exclude(state="void").get()
    void_run(run=run, by=MAKER, by_role="maker", reason="another mode", at=CUT_OFF)
    rules(**told)
    return close()


def test_a_party_left_out_settles_gross_and_the_others_net() -> None:
    a_triangle()
    charge("C", "A", "20.00")
    exclude_party(netting_set=the_default_set(), party=a_party("DE-CCC"), reason="insolvent", by=CHECKER, by_role="checker", at=CUT_OFF)
    month = close()
    assert month.payments() == payments(("A", "B", "40.00"), ("B", "C", "50.00"), ("C", "A", "20.00"))
    assert month.positions() == positions(A="-20.00", B="-10.00", C="30.00")
    assert month.run.excluded == ["DE-CCC"]
    include_party(netting_set=the_default_set(), party=a_party("DE-CCC"), by=CHECKER, by_role="checker", at=CUT_OFF)
    assert again(month).payments() == payments(("A", "C", "20.00"), ("B", "C", "10.00"))


def test_what_is_too_small_is_carried_and_paid_with_the_next_month() -> None:
    some_terms()
    rules(de_minimis=Decimal("25.00"))
    charge("A", "B", "24.99")
    charge("A", "C", "25.00")
    october = close()
    assert october.payments() == payments(("A", "C", "25.00"))
    assert october.positions() == positions(A="-25.00", B="0.00", C="25.00")
    assert (october.lines("A", "carry"), october.lines("B", "carry")) == ([Decimal("24.99")], [Decimal("-24.99")])
    charge("B", "A", "5.00", ended_at=datetime(2026, 11, 5, tzinfo=UTC))
    charge("A", "B", "10.00", ended_at=datetime(2026, 11, 5, tzinfo=UTC))
    november = close(NOVEMBER, at=CUT_OFF_NOVEMBER)
    assert november.positions() == positions(A="-29.99", B="29.99")
    assert november.payments() == payments(("A", "B", "29.99"))
    assert november.document("B")["totals"]["carried"] == "24.99"
    with pytest.raises(CannotVoid, match="builds on what run"):
        void_run(run=october.run, by=MAKER, by_role="maker", reason="too early", at=CUT_OFF)
    void_run(run=november.run, by=MAKER, by_role="maker", reason="too early", at=CUT_OFF)
    assert Carry.objects.get().taken_by is None
    assert close(NOVEMBER, at=CUT_OFF_NOVEMBER).positions() == positions(A="-29.99", B="29.99")


def test_a_voided_run_leaves_books_at_zero_and_the_period_open() -> None:
    some_terms(hub_fee=Decimal("0.35"))
    charge("A", "B", "100.00")
    first = close()
    for role, reason, refusal in (("treasurer", "x", RoleMayNot), ("maker", " ", VoidNeedsReason)):
        with pytest.raises(refusal):
            void_run(run=first.run, by=MAKER, by_role=role, reason=reason, at=CUT_OFF)
    void_run(run=first.run, by=MAKER, by_role="maker", reason="fee was wrong", at=CUT_OFF)
    assert {balance.balance_minor for balance in trial_balance()} == {0}
    assert set(Statement.objects.values_list("state", flat=True)) == {"void"}
    charge("A", "B", "1.00")
    second = close()
    assert (second.run.attempt, second.positions()["A"], second.positions()["B"]) == (2, Decimal("-101.00"), Decimal("100.30"))
    issue(second)
    with pytest.raises(CannotVoid, match="only a draft"):
        void_run(run=second.run, by=MAKER, by_role="maker", reason="late", at=CUT_OFF)


def test_midnight_of_the_zone_parts_and_ends_the_month() -> None:
    # finance §7, case 19, and the end of the month with it: November begins at 23:00 UTC in Amsterdam.
    some_terms()
    rules(zone="Europe/Amsterdam")
    charge("A", "B", "1.00", ended_at=datetime(2026, 10, 31, 22, 59, tzinfo=UTC))
    charge("A", "B", "2.00", ended_at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC))
    with pytest.raises(PeriodStillRunning, match="until 2026-10-31 23:00"):
        close(at=datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC))
    month = close(at=datetime(2026, 10, 31, 23, 0, tzinfo=UTC))
    assert month.positions() == positions(A="-1.00", B="1.00")
    assert month.run.ends_at == datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
