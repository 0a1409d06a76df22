"""The statements on the outbox: claim what is due, settle what was tried. Every one is safe beside any number of other dispatchers.

A row is claimed by a lease and not by a lock: whoever is killed loses its claim by time. Order per object holds because only the
oldest waiting row of an object can be claimed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import connection, transaction

from roaming.deliveries.backoff import HORIZON
from roaming.deliveries.capacity import Room
from roaming.deliveries.coalesce import Bundle, Row
from roaming.deliveries.enqueue import BELL

# Longer than any call of the dispatcher (see dispatch.py), short enough that a killed one is made up for within a minute.
LEASE_SECONDS = 30.0
# What one claim may take in all: each is written before it is sent, and its lease runs meanwhile. Every platform gets its first row
# before any gets its second, so that receivers of one change come together and its object is read once.
AT_ONCE = 400
_HORIZON = HORIZON.total_seconds()
ALERT = "ALERT, undelivered for 7 days: "

# The limit is a number the planner can see and the older row is asked for one by one: so it walks the index of each platform and
# stops after a few rows. With a join, or a limit it cannot see, it sorts all that waits for every platform (30 times slower, measured).
# CDRs are a lane of their own with an index of its own, and stand first: they do not wait behind a burst of anything else.
_LANE = """
    SELECT w.id, room.most, room.platform, {first} AS lane, w.not_before,
        row_number() OVER (PARTITION BY room.platform ORDER BY w.not_before, w.id) AS place, room.{places} AS places
    FROM unnest(%(platforms)s::bigint[], %(cdrs)s::int[], %(others)s::int[], %(most)s::int[]) AS room (platform, cdrs, others, most)
    CROSS JOIN LATERAL (
        SELECT d.id, d.not_before FROM roaming_delivery d
        WHERE d.platform_id = room.platform AND d.state = 'waiting' AND {module} AND d.not_before <= now()
            AND (d.lease_until IS NULL OR d.lease_until <= now())
            AND d.id = (
                SELECT oldest.id FROM roaming_delivery oldest
                WHERE oldest.state = 'waiting' AND oldest.platform_id = d.platform_id AND oldest.receiver_id = d.receiver_id
                    AND oldest.module = d.module AND oldest.object_row = d.object_row
                ORDER BY oldest.id LIMIT 1)
        ORDER BY d.not_before, d.id
        LIMIT 8
        FOR UPDATE SKIP LOCKED
    ) AS w
    WHERE room.{places} > 0
"""
_CDRS = _LANE.format(first=0, places="cdrs", module="d.module = 'cdrs' AND NOT d.receiver_id = ANY(%(busy)s::bigint[])")
_OTHERS = _LANE.format(first=1, places="others", module="d.module <> 'cdrs'")
_CLAIM = f"""
WITH cdrs AS ({_CDRS}), others AS ({_OTHERS}), lanes AS (SELECT * FROM cdrs UNION ALL SELECT * FROM others), ranked AS (
    SELECT id, most, row_number() OVER (PARTITION BY platform ORDER BY lane, not_before, id) AS place FROM lanes WHERE place <= places
), picked AS (
    SELECT id FROM ranked WHERE place <= most ORDER BY place, id LIMIT %(at_once)s
)
UPDATE roaming_delivery w SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s), attempts = attempts + 1
FROM picked WHERE w.id = picked.id
RETURNING w.id, w.platform_id, w.receiver_id, w.receiver_role, w.sender_id, w.module, w.verb, w.object_type, w.object_row, w.object_path,
    w.payload::text, w.correlation_id, w.attempts, w.lease_until
"""  # noqa: S608  (constants of this module)

_LATER = """
SELECT head.id, w.id, w.platform_id, w.receiver_id, w.receiver_role, w.sender_id, w.module, w.verb, w.object_type, w.object_row,
    w.object_path, w.payload::text, w.correlation_id, w.attempts, head.lease_until
FROM roaming_delivery head
JOIN roaming_delivery w ON w.platform_id = head.platform_id AND w.receiver_id = head.receiver_id AND w.module = head.module
    AND w.object_row = head.object_row AND w.id > head.id AND w.state = 'waiting'
WHERE head.id = ANY(%s::bigint[])
ORDER BY w.id
"""

_FINISH = """
UPDATE roaming_delivery w SET state = done.state, finished_at = now(), lease_until = NULL, answer = left(done.note, 255)
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS done (id, state, note)
WHERE w.id = done.id AND w.state = 'waiting'
"""

_POSTPONE = """
UPDATE roaming_delivery w SET
    lease_until = NULL,
    not_before = now() + make_interval(secs => failed.delay),
    state = CASE WHEN w.module <> 'cdrs' AND w.created_at < now() - make_interval(secs => %s) THEN 'parked' ELSE 'waiting' END,
    finished_at = CASE WHEN w.module <> 'cdrs' AND w.created_at < now() - make_interval(secs => %s) THEN now() END,
    answer = left(CASE WHEN w.module = 'cdrs' AND w.created_at < now() - make_interval(secs => %s) THEN %s ELSE '' END || failed.note, 255)
FROM unnest(%s::bigint[], %s::timestamptz[], %s::float8[], %s::text[]) AS failed (id, lease_until, delay, note)
WHERE w.id = failed.id AND w.state = 'waiting' AND w.lease_until = failed.lease_until
RETURNING w.state, w.answer
"""

# What waits behind a failed row cannot be claimed before it: it waits as long, or every claim would walk over it.
_POSTPONE_LATER = """
UPDATE roaming_delivery w SET not_before = head.not_before
FROM roaming_delivery head
WHERE head.id = ANY(%s::bigint[]) AND w.platform_id = head.platform_id AND w.receiver_id = head.receiver_id AND w.module = head.module
    AND w.object_row = head.object_row AND w.id > head.id AND w.state = 'waiting' AND w.not_before < head.not_before
