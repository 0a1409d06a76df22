"""Is the money still what it was? Seals of CDRs first, then every invariant of the books (reliability §5.3, 1–9), each in its slice.

A check returns None, or a sentence that names the first broken row. Slices below this one hand their checks in (settlement.apps).
"""

from collections.abc import Callable
from typing import Any

import msgspec
from django.db import connection, transaction

from roaming.cdrs.seal import verify_seals

Check = Callable[[], str | None]
checks: list[Check] = []


class Verification(msgspec.Struct, frozen=True):
    """The outcome: CDRs walked, the head of their chain in hex (empty: no block yet), and what is broken first, if anything."""

    ok: bool
    records: int
    head: str
    broken: str | None = None


def verify_ledger() -> Verification:
    """This function will recompute every seal, sum and invariant from the rows it was made of, and stop at the first that differs."""
    seals = verify_seals()
    if not seals.ok:
        return Verification(ok=False, records=seals.records, head=seals.head, broken=seals.broken)
    with transaction.atomic():
        _allow_long_work()
        for check in checks:
            broken = check()
            if broken is not None:
                return Verification(ok=False, records=seals.records, head=seals.head, broken=broken)
    return Verification(ok=True, records=seals.records, head=seals.head)


def first_row(sql: str, parameters: dict[str, Any] | None = None) -> tuple[Any, ...] | None:
    """This function will return the first row of a query that looks for what must not be, or None."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def _allow_long_work() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', '20min', true)")
