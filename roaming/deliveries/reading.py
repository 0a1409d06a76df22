"""What is read once for everybody: an object that two hundred receivers hear of is the same for each of them.

It holds for one look of the dispatcher and no longer. Each look reads the waiting rows again after the states (see dispatch.py), so a
state that was read at its beginning is not older than the rows that it answers for.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_held: ContextVar[dict[Hashable, Any] | None] = ContextVar("held", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """This function will remember what `once` reads until the block ends."""
    token = _held.set({})
    try:
        yield
    finally:
        _held.reset(token)


def once(key: Hashable, read: Callable[[], T]) -> T:
    """This function will return what `read` returned for this key in the same look, or read it."""
    held = _held.get()
    if held is None:
        return read()
    if key not in held:
        held[key] = read()
    found: T = held[key]
    return found
