"""What is lost where an object crosses into another version: counted in memory, written by whoever writes the exchanges.

Like the exchanges it is a trace: a process that is killed loses its last half second. What a loss keeps from being sent stands in
the delivery as well.
"""

import logging
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet

from roaming.canonical import PartyId
from roaming.exchanges.models import CrossingLoss

logger = logging.getLogger(__name__)

_MOST_HELD = 5_000
_INSIDE_BRACKETS = re.compile(r"\[[^\]]*\]")
# Values of other modules may be a driver's: uids, contracts, references.
_PUBLIC = frozenset({"locations", "tariffs"})

_WRITE = """
INSERT INTO roaming_crossingloss
    (owner, receiver, module, version, field, effect, touches, is_blocked, count, object_id, was, now, first_at, last_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (owner, receiver, module, version, field, effect, touches, is_blocked) DO UPDATE SET
    count = roaming_crossingloss.count + excluded.count, object_id = excluded.object_id, was = excluded.was, now = excluded.now,
    last_at = greatest(roaming_crossingloss.last_at, excluded.last_at)
"""


class LostField(NamedTuple):
    """One field of one crossing and what became of it."""

    field: str
    effect: str
    touches: str
    was: str
    now: str


class _Key(NamedTuple):
    owner: str
    receiver: str
    module: str
    version: str
    field: str
    effect: str
    touches: str
    is_blocked: bool


@dataclass
class _Tally:
    count: int
    object_id: str
    was: str
    now: str
    first_at: datetime
    last_at: datetime


_held: dict[_Key, _Tally] = {}
_lock = threading.Lock()


def note_losses(
    *,
    owner: PartyId,
    receiver: PartyId,
    module: str,
    version: str,
    object_id: str,
    losses: Iterable[LostField],
    is_blocked: bool,
    at: datetime,
) -> None:
    """This function will count the losses of one crossing; it asks no database and never waits."""
    shown = object_id if module in _PUBLIC else ""
    with _lock:
        for loss in losses:
            field = _INSIDE_BRACKETS.sub("[]", loss.field)[:128]
            key = _Key(str(owner), str(receiver), module, version, field, loss.effect, loss.touches, is_blocked)
            was, now = (_text(loss.was), _text(loss.now)) if module in _PUBLIC else ("", "")
            tally = _held.get(key)
            if tally is None:
                if len(_held) < _MOST_HELD:
                    _held[key] = _Tally(1, _text(shown), was, now, at, at)
                continue
            tally.count += 1
            tally.object_id, tally.was, tally.now, tally.last_at = _text(shown), was, now, at


def flush_losses() -> int:
    """This function will write what this process counted, on the caller's connection, and return how many rows that touched."""
    global _held
    with _lock:
        taken, _held = _held, {}
    if not taken:
        return 0
    rows = sorted(taken.items())  # one order for everybody, so that two writers do not wait for each other
    with connection.cursor() as cursor:
        cursor.executemany(
            _WRITE,
            [(*key, tally.count, tally.object_id, tally.was, tally.now, tally.first_at, tally.last_at) for key, tally in rows],
        )
    return len(rows)


def list_losses(*, party: PartyId, limit: int = 50) -> QuerySet[CrossingLoss]:
    """This function will list what a party's objects lose, and what it does not get of others', the latest first."""
    key = str(party)
    return CrossingLoss.objects.filter(Q(owner=key) | Q(receiver=key)).order_by("-last_at", "-id")[:limit]


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8", "replace").replace("\x00", "�")[:80]
