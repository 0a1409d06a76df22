"""Objects that the hub keeps itself in a module that it otherwise passes on unread: their list, and the pushes of each.

Whoever keeps the records (settlement keeps those of its invoices) stands above this room and registers here how they are read.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from roaming import canonical


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list: whose, `date_from` inclusive and `date_to` exclusive on last_updated."""

    party: canonical.PartyId
    date_from: datetime | None
    date_to: datetime | None
    offset: int
    limit: int


class Kept(msgspec.Struct, frozen=True):
    """Objects as the wire has them, and how many the whole list holds."""

    items: Sequence[Mapping[str, Any]]
    total: int


Read = Callable[[Asked], Kept]
ReadOne = Callable[[int], Mapping[str, Any] | None]
_kept: dict[str, Read] = {}
_single: dict[str, ReadOne] = {}


def keep_list(*, module: str, read: Read) -> None:
    """This function will let `read` answer when the hub itself is asked for a module's list."""
    _kept[module] = read


def find_list(module: str) -> Read | None:
    """This function will return how the hub's own list of a module is read, or None where it keeps none."""
    return _kept.get(module)


def keep_objects(*, module: str, read: ReadOne) -> None:
    """This function will let `read` say what an object of a module is now, by its row, when it is pushed; None: it is gone."""
    _single[module] = read


def read_object(module: str, row: int) -> Mapping[str, Any] | None:
    """This function will return an object that the hub keeps, as the wire has it, or None."""
    read = _single.get(module)
    return read(row) if read is not None else None
