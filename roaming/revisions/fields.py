"""PATCHes of different fields may overtake each other: each field goes by the stamp of the PATCH that set it (reliability §7 case 59).

The stamps of an object are kept in microseconds by field; "" is that of everything that no PATCH has set since the last PUT.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

Stamps = dict[str, int]
_REST = ""
_STAMP = "last_updated"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fields_to_apply(*, changes: Mapping[str, Any], at: datetime, stamps: Stamps | None, rest: datetime) -> dict[str, Any]:
    """This function will return those of a late PATCH's changes that nothing newer has set; the object's own stamp never goes back.

    `at` is the PATCH's stamp, `stamps` what is known of the fields, `rest` the object's stamp where nothing is known.
    """
    known = stamps or {_REST: _microseconds(rest)}
    moment = _microseconds(at)
    return {name: value for name, value in changes.items() if name != _STAMP and known.get(name, known[_REST]) <= moment}


def note_fields(*, names: Iterable[str], at: datetime, stamps: Stamps | None, rest: datetime) -> Stamps:
    """This function will return the stamps of an object after a PATCH stamped `at` has set these fields; `rest` as above."""
    known = stamps or {_REST: _microseconds(rest)}
    return {**known, **dict.fromkeys((name for name in names if name != _STAMP), _microseconds(at))}


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
