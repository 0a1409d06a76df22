"""One writer at a time per object, also for an object that has no row yet."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

# An advisory lock and not a row lock: the first two PUTs of an object meet before its row exists. It ends with the transaction.
# Sent in one round trip with the read that follows; each statement takes a snapshot of its own, so the read sees what the
# writer before us committed.
LOCK_KEY = "SELECT pg_advisory_xact_lock(hashtextextended(%(lock_{})s, 0));\n"


def read_locked(*, keys: Sequence[str], sql: str, params: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """This function will lock `keys` in their order until the transaction ends, then return the first row of `sql`, or None.

    Callers hold a transaction, and lock several keys in one order everywhere, or two of them wait for each other.
    """
    locks = "".join(LOCK_KEY.format(number) for number in range(len(keys)))
    with connection.cursor() as cursor:
        cursor.execute(locks + sql, {**{f"lock_{number}": key for number, key in enumerate(keys)}, **params})
        for _ in keys:
            cursor.nextset()
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def execute_returning(*, sql: str, params: Sequence[Any]) -> tuple[Any, ...]:
    """This function will run one writing statement and return the row it answers with."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row: tuple[Any, ...] = cursor.fetchone()
    return row
