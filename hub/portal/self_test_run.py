"""Run a self-test: asked for in the portal, done by a worker, kept with its report."""

from datetime import datetime

import msgspec
from django.db import IntegrityError, transaction
from django.utils import timezone

from hub.portal.models import SelfTest
from roaming.models import Platform
from roaming.parties import directory
from roaming.protocols.ocpi.partner_checks import NotConnected, check_partner


class SelfTestRunning(Exception):
    """The platform is being asked already."""


def ask_self_test(*, platform: Platform, by: str, at: datetime) -> SelfTest:
    """This function will note that a platform is to be asked; it raises SelfTestRunning."""
    try:
        with transaction.atomic():
            return SelfTest.objects.create(platform=platform, asked_by=by, asked_at=at)
    except IntegrityError as running:
        raise SelfTestRunning("this platform is being asked already") from running


def run_next(*, at: datetime) -> SelfTest | None:
    """This function will run one self-test that waits, and return it with its report, or None where none waits."""
    with transaction.atomic():
        test = SelfTest.objects.select_for_update(skip_locked=True).filter(finished_at=None).order_by("pk").first()
        if test is None:
            return None
        # Ended before it begins: a worker that dies leaves a test without a report, and the partner asks again.
        test.finished_at, test.problem = at, "interrupted"
        test.save(update_fields=["finished_at", "problem"])
    try:
        checks = check_partner(platform_id=test.platform_id, directory=directory.current())
    except NotConnected as refusal:
        test.problem = str(refusal)[:300]
    else:
        test.problem, test.report = "", [msgspec.to_builtins(check) for check in checks]
    test.finished_at = timezone.now()
    test.save(update_fields=["finished_at", "problem", "report"])
    return test
