"""Hold CDRs out of every statement, with all reasons, until somebody releases them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from settlement.clearing.models import Hold
from settlement.control.verdict import Remark

# Clearing §2.3: who holds says until when. A hold that nobody decided by then is overdue, never dropped.
DECIDE_WITHIN = timedelta(days=7)


def hold_cdrs(*, reasons: Mapping[int, Sequence[Remark]], at: datetime) -> None:
    """This function will hold CDRs (by row) for the given reasons; a CDR is held once."""
    Hold.objects.bulk_create(
        [
            Hold(cdr_id=cdr, reasons=[remark.reason() for remark in remarks], held_at=at, due_at=at + DECIDE_WITHIN)
            for cdr, remarks in reasons.items()
        ],
        batch_size=2000,
    )
