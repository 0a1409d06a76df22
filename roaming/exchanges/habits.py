"""Habits of partners, as the traffic shows them: counted in memory, written as proposals by whoever writes the exchanges."""

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection

_MOST_HELD = 2_000

_WRITE = """
INSERT INTO roaming_profileproposal (platform_id, flag, value, state, count, evidence, correlation_id, first_at, last_at)
SELECT %(platform)s, %(flag)s, %(value)s, 'open', %(count)s, %(evidence)s, %(correlation_id)s, %(first_at)s, %(last_at)s
WHERE EXISTS (SELECT FROM roaming_platform WHERE id = %(platform)s)
ON CONFLICT (platform_id, flag, value) DO UPDATE SET
    count = roaming_profileproposal.count + excluded.count, evidence = excluded.evidence, correlation_id = excluded.correlation_id,
    last_at = greatest(roaming_profileproposal.last_at, excluded.last_at)
"""


class _Key(NamedTuple):
    platform: int
    flag: str
    value: str


@dataclass
class _Seen:
    count: int
    evidence: str
    correlation_id: str
    first_at: datetime
    last_at: datetime


_held: dict[_Key, _Seen] = {}
_lock = threading.Lock()


def note_habit(*, platform_id: int, flag: str, value: str, evidence: str, correlation_id: str, at: datetime) -> None:
    """This function will count one sight of a habit; it asks no database and never waits."""
    key = _Key(platform_id, flag, value)
    with _lock:
        seen = _held.get(key)
        if seen is None:
            if len(_held) < _MOST_HELD:
                _held[key] = _Seen(1, evidence[:255], correlation_id[:128], at, at)
            return
        seen.count += 1
        seen.evidence, seen.correlation_id, seen.last_at = evidence[:255], correlation_id[:128], at


def flush_habits() -> int:
    """This function will write what this process saw, on the caller's connection, and return how many proposals that touched."""
    global _held
    with _lock:
        taken, _held = _held, {}
    if not taken:
        return 0
    rows = sorted(taken.items())
    with connection.cursor() as cursor:
        cursor.executemany(_WRITE, [{**key._asdict(), **vars(seen)} for key, seen in rows])
    return len(rows)
