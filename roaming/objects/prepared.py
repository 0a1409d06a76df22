"""Statements whose plan the server keeps: planning a look over several tables costs ten times what running it costs (measured)."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

import psycopg
from django.db import connection

# A plan made while a table was empty reads all of it, and is kept until the table is analysed, a minute later at best. So each plan
# is kept for a second only: the text, and with it the prepared statement, changes with them.
_PLAN_SECONDS = 1.0


def fetch_prepared(*, sql: str, params: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """This function will run a statement, prepared once per connection, and return its first row, or None.

    Django's own cursors put the values into the text, so that every call is a new statement to the server; this one binds them.
    """
    rows = fetch_all_prepared(sql=sql, params=params)
    return rows[0] if rows else None


def fetch_all_prepared(*, sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """This function will do the same and return every row."""
    text = with_plan_of_now(sql)
    connection.ensure_connection()
    raw = connection.connection
    raw.prepare_threshold = 0  # counts for binding cursors only, of which this is the one
    with connection.wrap_database_errors, psycopg.Cursor[tuple[Any, ...]](raw) as cursor:
        return cursor.execute(text, params, prepare=True).fetchall()


def with_plan_of_now(sql: str) -> str:
    """This function will return the statement with a mark that changes every second: prepared, it is then planned anew."""
    return f"{sql}\n-- {int(monotonic() / _PLAN_SECONDS)}"
