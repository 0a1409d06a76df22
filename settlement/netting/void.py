"""Void a draft: its entries are reversed, what it carried goes back, and its period is open again (finance §6.3).

Nothing is deleted: the run, its positions and its drafts stay, marked void, and the next close of the period is another attempt.
Once a run is approved, and all the more once a statement was issued, its figures stand; corrections go into a later period.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from settlement.clearing.gate import allow_long_work, shut_gate
from settlement.clearing.models import SettlementPeriod
from settlement.ledger.models import Entry
from settlement.ledger.reverse import reverse_entries
from settlement.netting.books import key_prefix
from settlement.netting.models import Carry, NettingRun
from settlement.terms.rights import require


class CannotVoid(Exception):
    """The run is no draft any more, or a later run builds on what it carried on."""


class VoidNeedsReason(Exception):
    """Voiding a run says why."""


WhenVoided = Callable[[NettingRun], object]
# What follows inside the voiding transaction; settlement.apps says what (drafts of statements are voided).
when_voided: list[WhenVoided] = []


def void_run(*, run: NettingRun, by: str, by_role: str, reason: str, at: datetime) -> NettingRun:
    """This function will void a draft run and open its period again, in one transaction under the gate of its netting set.

    It raises RoleMayNot, VoidNeedsReason and CannotVoid. CDRs that were booked later meanwhile, because the period was closed, stay
    where they are.
    """
    require(action="void_run", role=by_role, by=by)
    if not reason.strip():
        raise VoidNeedsReason("voiding a run needs a reason")
    with transaction.atomic():
        allow_long_work()
        shut_gate(netting_set=run.netting_set_id)
        locked = NettingRun.objects.select_for_update().get(pk=run.pk)
        if locked.state != NettingRun.State.DRAFT:
            raise CannotVoid(f"run {locked.pk} is {locked.state}: only a draft can be voided")
        taken = Carry.objects.filter(run=locked).exclude(taken_by=None).select_related("taken_by").first()
        if taken is not None and taken.taken_by is not None:
            raise CannotVoid(
                f"run {taken.taken_by.pk} of {taken.taken_by.period} builds on what run {locked.pk} carried on: void that one first"
            )
        entries = list(Entry.objects.filter(key__startswith=key_prefix(run=locked), reverses=None).order_by("id"))
        reverse_entries(entries=entries, reason=f"run {locked.pk} voided: {reason.strip()}")
        Carry.objects.filter(taken_by=locked).update(taken_by=None)
        SettlementPeriod.objects.filter(netting_set=locked.netting_set_id, name=locked.period).update(
            state=SettlementPeriod.State.OPEN, closed_at=None
        )
        locked.state, locked.voided_by, locked.voided_at, locked.void_reason = NettingRun.State.VOID, by, at, reason.strip()[:300]
        locked.save(update_fields=["state", "voided_by", "voided_at", "void_reason"])
        for follow in when_voided:
            follow(locked)
    return locked
