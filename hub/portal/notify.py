"""Tell a party that a statement is there: by e-mail to its finance people, and by a signed call to its own software.

First a row, then the telling: what fails is tried again, later each time, and nothing is told twice on purpose. A webhook goes through
the hub's one door out, within the hosts approved for the party's platform, and is signed: `v1=` and HMAC-SHA256, hex, over the
timestamp, a point and the body.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from hub.portal.models import Preference, StatementNotice, Webhook
from hub.users.models import User
from hub.users.permissions import Action, roles_that_may
from roaming.egress import Call, EgressError, send
from roaming.parties.keys import SealBroken, key_ring
from settlement.models import Statement

# Statements older than this are not announced: whoever sets a webhook today does not hear of last year.
_RECENT = timedelta(days=3)
_MOST_ATTEMPTS = 8
_FIRST_WAIT = timedelta(minutes=1)
_DEADLINE_SECONDS = 10.0
_BATCH = 50


def note_statements(*, at: datetime) -> int:
    """This function will write down whom to tell of newly issued statements, and return how many tellings that makes."""
    fresh = Statement.objects.filter(state=Statement.State.ISSUED, issued_at__gt=at - _RECENT).select_related("party")
    silent = set(Preference.objects.filter(tells_statements=False).values_list("user__email", flat=True))
    made = 0
    for statement in fresh.exclude(pk__in=StatementNotice.objects.values("statement_id")):
        mails = [
            StatementNotice(statement=statement, way=StatementNotice.Way.MAIL, recipient=email, next_at=at)
            for email in _finance_people(statement)
            if email not in silent
        ]
        hooks = [
            StatementNotice(statement=statement, way=StatementNotice.Way.WEBHOOK, recipient=hook.url, next_at=at)
            for hook in Webhook.objects.filter(party=statement.party)
        ]
        made += len(StatementNotice.objects.bulk_create([*mails, *hooks], ignore_conflicts=True))
    return made


def tell_due(*, at: datetime) -> int:
    """This function will tell what is due, and return how many were told."""
    due = list(
        StatementNotice.objects.filter(told_at=None, next_at__lte=at, attempts__lt=_MOST_ATTEMPTS)
        .order_by("next_at")
        .values_list("pk", flat=True)[:_BATCH]
    )
    return sum(_tell(number, at) for number in due)


def _tell(number: int, at: datetime) -> bool:
    with transaction.atomic():
        notice = (
            StatementNotice.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("statement__party", "statement__run")
            .filter(pk=number, told_at=None, next_at__lte=at)
            .first()
        )
        if notice is None:
            return False
        # Taken for this try before anything leaves: a worker that dies here costs one wait.
        wait = _FIRST_WAIT * 4**notice.attempts
        StatementNotice.objects.filter(pk=number).update(attempts=F("attempts") + 1, next_at=at + wait)
    problem = _mail(notice) if notice.way == StatementNotice.Way.MAIL else _call(notice, at)
    StatementNotice.objects.filter(pk=number).update(problem=problem[:200], told_at=None if problem else timezone.now())
    return not problem


def _finance_people(statement: Statement) -> Iterable[str]:
    roles = roles_that_may(Action.SEE_OWN_STATEMENTS)
    people = User.objects.filter(is_active=True, memberships__party=statement.party, memberships__role__in=roles)
    return people.order_by("email").values_list("email", flat=True)


def _mail(notice: StatementNotice) -> str:
    kept = Preference.objects.filter(user__email__iexact=notice.recipient).first()
    with translation.override(kept.language if kept is not None and kept.language else settings.LANGUAGE_CODE):
        told = {"statement": notice.statement, "url": _address(notice.statement)}
        subject = translation.gettext("Statement %(number)s is ready") % {"number": notice.statement.number}
        text = render_to_string("portal/statement_mail.txt", told)
    try:
        send_mail(subject, text, None, [notice.recipient])
    except (SMTPException, OSError) as failed:
        return f"{type(failed).__name__}: the mail could not be handed over"
    return ""


def _call(notice: StatementNotice, at: datetime) -> str:
    hook = Webhook.objects.filter(party=notice.statement.party, url=notice.recipient).first()
    if hook is None:
        return "the webhook was changed meanwhile"
    try:
        secret = key_ring().open(sealed=bytes(hook.sealed_secret), row_key=hook.row_key)
    except SealBroken:
        return "the secret of the webhook cannot be read: set the webhook again"
    stamp, body = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", _body(notice.statement)
    headers = {
        "Content-Type": "application/json",
        "Roamhouse-Timestamp": stamp,
        "Roamhouse-Signature": sign_call(secret=secret, stamp=stamp, body=body),
    }
    try:
        answer = send(
            Call(
                platform_id=hook.platform_id,
                purpose="push",
                method="POST",
                url=hook.url,
                headers=headers,
                body=body,
                deadline_seconds=_DEADLINE_SECONDS,
            )
        )
    except EgressError as failed:
        return f"{type(failed).__name__}: {failed}"
    return "" if 200 <= answer.status < 300 else f"answered with HTTP {answer.status}"


def sign_call(*, secret: str, stamp: str, body: bytes) -> str:
    """This function will return the signature of a call: `v1=` and HMAC-SHA256, hex, over timestamp, point and body."""
    return f"v1={hmac.new(secret.encode(), stamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


def _body(statement: Statement) -> bytes:
    return json.dumps(
        {
            "event": "statement.ready",
            "statement": statement.number,
            "party": str(statement.party.key),
            "period": statement.run.period,
            "currency": statement.currency,
            "net": f"{statement.net:f}",
            "url": _address(statement),
        }
    ).encode()


def _address(statement: Statement) -> str:
    return f"{settings.HUB_PUBLIC_URL}{reverse('portal:statement', args=[statement.pk])}"
