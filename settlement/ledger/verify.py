"""Is the money still what it was? Seals of CDRs first, then every invariant of the books (reliability §5.3, 1–9), each in its slice.

A check returns None, or a sentence that names the first broken row. Slices below this one hand their checks in (settlement.apps).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from roaming.cdrs.seal import verify_seals
from settlement.ledger.models import BooksCheck

Check = Callable[[], str | None]
checks: list[Check] = []


class BooksBroken(Exception):
    """The latest walk over the ledger found something broken: nothing is closed on top of it."""


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


def keep_verification(*, verification: Verification, at: datetime) -> BooksCheck:
    """This function will note what a walk found: as long as the latest one found something broken, no period is closed."""
    return BooksCheck.objects.create(
        checked_at=at,
        ok=verification.ok,
        records=verification.records,
        head=verification.head,
        broken=(verification.broken or "")[:500],
    )


def refuse_broken_books() -> None:
    """This function will raise BooksBroken where the latest walk over the ledger found something broken."""
    latest = BooksCheck.objects.order_by("-id").first()
    if latest is not None and not latest.ok:
        raise BooksBroken(
            f"the books were found broken on {latest.checked_at:%Y-%m-%d %H:%M} UTC: {latest.broken}; "
            "find out why, then let verify_ledger walk again before anything is closed"
        )


def first_row(sql: str, parameters: dict[str, Any] | None = None) -> tuple[Any, ...] | None:
    """This function will return the first row of a query that looks for what must not be, or None."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def _allow_long_work() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', '20min', true)")
