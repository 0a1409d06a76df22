"""A close can be killed at any moment and is taken up where it was: one run, each piece done once, nothing lost."""

import os
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from settlement.ledger.verify import BooksBroken, Verification, keep_verification, verify_ledger
from settlement.models import CloseStep, DayTotal, Entry, NettingRun, Statement
from settlement.netting.progress import DAY, add_steps, claim, list_progress, list_unfinished
from tests.builders.charges import CUT_OFF, OCTOBER, some_terms, the_default_set
from tests.builders.months import charge, close

FIRST = datetime(2026, 10, 1, 11, 0, tzinfo=UTC)


@pytest.mark.django_db
class TestClose:
    def test_shows_its_pieces_and_how_they_went(self) -> None:
        some_terms()
        charge("A", "B", "1.00", ended_at=FIRST)
        charge("A", "B", "2.00", ended_at=FIRST + timedelta(days=6))
        close()
        told = [(step.step, step.subject, step.state) for step in list_progress(netting_set=the_default_set(), period="2026-10")]
        assert told == [("clear", "", "done"), ("day", "2026-10-01", "done"), ("day", "2026-10-07", "done"), ("net", "", "done")]
        assert list_unfinished() == []

    def test_a_piece_that_fails_says_why_and_leaves_nothing_behind(self) -> None:
        some_terms()
        work: dict[str, Any] = {"netting_set": the_default_set(), "period": "2026-10", "attempt": 1}
        add_steps(**work, step=DAY, subjects=["2026-10-01"])
        for tried in range(1, 6):
            with pytest.raises(ZeroDivisionError), claim(**work, step=DAY, at=CUT_OFF):
                CloseStep.objects.create(**work, step="x", subject=f"{1 / 0}")
            (piece,) = CloseStep.objects.all()
            assert (piece.tries, piece.error, piece.state) == (tried, "division by zero", "failed" if tried == 5 else "todo")
        with claim(**work, step=DAY, at=CUT_OFF) as piece_left:
            assert piece_left is None

    def test_books_that_were_found_broken_stop_it_until_they_are_right(self) -> None:
        some_terms()
        keep_verification(verification=Verification(ok=False, records=1, head="", broken="entry x does not fit its seal"), at=CUT_OFF)
        with pytest.raises(BooksBroken, match="entry x does not fit its seal"):
            close()
        keep_verification(verification=verify_ledger(), at=CUT_OFF)
        assert close().run.attempt == 1


@pytest.mark.django_db(transaction=True)
class TestKilled:
    def test_at_any_moment_leaves_one_run_and_every_day_once(self) -> None:
        some_terms()
        for day in range(20):
            charge("A", "B", "1.00", ended_at=FIRST + timedelta(days=day))
        for milliseconds in (10, 60, 150, 260):
            kill_after(milliseconds)
            assert NettingRun.objects.count() == Statement.objects.values("run").distinct().count()
        run = close().run
        assert (NettingRun.objects.get(), run.cdr_count) == (run, 20)
        assert Entry.objects.count() == 1
        assert DayTotal.objects.filter(period=OCTOBER.name).count() == 20
        steps = list_progress(netting_set=the_default_set(), period="2026-10")
        assert {step.state for step in steps} == {"done"}
        assert all(step.tries == 1 for step in steps if step.step == DAY)
        assert verify_ledger().ok


def kill_after(milliseconds: int) -> None:
    """This function will close in a process of its own and kill it after a while, as a machine that loses power does."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            close()
        finally:
            os._exit(0)
    time.sleep(milliseconds / 1000)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
