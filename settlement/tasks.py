"""Recurring work of money. Each task may run twice at once or be missed once: PostgreSQL holds the work, unique keys the effect."""

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from settlement.clearing.clear import BATCH, clear_pending
from settlement.clearing.roll_up import list_open_periods, roll_up
from settlement.control.mail import mail_noted_reminders
from settlement.control.market import measure_market
from settlement.control.register import remind
from settlement.disputes.escalate import escalate_overdue
from settlement.documents.reconcile import keep_missing_records
from settlement.documents.seal_runs import seal_runs
from settlement.documents.store import STORED_FORMATS, store_document
from settlement.ledger.verify import keep_verification, verify_ledger
from settlement.payments.dun import dun
from settlement.payments.mail import mail_letters
from settlement.statements.models import Statement

logger = logging.getLogger(__name__)

# A run of the task ends before the next one begins; what is left waits fifteen seconds.
_MOST_BATCHES = 20
_MOST_DOCUMENTS = 40


@shared_task
def clear_cdrs(**_: Any) -> None:
    """This function will clear what was sealed since the last time, in batches; where another worker clears, it leaves."""
    charged = held = 0
    for _batch in range(_MOST_BATCHES):
        cleared = clear_pending(at=timezone.now())
        charged, held = charged + cleared.charged, held + cleared.held
        if cleared.total < BATCH:
            break
    if charged or held:
        logger.info("CDRs cleared", extra={"charged": charged, "held": held})


@shared_task
def roll_up_days(**_: Any) -> None:
    """This function will bring the day totals of open periods up to their charges (nightly; a close does the rest).

    Before that it looks at every CDR there is, so that none which the cursor passed unseen stays unseen for longer than a day.
    """
    while clear_pending(at=timezone.now(), wait=True, from_the_start=True).total == BATCH:
        continue
    since = timezone.now().date() - timedelta(days=8)
    for netting_set, period in list_open_periods(charged_since=since):
        days = roll_up(netting_set=netting_set, period=period)
        logger.info("days rolled up", extra={"period": period, "days": days})


@shared_task
def render_documents(**_: Any) -> None:
    """This function will seal issued runs and write files of statements that have none yet, some at a time; no download waits for it."""
    seal_runs(at=timezone.now())
    keep_missing_records()
    left = _MOST_DOCUMENTS
    for format in STORED_FORMATS:
        missing = Statement.objects.filter(state=Statement.State.ISSUED).exclude(documents__format=format)
        for statement in missing.select_related("run__netting_set", "party").order_by("id")[:left]:
            store_document(statement=statement, format=format)
            left -= 1


@shared_task
def verify_books(**_: Any) -> None:
    """This function will walk the whole ledger (nightly), note what it found, and log an error that names what is broken.

    What was found broken stops every close until a later walk finds nothing.
    """
    verification = verify_ledger()
    keep_verification(verification=verification, at=timezone.now())
    if verification.ok:
        logger.info("ledger verified", extra={"records": verification.records, "head": verification.head})
    else:
        logger.error("ledger broken", extra={"broken": verification.broken})


@shared_task
def mail_reminders(**_: Any) -> None:
    """This function will mail the reminders that were noted and not mailed yet, one mail per operator, and released letters (hourly)."""
    letters = mail_letters(at=timezone.now())
    if letters:
        logger.info("dunning letters mailed", extra={"letters": letters})
    mailed = mail_noted_reminders(at=timezone.now())
    if mailed:
        logger.info("reminders mailed", extra={"operators": mailed})


@shared_task
def watch_deadlines(**_: Any) -> None:
    """This function will note reminders for CDRs that are owed (day 3, 7, 14) and hand overdue disputes to the arbiter (daily).

    It measures the usual prices per kWh, too.
    """
    now = timezone.now()
    measure_market(at=now)
    dunned = dun(at=now)
    if dunned:
        logger.info("payments overdue", extra={"new_stages": len(dunned)})
    reminded, escalated = remind(at=now), escalate_overdue(at=now)
    if reminded or escalated:
        logger.info("deadlines passed", extra={"cdr_reminders": len(reminded), "disputes_escalated": len(escalated)})
