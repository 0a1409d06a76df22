"""Tokens that the lane has just decided about, so that a card shown again costs one trip to PostgreSQL instead of two.

Nothing here is believed: what a decision rests on is compared again by the statement that writes its row, in the same snapshot. A
token that changed, a further one under the same uid, a moved routing table or a repeated request id keep the row out, and the
request goes the ordinary way.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from roaming import canonical
from roaming.authorizations.decide import Plan

MOST_KNOWN = 10_000
MOST_KEPT = 16  # of one card: it is shown at few places in a day

Key = tuple[str, str, int]  # uid in upper case, type, row of the operator who may know it


@dataclass(frozen=True, slots=True)
class Known:
    """The tokens of one uid and type that one operator may know, the version they were read in, and what they led to so far."""

    version: str
    tokens: list[canonical.Token]
    plans: dict[Hashable, Plan] = field(default_factory=dict)
    written: dict[Hashable, msgspec.Raw] = field(default_factory=dict)  # answers, in the caller's version


V = TypeVar("V")


def keep_few(kept: dict[Hashable, V], key: Hashable, value: V) -> None:
    """This function will keep `value` under `key`; where MOST_KEPT are there already, they make room."""
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[key] = value


class KnownTokens:
    """At most MOST_KNOWN of them; where one more comes, all are forgotten."""

    def __init__(self) -> None:
        self._known: dict[Key, Known] = {}

    def find(self, key: Key) -> Known | None:
        """This function will return what was known a moment ago, or None."""
        return self._known.get(key)

    def keep(self, key: Key, known: Known) -> None:
        """This function will keep what was just read."""
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[key] = known

    def forget(self, key: Key) -> None:
        """This function will drop what turned out to be old."""
        self._known.pop(key, None)
