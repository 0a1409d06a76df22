"""Operators hear of sessions that owe a CDR, or are stuck open, by mail: once per day of the schedule, their people of finance alone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.mail import EmailMessage
from pytest_django import Settings

from roaming.models import Session
from settlement.control.mail import mail_noted_reminders
from settlement.control.models import CdrReminder
from settlement.control.register import remind
from tests.builders.charges import a_charged_cdr, some_terms
from tests.builders.parties import a_party
from tests.builders.people import someone_of

pytestmark = pytest.mark.django_db

ENDED_AT = datetime(2026, 10, 5, 11, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def owed() -> None:
    """Two sessions of DE-ALF: one ended and owes its CDR, one is open since; 20 kWh for 10.00 EUR is the pair's price."""
    some_terms()
    for number, status in enumerate(("COMPLETED", "ACTIVE"), start=1):
        cdr = a_charged_cdr(net="10.00", ended_at=ENDED_AT)
        Session.objects.filter(session_id=cdr.session_id).update(session_id=f"LOST-{number}", session_key=f"LOST-{number}", status=status)


def test_one_mail_names_every_session_and_the_money(mailoutbox: list[EmailMessage]) -> None:
    someone_of(a_party("DE-ALF"))
    someone_of(a_party("DE-ALF"), role="partner-technical")
    someone_of(a_party("NL-BET"))
    for day in (3, 4, 7):
        at = ENDED_AT + timedelta(days=day, hours=1)
        remind(at=at)
        mail_noted_reminders(at=at)
        mail_noted_reminders(at=at)
    assert [mail.to for mail in mailoutbox] == [["partner-finance.de-alf@example.org"]] * 2  # day 3 and day 7
    text = str(mailoutbox[0].body)
    assert mailoutbox[0].subject == "DE-ALF: 2 sessions without a CDR"
    assert "- LOST-1 for NL-BET: ended 2026-10-05 11:00 UTC, 20 kWh, about 10.00 EUR" in text
    assert "- LOST-2 for NL-BET: open since 2026-10-05 10:00 UTC, 20 kWh" in text
    assert "CARD" not in text


def test_what_could_not_be_sent_waits_for_the_next_hour(settings: Settings, mailoutbox: list[EmailMessage]) -> None:
    at = ENDED_AT + timedelta(days=3, hours=1)
    remind(at=at)
    assert mail_noted_reminders(at=at) == 0  # nobody there yet
    someone_of(a_party("DE-ALF"))
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", 1
    assert mail_noted_reminders(at=at) == 0
    assert not CdrReminder.objects.exclude(mailed_at=None).exists()
    settings.EMAIL_BACKEND = working
    assert mail_noted_reminders(at=at) == 1
    assert len(mailoutbox) == 1
