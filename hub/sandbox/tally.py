"""Counts of what went over the wire, in both directions."""

from collections import Counter


class Tally:
    """How many messages, by direction, kind and outcome."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.waits = 0

    def count_sent(self, *, kind: str, code: str) -> None:
        """This method will count one request of ours with the code it was answered with."""
        self.sent[kind] += 1
        self.codes[code] += 1

    def count_received(self, *, kind: str) -> None:
        """This method will count one request of the hub."""
        self.received[kind] += 1

    @property
    def messages(self) -> int:
        """All of both directions."""
        return self.sent.total() + self.received.total()
