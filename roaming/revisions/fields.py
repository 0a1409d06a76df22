"""Messages about different fields may overtake each other: each field goes by the stamp of the PATCH that set it (reliability §7 case 59).

The stamps of an object are kept in microseconds by field; "" is that of everything that no PATCH has set since the last PUT. Unknown
fields live in `extensions`, and each of them has a stamp of its own.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

Stamps = dict[str, int]
_REST = ""
_STAMP = "last_updated"
_EXTENSIONS = "extensions"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fields_to_apply(*, changes: Mapping[str, Any], at: datetime, stamps: Stamps | None, rest: datetime) -> dict[str, Any]:
    """This function will return those of a late PATCH's changes that nothing newer has set; the object's own stamp never goes back.

    `at` is the PATCH's stamp, `stamps` what is known of the fields, `rest` the object's stamp where nothing is known.
    """
    known = stamps or {_REST: _microseconds(rest)}
    moment = _microseconds(at)
    flat = {name: value for name, value in _flat(changes).items() if name != _STAMP and _stamp_of(name, known) <= moment}
    return _nested(flat)


def note_fields(*, changes: Mapping[str, Any], at: datetime, stamps: Stamps | None, rest: datetime, also: Iterable[str] = ()) -> Stamps:
    """This function will return the stamps of an object after a PATCH stamped `at` has made these changes; `rest` as above.

    `also` names what it added to lists that grow (`member_name`).
    """
    known = stamps or {_REST: _microseconds(rest)}
    moment = _microseconds(at)
    fields = dict.fromkeys((name for name in _flat(changes) if name != _STAMP), moment)
    return {**known, **fields, **{name: max(moment, known.get(name, moment)) for name in also}}


def member_name(field: str, member: datetime) -> str:
    """This function will name the member of a growing list, by its start, as the stamps do."""
    return f"{field}@{_microseconds(member)}"


def is_older_than_all(*, at: datetime, stamps: Stamps | None, rest: datetime) -> bool:
    """This function will say whether a late PUT stamped `at` leaves nothing behind: the last PUT is newer than it."""
    return (stamps or {_REST: _microseconds(rest)})[_REST] > _microseconds(at)


def newer_names(*, at: datetime, stamps: Stamps | None) -> frozenset[str]:
    """This function will name the fields, and members of growing lists, that a PATCH newer than `at` has set."""
    moment = _microseconds(at)
    return frozenset(name for name, stamp in (stamps or {}).items() if name != _REST and stamp > moment)


def put_beneath(*, stored: Mapping[str, Any], put: Mapping[str, Any], at: datetime, stamps: Stamps | None) -> dict[str, Any]:
    """This function will return the document of a late PUT, with those fields of the stored one that newer PATCHes have set."""
    newer = newer_names(at=at, stamps=stamps)
    held, told = _flat(stored), _flat(put)
    kept = {name: value for name, value in held.items() if _is_in(name, newer)}
    return _nested({**{name: value for name, value in told.items() if not _is_in(name, newer)}, **kept})


def note_put_beneath(*, at: datetime, stamps: Stamps | None) -> Stamps:
    """This function will return the stamps of an object after such a PUT: its own for all but what is newer."""
    newer = newer_names(at=at, stamps=stamps)
    return {_REST: _microseconds(at), **{name: stamp for name, stamp in (stamps or {}).items() if name in newer}}


def _stamp_of(name: str, known: Stamps) -> int:
    return known.get(name, known.get(name.partition(".")[0], known[_REST]))


def _is_in(name: str, newer: frozenset[str]) -> bool:
    return name in newer or name.partition(".")[0] in newer


def _flat(fields: Mapping[str, Any]) -> dict[str, Any]:
    members = fields.get(_EXTENSIONS)
    if not isinstance(members, dict):
        return dict(fields)
    return {
        **{name: value for name, value in fields.items() if name != _EXTENSIONS},
        **{f"{_EXTENSIONS}.{name}": value for name, value in members.items()},
    }


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    prefix = f"{_EXTENSIONS}."
    members = {name.removeprefix(prefix): value for name, value in flat.items() if name.startswith(prefix)}
    fields = {name: value for name, value in flat.items() if not name.startswith(prefix)}
    return {**fields, _EXTENSIONS: members} if members else fields


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
