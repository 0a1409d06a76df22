"""A period is closed once, and every CDR is in exactly one period's totals, however many hands work at once."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, connections
from django.db.models import Sum

from roaming import canonical
from settlement.clearing.clear import clear_everything, clear_pending
from settlement.clearing.models import Charge, DayTotal, Hold
from settlement.clearing.roll_up import RecountDiffers, differing_days, roll_up
from settlement.ledger.balances import trial_balance
from settlement.ledger.verify import verify_ledger
from settlement.models import Entry, NettingRun, PairTotal
from settlement.netting.close import PeriodStillRunning, WrongCycle, close_period, preview_period
from settlement.netting.describe import describe_run
from settlement.terms.agree import find_or_make_set
from tests.builders.charges import CUT_OFF, OCTOBER, a_charged_cdr, some_terms, the_default_set
from tests.builders.months import charge, close


@pytest.mark.django_db
class TestClose:
    @pytest.fixture(autouse=True)
    def terms(self) -> None:
        some_terms(hub_fee=Decimal("0.35"))

    def test_refuses_a_month_that_is_not_over(self) -> None:
        with pytest.raises(PeriodStillRunning, match="2026-10 runs until 2026-11-01 00:00"):
            close(at=OCTOBER.ends_at - timedelta(microseconds=1))

    def test_refuses_a_week_of_a_monthly_set(self) -> None:
        with pytest.raises(WrongCycle):
            close(canonical.Period.parse("2026-W41"))

    def test_closes_weeks_of_a_weekly_set(self) -> None:
        weekly = find_or_make_set(name="weeks", cycle="weekly")
        some_terms(starts=datetime(2025, 1, 1).date(), ends=datetime(2026, 1, 1).date(), netting_set="weeks")
        a_charged_cdr(ended_at=datetime(2025, 10, 12, 23, 59, tzinfo=UTC))
        a_charged_cdr(ended_at=datetime(2025, 10, 13, 0, 0, tzinfo=UTC))
        run = close_period(netting_set=weekly, period=canonical.Period.parse("2025-W41"), by="", at=CUT_OFF)
        assert run.cdr_count == 1

    def test_books_balance_and_say_the_positions(self) -> None:
        charge("M", "P", "100.00", vat="19.00")
        charge("P", "M", "60.00")
        month = close()
        balances = {(balance.party, balance.kind): balance.balance_minor for balance in trial_balance()}
        assert sum(balances.values()) == 0
        assert balances[None, "fee_income"] == -70
        assert month.positions()["P"] == Decimal("58.65")

    def test_counts_what_is_held_and_leaves_it_out(self) -> None:
        charge("M", "P", "100.00")
        charge("M", "P", "7.00", known=False)
        month = close()
        assert (month.run.cdr_count, month.run.held_count, month.positions()["M"]) == (1, 1, Decimal("-100.00"))

    def test_an_empty_month_closes_too(self) -> None:
        month = close()
        assert (month.run.cdr_count, month.run.figures, describe_run(run=month.run)["sum"]) == (0, {}, "0.00")

    def test_several_currencies_have_a_sum_each(self) -> None:
        charge("M", "P", "100.00")
        charge("M", "P", "100.00", currency="SEK")
        assert describe_run(run=close().run)["sum"] == {"EUR": "0.00", "SEK": "0.00"}

    def test_a_preview_leaves_no_trace(self) -> None:
        charge("M", "P", "100.00")
        seen = preview_period(netting_set=the_default_set(), period=OCTOBER, at=OCTOBER.starts_at, look=lambda run: describe_run(run=run))
        assert seen["cdrs"] == 1
        for model in (Charge, DayTotal, Entry, NettingRun, PairTotal):
            assert not model.objects.exists()


@pytest.mark.django_db
class TestRollUp:
    @pytest.fixture(autouse=True)
    def charged(self) -> None:
        some_terms()
        charge("M", "P", "100.00")
        charge("M", "P", "50.00", ended_at=datetime(2026, 10, 6, 12, 0, tzinfo=UTC))
        clear_everything(at=CUT_OFF)

    def test_rolls_up_only_the_days_that_differ(self) -> None:
        default = the_default_set().pk
        assert roll_up(netting_set=default, period="2026-10") == 2
        assert roll_up(netting_set=default, period="2026-10") == 0
        charge("M", "P", "1.00")
        clear_everything(at=CUT_OFF)
        assert [day.isoformat() for day in differing_days(netting_set=default, period="2026-10")] == ["2026-10-05"]
        assert roll_up(netting_set=default, period="2026-10") == 1

    def test_a_day_total_that_lies_is_mended_before_the_close(self) -> None:
        default = the_default_set().pk
        roll_up(netting_set=default, period="2026-10")
        DayTotal.objects.filter(booked_on="2026-10-05").update(net=99, gross=99)
        assert close().positions()["P"] == Decimal("150.00")

    def test_the_same_sums_between_other_parties_are_not_the_same(self) -> None:
        charge("M", "Q", "7.00")
        clear_everything(at=CUT_OFF)
        default = the_default_set().pk
        roll_up(netting_set=default, period="2026-10")
        to_p, to_q = DayTotal.objects.filter(booked_on="2026-10-05").order_by("gross").reverse()
        DayTotal.objects.filter(pk=to_p.pk).update(net=to_q.net, vat=to_q.vat, gross=to_q.gross)
        DayTotal.objects.filter(pk=to_q.pk).update(net=to_p.net, vat=to_p.vat, gross=to_p.gross)
        assert close().positions()["P"] == Decimal("150.00")

    def test_totals_that_never_agree_stop_the_close(self) -> None:
        # What could do that: something writes day totals behind the gate. Here a trigger plays it.
        with connection.cursor() as cursor:
            cursor.execute("CREATE FUNCTION lie() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.count := NEW.count + 1; RETURN NEW; END'")
            cursor.execute("CREATE TRIGGER lie BEFORE INSERT ON settlement_daytotal FOR EACH ROW EXECUTE FUNCTION lie()")
        with pytest.raises(RecountDiffers, match="2026-10-05, 2026-10-06"):
            close()
        assert not NettingRun.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestManyHands:
    @pytest.fixture(autouse=True)
    def terms(self) -> None:
        some_terms(hub_fee=Decimal("0.01"))

    def test_two_closes_at_once_are_one_run(self) -> None:
        charge("M", "P", "100.00")
        runs: list[int] = []
        together(*[lambda: runs.append(close().run.pk)] * 2)
        assert len(runs) == 2
        assert len(set(runs)) == 1
        assert NettingRun.objects.count() == 1

    def test_two_workers_never_charge_twice(self) -> None:
        for _ in range(30):
            charge("M", "P", "1.00")
        together(*[lambda: [clear_pending(at=CUT_OFF, limit=7) for _ in range(6)]] * 3)
        clear_everything(at=CUT_OFF)
        assert Charge.objects.count() == 30

    def test_intake_that_races_with_closes_lands_in_exactly_one_period(self) -> None:
        # finance §7, case 20: CDRs keep arriving while the two months before this one are closed.
        now = datetime.now(UTC)
        later = canonical.Period.month_of(canonical.Period.month_of(now).starts_at - timedelta(days=1))
        earlier = canonical.Period.month_of(later.starts_at - timedelta(days=1))

        def receive() -> None:
            for number in range(24):
                ended = (earlier, later)[number % 2].ends_at - timedelta(hours=number + 1)
                charge("M", "P", "1.00", ended_at=ended, received_at=datetime.now(UTC))
                clear_pending(at=now)

        def close_both() -> None:
            close(earlier, at=now)
            close(later, at=now)

        together(receive, receive, close_both)
        clear_everything(at=now)
        assert Charge.objects.count() == 48
        assert not Hold.objects.exists()
        close(later.next(), at=later.next().ends_at)
        counted = PairTotal.objects.aggregate(count=Sum("count"), net=Sum("exact_net"))
        assert (counted["count"], counted["net"]) == (48, Decimal("48.0000"))
        assert verify_ledger().ok


def together(*works: Callable[[], object]) -> None:
    """This function will run pieces of work at the same moment, each on a connection of its own, and raise what one of them raised."""
    failed: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait()
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
