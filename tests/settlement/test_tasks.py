"""Recurring work may run twice and be missed once."""

from datetime import UTC, datetime

import pytest

from settlement.clearing.models import Charge, ClearingCursor, DayTotal
from settlement.tasks import clear_cdrs, roll_up_days, verify_books
from tests.builders.charges import a_charged_cdr, some_terms

pytestmark = pytest.mark.django_db


def test_clearing_rolling_up_and_verifying_twice_is_doing_it_once(caplog: pytest.LogCaptureFixture) -> None:
    some_terms()
    a_charged_cdr(ended_at=datetime.now(UTC))
    for task in (clear_cdrs, roll_up_days, verify_books) * 2:
        task()
    assert Charge.objects.count() == 1
    assert DayTotal.objects.count() == 1
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


def test_the_night_finds_what_the_cursor_passed_unseen() -> None:
    some_terms()
    cdr = a_charged_cdr(ended_at=datetime.now(UTC))
    ClearingCursor.objects.create(seen_up_to=cdr.pk)
    clear_cdrs()
    assert not Charge.objects.exists()
    roll_up_days()
    assert Charge.objects.get().cdr == cdr
