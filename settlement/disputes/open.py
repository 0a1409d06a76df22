"""Open a dispute about a charge: only the disputed part is kept out of netting, and only while its period is open."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction

from roaming.models import Cdr, Party
from settlement.clearing.gate import enter_clearing, pass_gates
from settlement.clearing.models import Charge, SettlementPeriod
from settlement.disputes.adjust import adjust
from settlement.disputes.clocks import clocks_of
from settlement.disputes.models import Acceptance, Adjustment, Dispute, DisputeMessage
from settlement.terms.rights import require

_OPEN = (Dispute.State.OPEN, Dispute.State.ANSWERED, Dispute.State.ESCALATED)


class NothingCharged(Exception):
    """The CDR has no charge: it is held, or not cleared yet, and owes nothing."""


class WrongAmount(Exception):
    """The amount is zero or less, or more than the charge."""


class DisputedAlready(Exception):
    """The charge is in dispute, or so much of it was disputed before that less than the amount is left."""


class AcceptedAlready(Exception):
    """The provider accepted the charge, or so much of it that less than the amount is left."""


class UnknownReason(Exception):
    """The reason is no code of the list."""


class TooLate(Exception):
    """The dispute window of the terms is over."""


def open_dispute(
    *,
    cdr: Cdr,
    reason: str,
    amount: Decimal,
    by: str,
    by_role: str,
    at: datetime,
    text: str = "",
    group: str = "",
    party: Party | None = None,
) -> Dispute:
    """This function will open a dispute about `amount` (gross, in the currency of the charge) of what a CDR was charged.

    `party` is the side that doubts, the provider unless told. While the period of the charge is open the amount is withheld from its
    netting; the deadlines follow the dispute window of the terms. It raises RoleMayNot, UnknownReason, NothingCharged, WrongAmount,
    DisputedAlready, AcceptedAlready and TooLate.
    """
    require(action="open_dispute", role=by_role, by=by)
    code = reason.strip().lower().replace("-", "_").replace(" ", "_")
    if code not in Dispute.Reason.values:
        raise UnknownReason(f"{reason!r} is no reason; one of {', '.join(Dispute.Reason.values)}")
    with transaction.atomic():
        enter_clearing(wait=True)
        charge = charge_of(cdr=cdr)
        _refuse_amount(charge, amount)
        closed = pass_gates(netting_sets=[charge.netting_set_id])[charge.netting_set_id]
        _refuse_late(charge, at)
        clocks = clocks_of(dispute_days=charge.terms.dispute_days)
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
                    opened_for=party or cdr.provider,
                    opened_at=at,
                    answer_due_at=at + clocks.answer_within,
                    resolve_due_at=at + clocks.resolve_within,
                )
        except IntegrityError as wrong:
            raise DisputedAlready(f"CDR {cdr.cdr_id} is in dispute already") from wrong
        if charge.period not in closed:
            adjust(dispute=dispute, charge=charge, kind=Adjustment.Kind.WITHHELD, gross=-amount, closed=closed)
        if text:
            DisputeMessage.objects.create(dispute=dispute, by=by, text=text[:2000], said_at=at)
    return dispute


@transaction.atomic
def open_disputes(
    *, cdrs: Sequence[Cdr], group: str, reason: str, by: str, by_role: str, at: datetime, text: str = "", party: Party | None = None
) -> list[Dispute]:
    """This function will dispute several charges under one name, each in full as far as it is owed: all of them or none.

    It raises what `open_dispute` raises.
    """
    enter_clearing(wait=True)
    return [
        open_dispute(
            cdr=cdr,
            reason=reason,
            amount=undisputed(charge=charge_of(cdr=cdr)),
            by=by,
            by_role=by_role,
            at=at,
            text=text,
            group=group[:40],
            party=party,
        )
        for cdr in cdrs
    ]


def charge_of(*, cdr: Cdr) -> Charge:
    """This function will return the charge of a CDR with its terms; it raises NothingCharged."""
    charge = Charge.objects.select_related("terms").filter(cdr=cdr).first()
    if charge is None:
        raise NothingCharged(f"CDR {cdr.cdr_id} is not charged: there is nothing to dispute")
    return charge


def undisputed(*, charge: Charge) -> Decimal:
    """This function will return what of a charge is owed and in no dispute (gross); 0 where it is in dispute or was credited."""
    if Charge.objects.filter(cdr__credit_of=charge.cdr_id).exists():
        return Decimal(0)
    disputes = list(Dispute.objects.filter(cdr=charge.cdr_id))
    if any(dispute.state in _OPEN for dispute in disputes):
        return Decimal(0)
    return charge.gross - sum((dispute.upheld_amount or Decimal(0) for dispute in disputes), Decimal(0))


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
    accepted = Acceptance.objects.filter(cdr=charge.cdr_id).first()
    if accepted is not None and settled + accepted.amount + amount > charge.gross:
        told = f"{accepted.amount.normalize():f} {charge.currency} of this charge on {accepted.accepted_at:%Y-%m-%d}"
        raise AcceptedAlready(f"{accepted.accepted_by} accepted {told}")


def _refuse_late(charge: Charge, at: datetime) -> None:
    """The window of the terms runs from the close of the period, when both sides first see the figures."""
    period = SettlementPeriod.objects.filter(netting_set=charge.netting_set_id, name=charge.period).first()
    if period is None or period.closed_at is None:
        return
    until = period.closed_at + timedelta(days=charge.terms.dispute_days)
    if at > until:
        raise TooLate(f"the dispute window of {charge.terms.dispute_days} days ended on {until:%Y-%m-%d}")