"""

# A receiver that is away gets its CDRs in the order in which the hub took them, once it is back.
_POSTPONE_CDRS = """
UPDATE roaming_delivery w SET not_before = head.not_before
FROM roaming_delivery head
WHERE head.id = ANY(%s::bigint[]) AND w.platform_id = head.platform_id AND w.receiver_id = head.receiver_id AND w.module = 'cdrs'
    AND w.state = 'waiting' AND w.not_before < head.not_before
"""

_RELEASE = """
UPDATE roaming_delivery w SET lease_until = NULL, attempts = w.attempts - 1
FROM unnest(%s::bigint[], %s::timestamptz[]) AS kept (id, lease_until)
WHERE w.id = kept.id AND w.state = 'waiting' AND w.lease_until = kept.lease_until
"""


@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt ended. `released`: it was not tried, its lease is given back. `is_away`: nobody could be reached."""

    bundle: Bundle
    kind: Literal["delivered", "rejected", "retry", "released"]
    note: str = ""
    delay_seconds: float = 0.0
    is_away: bool = False


def claim(*, rooms: Mapping[int, Room], busy_with_cdrs: Sequence[int]) -> list[tuple[Row, list[Row]]]:
    """This function will claim due rows, as many as there is room for (and 8 of a lane), with the later waiting rows of their objects.

    `busy_with_cdrs` are receivers (rows of parties) to whom CDRs are on their way, one after the other.
    """
    if not rooms:
        return []
    with connection.cursor() as cursor:
        cdrs, others, most = (list(places) for places in zip(*rooms.values(), strict=True))
        told = {"platforms": list(rooms), "cdrs": cdrs, "others": others, "most": most, "busy": list(busy_with_cdrs)}
        cursor.execute(_CLAIM, {**told, "lease": LEASE_SECONDS, "at_once": AT_ONCE})
        rows = sorted((Row(*row) for row in cursor.fetchall()), key=lambda row: row.id)
    later = read_later(rows)
    return [(row, later[row.id]) for row in rows]


def read_later(claimed: Sequence[Row]) -> dict[int, list[Row]]:
    """This function will return, for every claimed row, the later waiting rows of its object."""
    later: dict[int, list[Row]] = {row.id: [] for row in claimed}
    if states := [row.id for row in claimed if row.is_state]:
        with connection.cursor() as cursor:
            cursor.execute(_LATER, [states])
            for head, *row in cursor.fetchall():
                later[head].append(Row(*row))
    return later


def settle(results: Sequence[Result]) -> Counter[str]:
    """This function will write down how attempts ended, in one transaction.

    It returns how many rows were `delivered`, `rejected`, `retried` or `parked`, and how many `alerts` that raised.
    """
    finished = [(row, result) for result in results if result.kind in ("delivered", "rejected") for row in result.bundle.rows]
    failed = [result for result in results if result.kind == "retry"]
    released = [result for result in results if result.kind == "released"]
    counts: Counter[str] = Counter(result.kind for _, result in finished)
    with transaction.atomic(), connection.cursor() as cursor:
        if finished:
            rows, ends = zip(*finished, strict=True)
            cursor.execute(_FINISH, [list(rows), [end.kind for end in ends], [end.note for end in ends]])
        if failed:
            heads = [result.bundle.parcel.id for result in failed]
            leases = [result.bundle.lease_until for result in failed]
            delays, notes = [result.delay_seconds for result in failed], [result.note for result in failed]
            cursor.execute(_POSTPONE, [_HORIZON, _HORIZON, _HORIZON, ALERT, heads, leases, delays, notes])
            for state, answer in cursor.fetchall():
                counts["parked" if state == "parked" else "retried"] += 1
                if answer.startswith(ALERT):
                    counts["alerts"] += 1
            cursor.execute(_POSTPONE_LATER, [heads])
            if away := [result.bundle.parcel.id for result in failed if result.is_away and result.bundle.parcel.module == "cdrs"]:
                cursor.execute(_POSTPONE_CDRS, [away])
        if released:
            cursor.execute(_RELEASE, [[result.bundle.parcel.id for result in released], [result.bundle.lease_until for result in released]])
    return counts


def wake(*, platform_id: int) -> int:
    """This function will make everything due that waits for a platform: it is back. It returns how many rows that were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE roaming_delivery SET not_before = now() WHERE platform_id = %s AND state = 'waiting' AND not_before > now()",
            [platform_id],
        )
        changed: int = cursor.rowcount
    return changed


def sweep_leases() -> int:
    """This function will take back the leases of dispatchers that died, and ring for the others. It returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE roaming_delivery SET lease_until = NULL WHERE state = 'waiting' AND lease_until <= now()")
        swept: int = cursor.rowcount
        cursor.execute("SELECT pg_notify(%s, '')", [BELL])
    return swept


def purge(*, before: datetime, most: int = 10_000) -> int:
    """This function will delete up to `most` rows that were delivered before an instant; what was parked or refused stays to be seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM roaming_delivery WHERE id IN"
            " (SELECT id FROM roaming_delivery WHERE state = 'delivered' AND finished_at < %s LIMIT %s)",
            [before, most],
        )
        changed: int = cursor.rowcount
    return changed
