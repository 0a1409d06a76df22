"""Recurring work of the people's doors. As everywhere: PostgreSQL holds the work, a task may run twice or be missed."""

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from hub.closing.work import close_next
from hub.directory.levels import add_up
from hub.portal.export_write import forget_old, write_next
from hub.portal.notify import note_statements, tell_due
from hub.portal.self_test_run import run_next
from hub.users.forgotten import send_links

logger = logging.getLogger(__name__)

_MOST_EXPORTS = 5
_MOST_TESTS = 5
# A month of millions of CDRs takes longer than any other task may; cut off, the close goes on where it was.
_LONGEST_CLOSE_SECONDS = 4 * 3600


@shared_task
def write_exports(**_: Any) -> None:
    """This function will write the exports that wait, some at a time."""
    for _number in range(_MOST_EXPORTS):
        export = write_next(at=timezone.now())
        if export is None:
            return
        logger.info("export written", extra={"export": str(export.pk), "state": export.state, "rows": export.rows})


@shared_task
def forget_exports(**_: Any) -> None:
    """This function will delete the files of exports that are a week old (nightly)."""
    forget_old(at=timezone.now())


@shared_task
def run_self_tests(**_: Any) -> None:
    """This function will run the self-tests that wait, some at a time."""
    for _number in range(_MOST_TESTS):
        test = run_next(at=timezone.now())
        if test is None:
            return
        logger.info("self-test done", extra={"platform": test.platform_id, "checks": len(test.report)})


@shared_task
def tell_of_statements(**_: Any) -> None:
    """This function will tell parties of statements that were issued, by e-mail and webhook."""
    noted, told = note_statements(at=timezone.now()), tell_due(at=timezone.now())
    if noted or told:
        logger.info("statements announced", extra={"noted": noted, "told": told})


@shared_task(soft_time_limit=_LONGEST_CLOSE_SECONDS, time_limit=_LONGEST_CLOSE_SECONDS + 60)
def close_periods(**_: Any) -> None:
    """This function will close the periods that somebody asked for on the board, one after the other."""
    while (request := close_next(at=timezone.now())) is not None:
        logger.info("close ended", extra={"period": request.period, "state": request.state})


@shared_task
def send_password_links(**_: Any) -> None:
    """This function will send the links that people asked for who forgot their password."""
    sent = send_links(at=timezone.now())
    if sent:
        logger.info("password links sent", extra={"links": sent})


@shared_task
def add_up_service(**_: Any) -> None:
    """This function will add up what the hub did since the latest minute, for the status page."""
    add_up(at=timezone.now())
