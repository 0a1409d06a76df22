"""One writer at a time per object, also for an object that has no row yet."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from roaming.objects.prepared import fetch_all_prepared

# An advisory lock and not a row lock: the first two PUTs of an object meet before its row exists. It ends with the transaction.
# Sent in one round trip with the read that follows; each statement takes a snapshot of its own, so the read sees what the
# writer before us committed. `unnest` keeps the order of the keys.
LOCK_KEYS = "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%(locks)s::text[]) AS key"


def read_locked(*, keys: Sequence[str], sql: str, params: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """This function will lock `keys` in their order until the transaction ends, then return the first row of `sql`, or None.

    Callers hold a transaction, and lock several keys in one order everywhere, or two of them wait for each other.
    """
    rows = read_all_locked(keys=keys, sql=sql, params=params)
    return rows[0] if rows else None


def read_all_locked(*, keys: Sequence[str], sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """This function will do the same and return every row of `sql`."""
    with connection.cursor() as cursor:
        cursor.execute(f"{LOCK_KEYS};\n{sql}", {"locks": list(keys), **params})
        cursor.nextset()
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def lock(*, keys: Sequence[str]) -> None:
    """This function will lock `keys` in their order until the transaction ends."""
    fetch_all_prepared(sql=LOCK_KEYS, params={"locks": list(keys)})


def execute_returning(*, sql: str, params: Sequence[Any]) -> tuple[Any, ...]:
    """This function will run one writing statement and return the row it answers with."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row: tuple[Any, ...] = cursor.fetchone()
    return row
