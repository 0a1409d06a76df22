"""Give a held CDR to the person who looks into it, and say until when."""

from datetime import datetime

from django.db import transaction

from settlement.clearing.models import Hold
from settlement.clearing.release import NotHeld
from settlement.terms.rights import require


def assign_hold(*, hold: Hold, to: str, by: str, by_role: str, due_at: datetime | None = None) -> Hold:
    """This function will write down who looks into a hold (by e-mail) and its deadline, where a new one is told.

    It raises RoleMayNot and NotHeld.
    """
    require(action="assign", role=by_role, by=by)
    with transaction.atomic():
        held = Hold.objects.select_for_update().get(pk=hold.pk)
        if held.state != Hold.State.HELD:
            raise NotHeld(f"this CDR was released by {held.released_by}")
        held.assigned_to = to.strip()[:254]
        held.due_at = due_at or held.due_at
        held.save(update_fields=["assigned_to", "due_at"])
    return held
