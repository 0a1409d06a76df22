"""EVSE records of OICP: pushed by OICP operators, or written from the locations of OCPI operators; and their statuses."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from roaming.objects.versions import Action, Change, KeyMissing, KeyTwice, PushInProgress, Shelf, push, try_lock

_COLUMNS = (
    *(("owner_id", "bigint"), ("evse_key", "text"), ("evse_id", "text"), ("operator_name", "text"), ("document", "jsonb")),
    *(("digest", "bytea"), ("country", "text"), ("latitude", "float8"), ("longitude", "float8"), ("is_compatible", "boolean")),
    *(("location_id", "text"), ("evse_uid", "text"), ("location_row", "bigint")),
)
PUSHED = Shelf(
    table="roaming_evserecord",
    columns=_COLUMNS,
    scope="owner_id = %s AND location_row IS NULL",
    keys=("evse_key",),
    key_names=("evse_key",),
)
WRITTEN = Shelf(
    table="roaming_evserecord",
    columns=_COLUMNS,
    scope="owner_id = %s AND location_row = %s",
    keys=("evse_key",),
    key_names=("evse_key",),
)

_PUT_STATUS = """
INSERT INTO roaming_evsestatus (owner_id, evse_key, evse_id, status, changed_at)
SELECT %s, evse_key, evse_id, status, %s FROM unnest(%s::text[], %s::text[], %s::text[]) AS given (evse_key, evse_id, status)
ON CONFLICT (owner_id, evse_key) DO UPDATE SET status = excluded.status, evse_id = excluded.evse_id, changed_at = excluded.changed_at
    WHERE roaming_evsestatus.status <> excluded.status
RETURNING evse_key
"""


class EvseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it is kept."""

    owner_id: int
    evse_key: str
    evse_id: str
    operator_name: str
    document: dict[str, Any]
    digest: bytes
    country: str
    latitude: float | None
    longitude: float | None
    is_compatible: bool
    location_id: str
    evse_uid: str
    location_row: int | None = None


class StatusRow(msgspec.Struct, frozen=True):
    """A status as it is kept."""

    evse_key: str
    evse_id: str
    status: str


def push_evse_records(*, owner: int, action: Action, rows: Sequence[EvseRow], at: datetime, most_lost: float | None = None) -> Change:
    """This function will apply a push of an OICP operator; it raises PushRefused (see `objects.versions`)."""
    return push(
        shelf=PUSHED,
        scope=[owner],
        lock=f"evse-data:{owner}",
        action=action,
        rows=[msgspec.structs.asdict(row) for row in rows],
        at=at,
        most_lost=most_lost,
    )


def delete_evse_records(*, owner: int, evse_keys: Sequence[str], at: datetime) -> Change:
    """This function will close the records of those keys; it raises KeyMissing, and then closed none."""
    rows = [{"evse_key": key} for key in evse_keys]
    return push(shelf=PUSHED, scope=[owner], lock=f"evse-data:{owner}", action="delete", rows=rows, at=at)


def write_evse_records(*, owner: int, location_row: int, rows: Sequence[EvseRow], at: datetime) -> Change:
    """This function will replace what was written from one OCPI location."""
    values = [msgspec.structs.asdict(row) for row in rows]
    return push(shelf=WRITTEN, scope=[owner, location_row], lock=f"evse-of:{location_row}", action="fullLoad", rows=values, at=at)


@transaction.atomic
def push_statuses(*, owner: int, action: Action, statuses: Sequence[StatusRow], at: datetime) -> list[str]:
    """This function will keep the statuses of EVSEs that have a record and return the keys of those that changed.

    It raises KeyMissing where one has none, PushInProgress while another push of statuses runs, and then nothing is kept.
    """
    if not try_lock(f"evse-status:{owner}"):
        raise PushInProgress("a push of this kind is already in progress")
    keys = [status.evse_key for status in statuses]
    if len(set(keys)) != len(keys):
        raise KeyTwice("an EVSE stands twice in one request")
    missing = set(keys) - known_keys(owner=owner, evse_keys=keys)
    if missing:
        raise KeyMissing(f"{len(missing)} EVSEs have no data, the first is {min(missing)}")
    with connection.cursor() as cursor:
        if action in ("fullLoad", "delete"):
            what = "evse_key = ANY(%s)" if action == "delete" else "NOT evse_key = ANY(%s)"
            cursor.execute(f"DELETE FROM roaming_evsestatus WHERE owner_id = %s AND {what}", [owner, keys])  # noqa: S608
        if action == "delete":
            return keys
    return put_statuses(owner=owner, statuses=statuses, at=at)


def put_statuses(*, owner: int, statuses: Iterable[StatusRow], at: datetime) -> list[str]:
    """This function will keep statuses without asking for records, and return the keys of those that changed."""
    told = list(statuses)
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT_STATUS,
            [owner, at, [one.evse_key for one in told], [one.evse_id for one in told], [one.status for one in told]],
        )
        return [key for (key,) in cursor.fetchall()]


def known_keys(*, owner: int, evse_keys: Sequence[str]) -> set[str]:
    """This function will return those of the keys that have a current record."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT evse_key FROM roaming_evserecord WHERE owner_id = %s AND valid_to IS NULL AND evse_key = ANY(%s)",
            [owner, list(evse_keys)],
        )
        return {key for (key,) in cursor.fetchall()}
