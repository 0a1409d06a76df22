"""Dunning letters: drafted with each stage, released or withheld by a person, and then never changed.

A letter says what is open on the day of its release: what was paid meanwhile is not asked for, and a letter about nothing is refused.
It asks for interest from the second stage on, by the terms of the two parties. Interest is a claim of the letter; no book knows of it.
"""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import msgspec
from django.db import transaction

from roaming import canonical
from roaming.models import Party
from settlement.netting.models import PlannedPayment
from settlement.netting.references import reference_of
from settlement.payments.models import DunningLetter, DunningNotice
from settlement.payments.queries import Standing, list_standings
from settlement.statements.content import PartyDetails, details_on_paper
from settlement.terms.models import SettlementTerms
from settlement.terms.queries import NoTermsInForce, terms_in_force
from settlement.terms.rights import require

GRACE_DAYS = {1: 7, 2: 7, 3: 5, 4: 0}
INTEREST_FROM_STAGE = 2
_State = DunningLetter.State


class NoSuchLetter(Exception):
    """There is no letter of that number."""


class LetterDecided(Exception):
    """The letter was released or withheld before: nothing is sent twice."""


class NothingOpen(Exception):
    """The payment is not overdue any more, or a later letter took this one's place."""


class WithholdingNeedsReason(Exception):
    """Who withholds a letter says why."""


class LetterContent(msgspec.Struct, frozen=True):
    """What a letter says. Amounts are text; `due_on` is when the payment was due, `pay_by` when the letter asks for it."""

    stage: int
    period: str
    creditor: PartyDetails
    debtor: PartyDetails
    currency: str
    planned: str
    received: str
    open: str
    interest: str
    interest_percent: str
    total: str
    due_on: date
    days_overdue: int
    written_on: date
    pay_by: date
    reference: str


def draft_letters(*, at: datetime) -> int:
    """This function will draft the letter of each notice that has none, withhold drafts that a later stage took over, and count the new."""
    waiting = DunningNotice.objects.filter(letter=None).order_by("id")
    made = DunningLetter.objects.bulk_create([DunningLetter(notice=notice) for notice in waiting], ignore_conflicts=True)
    for notice in waiting.model.objects.filter(pk__in=[letter.notice_id for letter in made]):
        DunningLetter.objects.filter(notice__payment=notice.payment_id, notice__stage__lt=notice.stage, state=_State.DRAFT).update(
            state=_State.WITHHELD, reason=f"stage {notice.stage} took over", decided_at=at
        )
    return len(made)


def release_letter(*, letter_id: int, by: str, by_role: str, at: datetime) -> DunningLetter:
    """This function will freeze what a letter says on this day and let it go, once.

    It raises RoleMayNot, NoSuchLetter, LetterDecided, and NothingOpen where the payment came meanwhile.
    """
    require(action="release_letter", role=by_role, by=by)
    with transaction.atomic():
        letter = _draft(letter_id)
        payment = letter.notice.payment
        (standing,) = list_standings(payments=[payment], on=at.date())
        if not standing.open or not standing.days_overdue:
            raise NothingOpen(f"payment {payment.pk} is not overdue any more: withhold the letter")
        letter.content = msgspec.json.encode(_content(letter.notice, standing, at), order="sorted").decode()
        letter.state, letter.decided_by, letter.decided_at = _State.RELEASED, by, at
        letter.save(update_fields=["content", "state", "decided_by", "decided_at"])
    return letter


def withhold_letter(*, letter_id: int, reason: str, by: str, by_role: str, at: datetime) -> DunningLetter:
    """This function will keep a letter from going out; it raises RoleMayNot, NoSuchLetter, LetterDecided, WithholdingNeedsReason."""
    require(action="release_letter", role=by_role, by=by)
    if not reason.strip():
        raise WithholdingNeedsReason("who withholds a letter says why: --reason …")
    with transaction.atomic():
        letter = _draft(letter_id)
        letter.state, letter.reason, letter.decided_by, letter.decided_at = _State.WITHHELD, reason.strip()[:300], by, at
        letter.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    return letter


def get_letter(*, letter_id: int) -> DunningLetter:
    """This function will return a letter with its payment; it raises NoSuchLetter."""
    found = DunningLetter.objects.select_related("notice__payment__run", "notice__payment__payer", "notice__payment__payee")
    letter = found.filter(pk=letter_id).first()
    if letter is None:
        raise NoSuchLetter(f"there is no letter {letter_id}")
    return letter


def content_of(*, letter: DunningLetter, at: datetime) -> LetterContent:
    """This function will return what a letter says: as released, or of a draft what it would say on this day; it raises NothingOpen."""
    if letter.content:
        return msgspec.json.decode(letter.content, type=LetterContent)
    (standing,) = list_standings(payments=[letter.notice.payment], on=at.date())
    if not standing.open or not standing.days_overdue:
        raise NothingOpen(f"payment {letter.notice.payment_id} is not overdue any more")
    return _content(letter.notice, standing, at)


def interest_of(*, amount: Decimal, percent: Decimal, days: int, currency: str) -> Decimal:
    """This function will return simple interest: `percent` a year of 365 days, rounded once, half away from zero."""
    exact = amount * percent * days / Decimal(36500)
    return exact.quantize(Decimal(1).scaleb(-canonical.exponent(currency)), rounding=ROUND_HALF_UP)


def _draft(letter_id: int) -> DunningLetter:
    if not DunningLetter.objects.select_for_update().filter(pk=letter_id).exists():
        raise NoSuchLetter(f"there is no letter {letter_id}")
    letter = get_letter(letter_id=letter_id)
    if letter.state != _State.DRAFT:
        raise LetterDecided(f"letter {letter_id} is {letter.state}{f': {letter.reason}' if letter.reason else ''}")
    return letter


def _content(notice: DunningNotice, standing: Standing, at: datetime) -> LetterContent:
    payment, on = standing.payment, at.date()
    assert standing.due_on is not None  # or it would not be overdue
    percent = _percent(payment) if notice.stage >= INTEREST_FROM_STAGE else Decimal(0)
    interest = interest_of(amount=standing.open, percent=percent, days=standing.days_overdue, currency=payment.currency)
    decimals = canonical.exponent(payment.currency)
    return LetterContent(
        stage=notice.stage,
        period=payment.run.period,
        creditor=details_on_paper(payment.payee),
        debtor=details_on_paper(payment.payer),
        currency=payment.currency,
        planned=f"{payment.amount:.{decimals}f}",
        received=f"{standing.paid:.{decimals}f}",
        open=f"{standing.open:.{decimals}f}",
        interest=f"{interest:.{decimals}f}",
        interest_percent=f"{percent:.2f}",
        total=f"{standing.open + interest:.{decimals}f}",
        due_on=standing.due_on,
        days_overdue=standing.days_overdue,
        written_on=on,
        pay_by=on + timedelta(days=GRACE_DAYS[notice.stage]),
        reference=reference_of(payment=payment.pk),
    )


def _percent(payment: PlannedPayment) -> Decimal:
    """What the two agreed, whoever of them sells; parties that never agreed on anything owe none."""
    return max(_agreed(payment.payee, payment.payer, payment), _agreed(payment.payer, payment.payee, payment))


def _agreed(operator: Party, provider: Party, payment: PlannedPayment) -> Decimal:
    try:
        terms: SettlementTerms = terms_in_force(operator=operator, provider=provider, at=payment.run.ends_at - timedelta(seconds=1))
    except NoTermsInForce:
        return Decimal(0)
    return terms.late_interest
