"""Ids of rows that are written by the thousand: in order of time, so that they are added at the end of their index."""

import os
from datetime import datetime
from threading import Lock
from uuid import UUID

_RANDOM_BYTES = 10
_DRAWN_AT_ONCE = 256
_VERSION_AND_VARIANT = (0x7 << 76) | (0b10 << 62)
_FREE_BITS = ((1 << 80) - 1) & ~((0xF << 76) | (0b11 << 62))


class _Drawn:
    """Random bytes drawn from the system many at a time: a draw for each id costs more than the rest of it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._bytes = b""
        self._used = 0
        os.register_at_fork(after_in_child=self._forget)

    def take(self) -> int:
        with self._lock:
            if self._used >= len(self._bytes):
                self._bytes, self._used = os.urandom(_RANDOM_BYTES * _DRAWN_AT_ONCE), 0
            start, self._used = self._used, self._used + _RANDOM_BYTES
            return int.from_bytes(self._bytes[start : self._used], "big")

    def _forget(self) -> None:
        self._lock, self._bytes, self._used = Lock(), b"", 0


_drawn = _Drawn()


def new_row_id(*, at: datetime) -> UUID:
    """This function will return a UUID of version 7 (RFC 9562 §5.7): the milliseconds of `at`, then 74 random bits."""
    return UUID(int=int(at.timestamp() * 1000) << 80 | _drawn.take() & _FREE_BITS | _VERSION_AND_VARIANT)
