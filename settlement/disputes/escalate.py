"""What the clock does to disputes: nobody answered in time, or nobody came to an end, and the arbiter decides."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from settlement.disputes.models import Dispute, DisputeMessage

BY_CLOCK = "the clock"


@transaction.atomic
def escalate_overdue(*, at: datetime) -> list[Dispute]:
    """This function will hand to the arbiter what was not answered, or not ended, in time, and return it (a daily job)."""
    overdue = Q(state=Dispute.State.OPEN, answer_due_at__lt=at) | Q(state=Dispute.State.ANSWERED, resolve_due_at__lt=at)
    disputes = list(Dispute.objects.select_for_update().filter(overdue).order_by("id"))
    for dispute in disputes:
        said = "nobody answered" if dispute.state == Dispute.State.OPEN else "the two did not come to an end"
        due = dispute.answer_due_at if dispute.state == Dispute.State.OPEN else dispute.resolve_due_at
        dispute.state, dispute.escalated_at = Dispute.State.ESCALATED, at
        dispute.save(update_fields=["state", "escalated_at"])
        DisputeMessage.objects.create(dispute=dispute, by=BY_CLOCK, text=f"{said} until {due:%Y-%m-%d}: the arbiter decides", said_at=at)
    return disputes
