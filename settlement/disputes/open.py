"""Open a dispute about a charge: only the disputed part is kept out of netting, and only while its period is open."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction

from roaming.models import Cdr
from settlement.clearing.gate import enter_clearing, pass_gates
from settlement.clearing.models import Charge, SettlementPeriod
from settlement.disputes.adjust import adjust
from settlement.disputes.models import Adjustment, Dispute, DisputeMessage
from settlement.disputes.reasons import ANSWER_WITHIN, RESOLVE_WITHIN
from settlement.terms.rights import require

_OPEN = (Dispute.State.OPEN, Dispute.State.ANSWERED, Dispute.State.ESCALATED)


class NothingCharged(Exception):
    """The CDR has no charge: it is held, or not cleared yet, and owes nothing."""


class WrongAmount(Exception):
    """The amount is zero or less, or more than the charge."""


class DisputedAlready(Exception):
    """The charge is in dispute, or so much of it was disputed before that less than the amount is left."""


class UnknownReason(Exception):
    """The reason is no code of the list."""


class TooLate(Exception):
    """The dispute window of the terms is over."""


def open_dispute(
    *, cdr: Cdr, reason: str, amount: Decimal, by: str, by_role: str, at: datetime, text: str = "", group: str = ""
) -> Dispute:
    """This function will open a dispute about `amount` (gross, in the currency of the charge) of what a CDR was charged.

    While the period of the charge is open the amount is withheld from its netting. It raises RoleMayNot, UnknownReason, NothingCharged,
    WrongAmount, DisputedAlready and TooLate.
    """
    require(action="open_dispute", role=by_role, by=by)
    code = reason.strip().lower().replace("-", "_").replace(" ", "_")
    if code not in Dispute.Reason.values:
        raise UnknownReason(f"{reason!r} is no reason; one of {', '.join(Dispute.Reason.values)}")
    with transaction.atomic():
        enter_clearing(wait=True)
        charge = Charge.objects.select_related("terms").filter(cdr=cdr).first()
        if charge is None:
            raise NothingCharged(f"CDR {cdr.cdr_id} is not charged: there is nothing to dispute")
        _refuse_amount(charge, amount)
        closed = pass_gates(netting_sets=[charge.netting_set_id])[charge.netting_set_id]
        _refuse_late(charge, at)
        try:
            with transaction.atomic():
                dispute = Dispute.objects.create(
                    cdr=cdr,
                    group=group,
                    reason=code,
                    text=text[:1000],
                    amount=amount,
                    currency=charge.currency,
                    opened_by=by,
                    opened_at=at,
                    answer_due_at=at + ANSWER_WITHIN,
                    resolve_due_at=at + RESOLVE_WITHIN,
                )
        except IntegrityError as wrong:
            raise DisputedAlready(f"CDR {cdr.cdr_id} is in dispute already") from wrong
        if charge.period not in closed:
            adjust(dispute=dispute, charge=charge, kind=Adjustment.Kind.WITHHELD, gross=-amount, closed=closed)
        if text:
            DisputeMessage.objects.create(dispute=dispute, by=by, text=text[:2000], said_at=at)
    return dispute


def answer_dispute(*, dispute: Dispute, text: str, by: str, by_role: str, at: datetime) -> DisputeMessage:
    """This function will add what somebody says, and mark an open dispute as answered where it was the other side."""
    require(action="answer_dispute", role=by_role, by=by)
    with transaction.atomic():
        waiting = Dispute.objects.select_for_update().get(pk=dispute.pk)
        if waiting.state == Dispute.State.OPEN and by != waiting.opened_by:
            waiting.state, waiting.answered_by, waiting.answered_at = Dispute.State.ANSWERED, by, at
            waiting.save(update_fields=["state", "answered_by", "answered_at"])
        return DisputeMessage.objects.create(dispute=waiting, by=by, text=text[:2000], said_at=at)


def escalate_overdue(*, at: datetime) -> int:
    """This function will hand every dispute over its last deadline to the arbiter and return how many (a daily job)."""
    return Dispute.objects.filter(state__in=(Dispute.State.OPEN, Dispute.State.ANSWERED), resolve_due_at__lt=at).update(
        state=Dispute.State.ESCALATED
    )


def _refuse_amount(charge: Charge, amount: Decimal) -> None:
    if not amount.is_finite() or amount <= 0:
        raise WrongAmount(f"{amount} is not an amount above zero")
    if amount != round(amount, 4):
        raise WrongAmount(f"{amount} has more than four decimals")
    if charge.gross <= 0 or amount > charge.gross:
        raise WrongAmount(f"{amount} is more than the charge of {charge.gross.normalize():f} {charge.currency}")
    disputes = list(Dispute.objects.filter(cdr=charge.cdr_id))
    if any(dispute.state in _OPEN for dispute in disputes):
        raise DisputedAlready("this charge is in dispute already")
    settled = sum((dispute.upheld_amount or Decimal(0) for dispute in disputes), Decimal(0))
    if settled + amount > charge.gross:
        raise DisputedAlready(f"{settled.normalize():f} {charge.currency} of this charge were taken back before")
    if Charge.objects.filter(cdr__credit_of=charge.cdr_id).exists():
        raise DisputedAlready("this charge was credited: nothing of it is owed")


def _refuse_late(charge: Charge, at: datetime) -> None:
    """The window of the terms runs from the close of the period, when both sides first see the figures."""
    period = SettlementPeriod.objects.filter(netting_set=charge.netting_set_id, name=charge.period).first()
    if period is None or period.closed_at is None:
        return
    until = period.closed_at + timedelta(days=charge.terms.dispute_days)
    if at > until:
        raise TooLate(f"the dispute window of {charge.terms.dispute_days} days ended on {until:%Y-%m-%d}")
