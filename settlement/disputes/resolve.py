"""Resolve a dispute, once: upheld (not owed), rejected (owed), or split."""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.db.models import Sum

from roaming import canonical
from settlement.clearing.gate import enter_clearing, pass_gates
from settlement.clearing.models import Charge
from settlement.disputes.adjust import adjust
from settlement.disputes.models import Adjustment, Dispute
from settlement.terms.rights import require

OUTCOMES = (Dispute.State.UPHELD.value, Dispute.State.REJECTED.value, Dispute.State.SPLIT.value)


class ResolvedAlready(Exception):
    """The dispute was resolved before."""


class WrongOutcome(Exception):
    """The outcome is none of upheld, rejected, split, or the part of a split makes no sense."""


def resolve_dispute(*, dispute: Dispute, outcome: str, by: str, by_role: str, at: datetime, upheld: Decimal | None = None) -> Dispute:
    """This function will resolve a dispute and book what follows, in the period of the charge or in the next open one.

    `upheld` is the part that is not owed where it is split (half, rounded to the currency, unless told). It raises RoleMayNot,
    ResolvedAlready and WrongOutcome.
    """
    require(action="resolve_dispute", role=by_role, by=by)
    if outcome not in OUTCOMES:
        raise WrongOutcome(f"{outcome!r} is no outcome; one of {', '.join(OUTCOMES)}")
    with transaction.atomic():
        enter_clearing(wait=True)
        waiting = Dispute.objects.select_for_update().get(pk=dispute.pk)
        if waiting.resolved_at is not None:
            raise ResolvedAlready(f"dispute {waiting.pk} was {waiting.state} by {waiting.resolved_by}")
        part = _upheld_part(waiting, outcome, upheld)
        charge = Charge.objects.get(cdr=waiting.cdr_id)
        closed = pass_gates(netting_sets=[charge.netting_set_id])[charge.netting_set_id]
        withheld = waiting.adjustments.filter(kind=Adjustment.Kind.WITHHELD).exists()
        if withheld and part < waiting.amount:
            adjust(dispute=waiting, charge=charge, kind=Adjustment.Kind.RELEASED, gross=waiting.amount - part, closed=closed)
        elif not withheld and part > 0:
            adjust(dispute=waiting, charge=charge, kind=Adjustment.Kind.TAKEN_BACK, gross=-part, closed=closed)
        _end(waiting, Dispute.State(outcome), part, by, at)
    return waiting


def follow_credits(originals: Sequence[int], at: datetime) -> None:
    """This function will undo what disputes took from charges that a credit now takes back in full; open ones end as upheld.

    It is called by clearing inside its transaction, with the rows of the CDRs that were credited.
    """
    for dispute in Dispute.objects.select_for_update().filter(cdr__in=originals).order_by("id"):
        charge = Charge.objects.get(cdr=dispute.cdr_id)
        closed = pass_gates(netting_sets=[charge.netting_set_id])[charge.netting_set_id]
        taken = dispute.adjustments.aggregate(gross=Sum("gross"))["gross"] or Decimal(0)
        if taken:
            adjust(dispute=dispute, charge=charge, kind=Adjustment.Kind.RESTORED, gross=-taken, closed=closed)
        if dispute.resolved_at is None:
            _end(dispute, Dispute.State.UPHELD, dispute.amount, "credit CDR", at)


def _end(dispute: Dispute, state: Dispute.State, part: Decimal, by: str, at: datetime) -> None:
    dispute.state, dispute.upheld_amount = state, part
    dispute.resolved_by, dispute.resolved_at = by, at
    dispute.save(update_fields=["state", "upheld_amount", "resolved_by", "resolved_at"])


def _upheld_part(dispute: Dispute, outcome: str, upheld: Decimal | None) -> Decimal:
    if outcome == Dispute.State.UPHELD:
        return dispute.amount
    if outcome == Dispute.State.REJECTED:
        return Decimal(0)
    part = upheld
    if part is None:
        unit = Decimal(1).scaleb(-canonical.exponent(dispute.currency))
        part = (dispute.amount / 2).quantize(unit, rounding=ROUND_HALF_UP)
    if not part.is_finite() or not 0 < part < dispute.amount or part != round(part, 4):
        raise WrongOutcome(f"a split upholds more than nothing and less than {dispute.amount.normalize():f}, not {part}")
    return part
