"""Remind operators by mail of sessions that owe a CDR or are stuck open: one mail each, to their people of finance.

A reminder counts as mailed before it leaves, and as not mailed where handing it over failed: a worker that dies in between costs one
mail, and the next of the three days brings another. An operator without people is asked for again every hour, for a week.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.contrib.auth import get_user_model
from django.core.mail import send_mail

from roaming.models import Party
from settlement.control.models import CdrReminder

logger = logging.getLogger(__name__)

_ROLES = ("partner-finance", "partner-admin")
_OLDEST = timedelta(days=7)
_MOST_LINES = 200


def mail_noted_reminders(*, at: datetime) -> int:
    """This function will mail what was noted and not mailed, and return how many operators were written to."""
    waiting: dict[int, list[CdrReminder]] = defaultdict(list)
    rows = CdrReminder.objects.filter(mailed_at=None, reminded_at__gt=at - _OLDEST)
    for reminder in rows.select_related("session__provider").order_by("kind", "session__started_at", "id"):
        waiting[reminder.session.owner_id].append(reminder)
    return sum(_mail(operator, reminders, at) for operator, reminders in sorted(waiting.items()))


def _mail(operator: int, reminders: Sequence[CdrReminder], at: datetime) -> bool:
    to = people_of_finance(party=operator)
    if not to:
        return False
    taken = [reminder for reminder in reminders if CdrReminder.objects.filter(pk=reminder.pk, mailed_at=None).update(mailed_at=at)]
    if not taken:  # another worker was quicker
        return False
    party = Party.objects.get(pk=operator)
    subject = f"{party.key}: {len(taken)} session{'s' if len(taken) > 1 else ''} without a CDR"
    try:
        for address in to:  # each alone: colleagues need not see each other's addresses
            send_mail(subject, _text(party, taken), None, [address])
    except (SMTPException, OSError) as failed:
        CdrReminder.objects.filter(pk__in=[reminder.pk for reminder in taken]).update(mailed_at=None)
        logger.warning("reminders could not be mailed", extra={"party": str(party.key), "problem": type(failed).__name__})
        return False
    return True


def people_of_finance(*, party: int) -> list[str]:
    """This function will return the addresses of a party's (by its row) people of finance, those that can come in, in order."""
    people = get_user_model().objects.filter(is_active=True, memberships__party=party, memberships__role__in=_ROLES)
    return sorted(set(people.values_list("email", flat=True)))


def _text(party: Party, reminders: Sequence[CdrReminder]) -> str:
    lines = [_line(reminder) for reminder in reminders[:_MOST_LINES]]
    more = [f"and {len(reminders) - _MOST_LINES} more"] if len(reminders) > _MOST_LINES else []
    return "\n".join(
        (
            f"The hub knows of sessions at charge points of {party.key} that still need your word.",
            "",
            *lines,
            *more,
            "",
            "Ended: please send the CDR, also one of nothing where nothing is to be paid; providers may refuse what comes too late.",
            "Open and silent: please end the session, or tell its state.",
            "You are reminded after 3, 7 and 14 days.",
        )
    )


def _line(reminder: CdrReminder) -> str:
    session = reminder.session
    worth = "" if reminder.estimate is None else f", about {reminder.estimate:.2f} {reminder.currency}"
    energy = f"{session.energy_kwh.normalize():f} kWh"
    if reminder.kind == CdrReminder.Kind.STUCK:
        return f"- {session.session_id} for {session.provider.key}: open since {session.started_at:%Y-%m-%d %H:%M} UTC, {energy}{worth}"
    return f"- {session.session_id} for {session.provider.key}: ended {session.ended_at:%Y-%m-%d %H:%M} UTC, {energy}{worth}"
