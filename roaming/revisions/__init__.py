"""What becomes of a repeated, late or contradicting message? PURE: the idempotency rules of every stored object, in one place.

Whatever order and however often messages with different stamps arrive, the state they leave is the same.
"""

from roaming.revisions.fields import (
    Stamps,
    fields_to_apply,
    is_older_than_all,
    member_name,
    newer_names,
    note_fields,
    note_put_beneath,
    put_beneath,
)
from roaming.revisions.judge import Receipt, StampInFuture, Stored, Verdict, judge_put
from roaming.revisions.merge import merge_patch
from roaming.revisions.periods import ContradictingPeriod, append_periods

__all__ = [
    "ContradictingPeriod",
    "Receipt",
    "StampInFuture",
    "Stamps",
    "Stored",
    "Verdict",
    "append_periods",
    "fields_to_apply",
    "is_older_than_all",
    "judge_put",
    "member_name",
    "merge_patch",
    "newer_names",
    "note_fields",
    "note_put_beneath",
    "put_beneath",
]
