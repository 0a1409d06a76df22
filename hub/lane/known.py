"""Tokens that the lane has just decided about, so that a card shown again costs one trip to PostgreSQL instead of two.

Nothing here is believed: what a decision rests on is compared again by the statement that writes its row, in the same snapshot. A
token that changed, a further one under the same uid, a moved routing table or a repeated request id keep the row out, and the
request goes the ordinary way.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from roaming import canonical

MOST_KNOWN = 10_000
MOST_WRITTEN = 16  # a card is shown at few places in a day; where it is shown at more, they are written anew

Key = tuple[str, str, int]  # uid in upper case, type, row of the operator who may know it


@dataclass(frozen=True, slots=True)
class Known:
    """The tokens of one uid and type that one operator may know, the version they were read in, and answers already written out."""

    version: str
    tokens: list[canonical.Token]
    written: dict[tuple[Any, ...], msgspec.Raw] = field(default_factory=dict)

    def keep_written(self, key: tuple[Any, ...], answer: msgspec.Raw) -> None:
        """This function will keep an answer that these tokens lead to; at most MOST_WRITTEN of them."""
        if len(self.written) >= MOST_WRITTEN:
            self.written.clear()
        self.written[key] = answer


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
