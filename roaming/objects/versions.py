"""Sets of records that a partner pushes whole or in parts: every success is a new version, and nothing that was told is overwritten.

The rules are OICP's (oicp §1.4): a full load replaces the set; an insert fails as a whole where one key is there already, an update
and a deletion where one is missing; one push of a partner and kind at a time. Versions are closed, so that the delta between two
instants can be told with its tombstones.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from django.db import connection, transaction

Action = Literal["fullLoad", "insert", "update", "delete"]


class PushRefused(Exception):
    """The push does not fit what is stored, and changed nothing (OICP 009)."""


class PushInProgress(PushRefused):
    """A push of the same partner and kind is running."""


class KeyTwice(PushRefused):
    """One request names the same record twice."""


class KeyExists(PushRefused):
    """An insert names a record that is there."""


class KeyMissing(PushRefused):
    """An update or a deletion names a record that is not there."""


class SetShrinks(PushRefused):
    """A full load would take away more of the set than the partner's guard allows."""


class Shelf(msgspec.Struct, frozen=True):
    """Where such records lie. All texts are constants of the slices.

    `columns` are (name, SQL type) of what a row carries; `keys` the SQL expressions that name a record inside `scope`, and
    `key_names` the row's members with the same values.
    """

    table: str
    columns: tuple[tuple[str, str], ...]
    scope: str
    keys: tuple[str, ...]
    key_names: tuple[str, ...]


class Change(msgspec.Struct, frozen=True):
    """What a push changed, by key."""

    inserted: list[tuple[str, ...]]
    updated: list[tuple[str, ...]]
    deleted: list[tuple[str, ...]]


@transaction.atomic
def push(
    *,
    shelf: Shelf,
    scope: Sequence[Any],
    lock: str,
    action: Action,
    rows: Sequence[Mapping[str, Any]],
    at: datetime,
    most_lost: float | None = None,
) -> Change:
    """This function will apply a push in one transaction; `rows` of a deletion need their keys only.

    `lock` names partner and kind. `most_lost` is the share of a set, from 0 to 1, that a full load may take away; None: all of it.
    It raises PushInProgress, KeyTwice, KeyExists, KeyMissing and SetShrinks.
    """
    if not try_lock(lock):
        raise PushInProgress("a push of this kind is already in progress")
    given = {tuple(str(row[name]) for name in shelf.key_names): row for row in rows}
    if len(given) != len(rows):
        raise KeyTwice("a record stands twice in one request")
    held = _read_held(shelf, scope, None if action == "fullLoad" else list(given))
    _check(action, given.keys(), held.keys())
    if action == "delete":
        change = Change([], [], list(given))
    else:
        change = Change(
            inserted=[key for key in given if key not in held],
            updated=[key for key, row in given.items() if key in held and held[key] != bytes(row["digest"])],
            deleted=[key for key in held if key not in given] if action == "fullLoad" else [],
        )
    if action == "fullLoad" and most_lost is not None and held and len(change.deleted) > most_lost * len(held):
        raise SetShrinks(f"the full load would take away {len(change.deleted)} of {len(held)} records")
    _close(shelf, scope, [*change.updated, *change.deleted], at)
    _insert(shelf, [given[key] for key in (*change.inserted, *change.updated)], at)
    return change


def _check(action: Action, given: Any, held: Any) -> None:
    if action == "insert" and (there := [key for key in given if key in held]):
        raise KeyExists(f"{len(there)} records are there already, the first is {there[0][-1]}")
    if action in ("update", "delete") and (missing := [key for key in given if key not in held]):
        raise KeyMissing(f"{len(missing)} records are not there, the first is {missing[0][-1]}")


def try_lock(key: str) -> bool:
    """This function will take a lock until the transaction ends, or say that somebody else holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 2))", [key])
        return bool(cursor.fetchone()[0])


def _key_match(shelf: Shelf) -> str:
    places = ", ".join("%s::text[]" for _ in shelf.keys)
    return f"({', '.join(shelf.keys)}) IN (SELECT * FROM unnest({places}))"  # noqa: S608  (constants of the slices)


def _read_held(shelf: Shelf, scope: Sequence[Any], keys: list[tuple[str, ...]] | None) -> dict[tuple[str, ...], bytes]:
    digest = "digest" if any(name == "digest" for name, _ in shelf.columns) else "''::bytea"
    sql = f"SELECT {', '.join(shelf.keys)}, {digest} FROM {shelf.table} WHERE {shelf.scope} AND valid_to IS NULL"  # noqa: S608
    params = list(scope)
    if keys is not None:
        sql += f" AND {_key_match(shelf)}"
        params += _columns_of(keys, len(shelf.keys))
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return {tuple(row[:-1]): bytes(row[-1]) for row in cursor.fetchall()}


def _close(shelf: Shelf, scope: Sequence[Any], keys: list[tuple[str, ...]], at: datetime) -> None:
    if not keys:
        return
    sql = f"UPDATE {shelf.table} SET valid_to = %s WHERE {shelf.scope} AND valid_to IS NULL AND {_key_match(shelf)}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [at, *scope, *_columns_of(keys, len(shelf.keys))])


def _insert(shelf: Shelf, rows: Sequence[Mapping[str, Any]], at: datetime) -> None:
    if not rows:
        return
    names = ", ".join(name for name, _ in shelf.columns)
    types = ", ".join(f"{name} {kind}" for name, kind in shelf.columns)
    sql = f"INSERT INTO {shelf.table} ({names}, valid_from) SELECT {names}, %s FROM json_to_recordset(%s::json) AS given ({types})"  # noqa: S608
    text = _ENCODER.encode([{name: _plain(row[name]) for name, _ in shelf.columns} for row in rows]).decode()
    with connection.cursor() as cursor:
        cursor.execute(sql, [at, text])


def _plain(value: Any) -> Any:
    return "\\x" + value.hex() if isinstance(value, bytes) else value


def _columns_of(keys: Sequence[tuple[str, ...]], width: int) -> list[list[str]]:
    return [[key[place] for key in keys] for place in range(width)]


_ENCODER = msgspec.json.Encoder(decimal_format="number")
