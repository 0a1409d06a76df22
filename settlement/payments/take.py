"""Take a bank file out of the house: by somebody who may, and who did not approve the run it pays (finance §6.4)."""

import hashlib
from datetime import datetime

from roaming.models import Party
from settlement.netting.models import NettingRun
from settlement.payments.instruct import Instruction
from settlement.payments.models import PaymentOrder
from settlement.payments.release import require_release
from settlement.terms.rights import require


class ApproverCannotOrder(Exception):
    """Who approved a run does not take its bank files out: that takes another person."""


def take_order(
    *, run: NettingRun, party: Party, kind: PaymentOrder.Kind, order: Instruction, by: str, by_role: str, at: datetime
) -> PaymentOrder:
    """This function will note that a file was taken out; the same bytes again are the same row.

    Without `by` an operator's shell takes it. It raises RoleMayNot, ApproverCannotOrder and NeedsSecondApprover.
    """
    released_by = require_release(run=run)
    if by:
        require(action="order_payments", role=by_role, by=by)
        if by.lower() in (run.approved_by.lower(), released_by.lower()):
            raise ApproverCannotOrder(f"{by} approved run {run.pk} and cannot order its payments: another person must")
    taken, _ = PaymentOrder.objects.get_or_create(
        run=run,
        party=party,
        kind=kind,
        sha256=hashlib.sha256(order.content).hexdigest(),
        defaults={"message_id": order.message_id, "taken_by": by, "taken_at": at},
    )
    return taken
