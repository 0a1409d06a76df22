"""How a dispute ends: one place books what follows and writes who ended it, whoever decides."""

from datetime import datetime
from decimal import Decimal

from settlement.clearing.gate import enter_clearing, pass_gates
from settlement.clearing.models import Charge
from settlement.disputes.adjust import adjust
from settlement.disputes.models import Adjustment, Dispute


class ResolvedAlready(Exception):
    """The dispute ended before."""


class OpenerDecides(Exception):
    """Who opened a dispute cannot accept it in the other side's name."""


def lock_dispute(*, dispute: Dispute) -> Dispute:
    """This function will return the dispute as it stands, locked until the caller's transaction ends; it raises ResolvedAlready."""
    enter_clearing(wait=True)
    waiting = Dispute.objects.select_for_update(of=("self",)).select_related("cdr").get(pk=dispute.pk)
    if waiting.resolved_at is not None:
        raise ResolvedAlready(f"dispute {waiting.pk} was {waiting.state} by {waiting.resolved_by}")
    return waiting


def end_dispute(*, dispute: Dispute, state: Dispute.State, part: Decimal, by: str, at: datetime) -> None:
    """This function will end a locked dispute of which `part` is not owed, and book it in the charge's period or the next open one."""
    charge = Charge.objects.get(cdr=dispute.cdr_id)
    closed = pass_gates(netting_sets=[charge.netting_set_id])[charge.netting_set_id]
    withheld = dispute.adjustments.filter(kind=Adjustment.Kind.WITHHELD).exists()
    if withheld and part < dispute.amount:
        adjust(dispute=dispute, charge=charge, kind=Adjustment.Kind.RELEASED, gross=dispute.amount - part, closed=closed)
    elif not withheld and part > 0:
        adjust(dispute=dispute, charge=charge, kind=Adjustment.Kind.TAKEN_BACK, gross=-part, closed=closed)
    write_end(dispute=dispute, state=state, part=part, by=by, at=at)


def write_end(*, dispute: Dispute, state: Dispute.State, part: Decimal, by: str, at: datetime) -> None:
    """This function will write down who ended a dispute, and how, where its money is booked already."""
    dispute.state, dispute.upheld_amount = state, part
    dispute.resolved_by, dispute.resolved_at = by, at
    dispute.save(update_fields=["state", "upheld_amount", "resolved_by", "resolved_at"])
