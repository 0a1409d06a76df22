"""The days of exchanges: a partition each, made ahead, dropped after 30 days."""

import re
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction
from psycopg import sql

KEPT_DAYS = 30
_DAYS_AHEAD = 3
_NAME = re.compile(r"^roaming_exchange_(\d{4})(\d{2})(\d{2})$")


def make_partitions(*, at: datetime) -> list[str]:
    """This function will make the partitions of today and the next days that are missing, and return their names.

    What came before its day had a partition lies in the default one; it moves along.
    """
    today = at.astimezone(UTC).date()
    existing = {name for name, _ in _list_partitions()}
    made = []
    for day in (today + timedelta(days=ahead) for ahead in range(_DAYS_AHEAD + 1)):
        name = f"roaming_exchange_{day:%Y%m%d}"
        if name not in existing:
            _make(name, day)
            made.append(name)
    return made


def drop_partitions(*, at: datetime) -> list[str]:
    """This function will drop the days that are older than KEPT_DAYS, and return the names of their partitions."""
    oldest = at.astimezone(UTC).date() - timedelta(days=KEPT_DAYS)
    dropped = [name for name, day in _list_partitions() if day < oldest]
    with connection.cursor() as cursor:
        for name in dropped:
            cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
        cursor.execute("DELETE FROM roaming_exchange_default WHERE at < %s", [datetime(*oldest.timetuple()[:3], tzinfo=UTC)])
    return dropped


def _make(name: str, day: date) -> None:
    bounds = [datetime(day.year, day.month, day.day, tzinfo=UTC), datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)]
    with transaction.atomic(), connection.cursor() as cursor:
        # One at a time: two workers may meet here. Whoever comes second finds the table made.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('roaming_exchange partitions', 0))")
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return
        for statement, params in (
            ("CREATE TABLE {} (LIKE roaming_exchange INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)", None),
            # The lock keeps rows of this day from arriving in the default partition between the move and the attachment.
            ("LOCK TABLE roaming_exchange_default IN ACCESS EXCLUSIVE MODE", None),
            (
                "WITH moved AS (DELETE FROM roaming_exchange_default WHERE at >= %s AND at < %s RETURNING *)"
                " INSERT INTO {} SELECT * FROM moved",
                bounds,
            ),
            ("ALTER TABLE roaming_exchange ATTACH PARTITION {} FOR VALUES FROM (%s) TO (%s)", bounds),
        ):
            cursor.execute(sql.SQL(statement).format(sql.Identifier(name)), params)


def _list_partitions() -> list[tuple[str, date]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
            " WHERE inhparent = 'roaming_exchange'::regclass ORDER BY child.relname"
        )
        names = [row[0] for row in cursor.fetchall()]
    return [(name, date(*map(int, match.groups()))) for name in names if (match := _NAME.match(name))]
