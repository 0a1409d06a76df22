"""Reads of EVSE records: one by its id, pages and deltas for OICP providers, statuses, the data-quality report."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from roaming.locations.models import EvseProjection

_FIND = """
SELECT owner_id, evse_key, evse_id, operator_name, document::text, is_compatible, location_id, evse_uid, location_row, valid_from
FROM roaming_evserecord WHERE evse_key = %s AND valid_to IS NULL AND (%s::bigint IS NULL OR owner_id = %s) ORDER BY id LIMIT 1
"""

# The delta between two instants: what holds now against what held then. A record that came and went in between is not in it.
_DELTA = """
SELECT now.owner_id, now.operator_name, now.document::text, now.valid_from,
    CASE WHEN former.id IS NULL THEN 'insert' ELSE 'update' END
FROM roaming_evserecord now
LEFT JOIN LATERAL (
    SELECT f.id FROM roaming_evserecord f
    WHERE f.owner_id = now.owner_id AND f.evse_key = now.evse_key AND f.valid_from <= %(since)s AND f.valid_to > %(since)s
    LIMIT 1) former ON TRUE
WHERE now.owner_id = ANY(%(owners)s) AND now.valid_to IS NULL AND now.valid_from > %(since)s
UNION ALL
SELECT gone.owner_id, gone.operator_name, gone.document::text, gone.valid_to, 'delete'
FROM roaming_evserecord gone
WHERE gone.owner_id = ANY(%(owners)s) AND gone.valid_to > %(since)s AND gone.valid_from <= %(since)s
    AND NOT EXISTS (
        SELECT 1 FROM roaming_evserecord c WHERE c.owner_id = gone.owner_id AND c.evse_key = gone.evse_key AND c.valid_to IS NULL)
"""
_EARTH = 6371.0
# Great-circle distance in km (haversine), so that PostGIS is not needed.
_NEAR = f"""
2 * {_EARTH} * asin(sqrt(least(1, power(sin(radians(latitude - %s) / 2), 2)
    + cos(radians(%s)) * cos(radians(latitude)) * power(sin(radians(longitude - %s) / 2), 2)))) <= %s
"""


class FoundEvse(msgspec.Struct, frozen=True):
    """A current record."""

    owner: int
    evse_key: str
    evse_id: str
    operator_name: str
    document: dict[str, Any]
    is_compatible: bool
    location_id: str
    evse_uid: str
    location_row: int | None
    valid_from: datetime


class ListedEvse(msgspec.Struct, frozen=True):
    """A record of a page; `delta` insert, update or delete where a delta was asked for."""

    owner: int
    operator_name: str
    document: dict[str, Any]
    changed_at: datetime
    delta: str | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a page holds. `documents` are conditions as (member, values): the record's member must be, or hold, one of them."""

    owners: Sequence[int]
    countries: Sequence[str] = ()
    near: tuple[float, float, float] | None = None
    documents: Sequence[tuple[str, Sequence[Any]]] = ()
    as_of: datetime | None = None


def find_evse(*, evse_key: str, owner: int | None = None) -> FoundEvse | None:
    """This function will return the current record of an EVSE, or None."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [evse_key, owner, owner])
        row = cursor.fetchone()
    return FoundEvse(row[0], row[1], row[2], row[3], msgspec.json.decode(row[4]), row[5], row[6], row[7], row[8], row[9]) if row else None


def find_evse_of_location(*, owner: int, location_id: str, evse_uid: str | None) -> FoundEvse | None:
    """This function will return the EVSE of a location; without `evse_uid` the only one there is, else None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT evse_key FROM roaming_evserecord WHERE owner_id = %s AND valid_to IS NULL AND upper(location_id) = %s"
            " AND (%s::text IS NULL OR upper(evse_uid) = %s) LIMIT 2",
            [owner, location_id.upper(), evse_uid.upper() if evse_uid else None, evse_uid.upper() if evse_uid else None],
        )
        rows = cursor.fetchall()
    return find_evse(evse_key=rows[0][0], owner=owner) if len(rows) == 1 else None


def has_records(*, owner: int) -> bool:
    """This function will say whether the operator told any EVSE at all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM roaming_evserecord WHERE owner_id = %s AND valid_to IS NULL)", [owner])
        return bool(cursor.fetchone()[0])


def count_records(*, owner: int) -> int:
    """This function will count the EVSEs of an operator that OICP providers can see."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM roaming_evserecord WHERE owner_id = %s AND valid_to IS NULL", [owner])
        return int(cursor.fetchone()[0])


