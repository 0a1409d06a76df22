"""Tokens that the lane has just decided about, so that a card shown again costs one trip to PostgreSQL instead of two.

Nothing here is believed: what a decision rests on is compared again by the statement that writes its row, in the same snapshot. A
token that changed, a further one under the same uid, a moved routing table or a repeated request id keep the row out, and the
request goes the ordinary way.
"""

import msgspec

from roaming import canonical

MOST_KNOWN = 10_000

Key = tuple[str, str, int]  # uid in upper case, type, row of the operator who may know it


class Known(msgspec.Struct, frozen=True):
    """The tokens of one uid and type that one operator may know, and the version they were read in."""

    version: str
    tokens: list[canonical.Token]


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
