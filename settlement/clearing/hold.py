"""Hold CDRs out of every statement, with all reasons, until somebody releases them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import connection

from settlement.control.verdict import Remark

# Clearing §2.3: who holds says until when. A hold that nobody decided by then is overdue, never dropped.
DECIDE_WITHIN = timedelta(days=7)

# One statement: a flood of CDRs that must be held comes in thousands.
_INSERT = """
INSERT INTO settlement_hold (cdr_id, state, reasons, held_at, due_at, released_by, release_reason)
SELECT held.cdr, 'held', held.reasons, %(at)s, %(due)s, '', ''
FROM json_to_recordset(%(held)s::json) AS held (cdr bigint, reasons jsonb)
"""


def hold_cdrs(*, reasons: Mapping[int, Sequence[Remark]], at: datetime) -> None:
    """This function will hold CDRs (by row) for the given reasons; a CDR is held once."""
    if not reasons:
        return
    held = [{"cdr": cdr, "reasons": [remark.reason() for remark in remarks]} for cdr, remarks in reasons.items()]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, {"held": msgspec.json.encode(held).decode(), "at": at, "due": at + DECIDE_WITHIN})