def list_evses(*, wanted: Wanted, offset: int, limit: int) -> tuple[list[ListedEvse], int]:
    """This function will return a page of records in the order of their rows, and how many there are in all.

    `as_of` pins the crawl: its pages show the set as it was then, however often somebody pushes meanwhile.
    """
    conditions, params = _conditions(wanted)
    where = " AND ".join(conditions)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM roaming_evserecord WHERE {where}", params)  # noqa: S608  (constants above)
        total = int(cursor.fetchone()[0])
        cursor.execute(
            f"SELECT owner_id, operator_name, document::text, valid_from FROM roaming_evserecord WHERE {where}"  # noqa: S608
            " ORDER BY id LIMIT %s OFFSET %s",
            [*params, limit, offset],
        )
        rows = cursor.fetchall()
    return [ListedEvse(row[0], row[1], msgspec.json.decode(row[2]), row[3]) for row in rows], total


def list_changes(*, owners: Sequence[int], since: datetime, offset: int, limit: int) -> tuple[list[ListedEvse], int]:
    """This function will return a page of what changed after `since`, tombstones included, and how many changes there are."""
    params: dict[str, Any] = {"owners": list(owners), "since": since}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({_DELTA}) AS changes", params)  # noqa: S608
        total = int(cursor.fetchone()[0])
        cursor.execute(f"{_DELTA} ORDER BY 4, 3 LIMIT %(limit)s OFFSET %(offset)s", {**params, "limit": limit, "offset": offset})
        rows = cursor.fetchall()
    return [ListedEvse(row[0], row[1], msgspec.json.decode(row[2]), row[3], row[4]) for row in rows], total


def list_statuses(
    *,
    owners: Sequence[int],
    evse_keys: Sequence[str] | None = None,
    near: tuple[float, float, float] | None = None,
    status: str | None = None,
) -> list[tuple[int, str, str]]:
    """This function will list (owner, EvseID, status) of EVSEs that have a record; Unknown where none was told."""
    conditions: list[str] = ["r.owner_id = ANY(%s)", "r.valid_to IS NULL"]
    params: list[Any] = [list(owners)]
    if evse_keys is not None:
        conditions.append("r.evse_key = ANY(%s)")
        params.append(list(evse_keys))
    if near is not None:
        conditions.append(_NEAR)
        params += _near_params(near)
    if status is not None:
        conditions.append("coalesce(s.status, 'Unknown') = %s")
        params.append(status)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.owner_id, r.evse_id, coalesce(s.status, 'Unknown') FROM roaming_evserecord r"  # noqa: S608
            " LEFT JOIN roaming_evsestatus s ON s.owner_id = r.owner_id AND s.evse_key = r.evse_key"
            f" WHERE {' AND '.join(conditions)} ORDER BY r.owner_id, r.id",
            params,
        )
        return list(cursor.fetchall())


def has_statuses(*, owners: Sequence[int]) -> set[int]:
    """This function will return those of the operators that told any status."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT owner_id FROM roaming_evsestatus WHERE owner_id = ANY(%s)", [list(owners)])
        return {owner for (owner,) in cursor.fetchall()}


def data_quality(*, owner: int) -> list[dict[str, Any]]:
    """This function will list what of an OCPI operator's locations could not be told in OICP, and why."""
    found = EvseProjection.objects.filter(owner_id=owner).exclude(problems=[]).order_by("location_row")
    return [problem for projection in found for problem in projection.problems]


def _conditions(wanted: Wanted) -> tuple[list[str], list[Any]]:
    conditions: list[str] = ["owner_id = ANY(%s)"]
    params: list[Any] = [list(wanted.owners)]
    if wanted.as_of is None:
        conditions.append("valid_to IS NULL")
    else:
        conditions.append("valid_from <= %s AND (valid_to IS NULL OR valid_to > %s)")
        params += [wanted.as_of, wanted.as_of]
    if wanted.countries:
        conditions.append("country = ANY(%s)")
        params.append(list(wanted.countries))
    if wanted.near is not None:
        conditions.append(_NEAR)
        params += _near_params(wanted.near)
    for member, values in wanted.documents:
        alternatives = []
        for value in values:
            alternatives.append("(document -> %s @> %s::jsonb)")
            params += [member, msgspec.json.encode(value).decode()]
        conditions.append("(" + " OR ".join(alternatives) + ")")
    return conditions, params


def _near_params(near: tuple[float, float, float]) -> list[Any]:
    latitude, longitude, radius = near
    return [latitude, latitude, longitude, radius]
