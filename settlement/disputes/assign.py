"""Give a dispute to the person who looks into it."""

from django.db import transaction

from settlement.disputes.end import lock_dispute
from settlement.disputes.models import Dispute
from settlement.terms.rights import require


def assign_dispute(*, dispute: Dispute, to: str, by: str, by_role: str) -> Dispute:
    """This function will write down who at the hub looks into a dispute (by e-mail); it raises RoleMayNot and ResolvedAlready."""
    require(action="assign", role=by_role, by=by)
    with transaction.atomic():
        waiting = lock_dispute(dispute=dispute)
        waiting.assigned_to = to.strip()[:254]
        waiting.save(update_fields=["assigned_to"])
    return waiting
