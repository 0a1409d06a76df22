"""May this platform be called now? A breaker and a bulkhead per platform and process, so that a bad partner harms itself only.

Own code: the usual library holds its lock during the call and so lets one call at a time through (reliability, finding 2). Here
a lock is held around the state only.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from roaming.egress.calls import BadAnswer, Purpose, TimedOut, Unreachable

STRAIGHT_FAILURES = 5
WINDOW = 20
SHARE_OF_WINDOW = 0.5
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0
# A blocked thread is dear, a waiting coroutine is not.
BLOCKING_CALLS = 8
ASYNC_CALLS = 64


class Breaker:
    """Closed: calls pass. Open: none does. After a pause exactly one passes to probe; its end closes the breaker or opens it for longer."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._ends: deque[bool] = deque(maxlen=WINDOW)
        self._straight = 0
        self._open_until: float | None = None
        self._pause = FIRST_PAUSE_SECONDS
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether the platform is not called now, except by one probe after the pause."""
        return self._open_until is not None

    @property
    def may_probe(self) -> bool:
        """Whether it is open, the pause is over and nobody probes yet."""
        return self._open_until is not None and not self._is_probing and self._clock() >= self._open_until

    def admit(self) -> bool:
        """This function will let a call begin and say whether it is the probe, or raise Unreachable. Its end must be reported."""
        with self._lock:
            if self._open_until is None:
                return False
            if self._is_probing or self._clock() < self._open_until:
                raise Unreachable("the platform failed repeatedly and is not called for a while")
            self._is_probing = True
            return True

    def report(self, *, is_good: bool | None, is_probe: bool) -> bool:
        """This function will count how a call ended (None: it says nothing about the platform), and return whether the state changed."""
        with self._lock:
            if is_probe:
                self._is_probing = False
            if is_good is None:
                return False
            return self._count_success() if is_good else self._count_failure(is_probe)

    def _count_success(self) -> bool:
        self._straight = 0
        self._ends.append(True)
        if self._open_until is None:
            return False
        self._open_until, self._pause = None, FIRST_PAUSE_SECONDS
        self._ends.clear()
        return True

    def _count_failure(self, is_probe: bool) -> bool:
        self._straight += 1
        self._ends.append(False)
        if self._open_until is not None:
            if is_probe:
                self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
                self._open_until = self._clock() + self._pause
            return False
        is_half_bad = len(self._ends) == WINDOW and self._ends.count(False) >= WINDOW * SHARE_OF_WINDOW
        if self._straight < STRAIGHT_FAILURES and not is_half_bad:
            return False
        self._open_until = self._clock() + self._pause
        return True


class Bulkhead:
    """At most so many calls to one platform at once. Authorisations never wait here: a late answer is worth less than a quick refusal."""

    def __init__(self, *, places: int) -> None:
        self._free = places
        self._bell = threading.Condition()

    def enter(self, *, wait_seconds: float) -> None:
        """This function will take a place, waiting at most `wait_seconds`; it raises Unreachable where none came free."""
        with self._bell:
            if not self._bell.wait_for(lambda: self._free > 0, timeout=wait_seconds):
                raise Unreachable("too many calls to this platform are under way")
            self._free -= 1

    def leave(self) -> None:
        """This function will give the place back."""
        with self._bell:
            self._free += 1
            self._bell.notify()


_breakers: dict[int, Breaker] = {}
_blocking: dict[int, Bulkhead] = {}
_async: dict[int, Bulkhead] = {}


def breaker_of(platform_id: int) -> Breaker:
    """This function will return this process's breaker of a platform."""
    # setdefault is atomic: of two threads that come first, both get the same one.
    return _breakers.get(platform_id) or _breakers.setdefault(platform_id, Breaker())


@contextmanager
def blocking_place(*, platform_id: int, purpose: Purpose, wait_seconds: float) -> Iterator[None]:
    """This function will hold a place among the calls of this process's threads to the platform; it raises Unreachable."""
    bulkhead = _blocking.get(platform_id) or _blocking.setdefault(platform_id, Bulkhead(places=BLOCKING_CALLS))
    bulkhead.enter(wait_seconds=0 if purpose == "authorize" else wait_seconds)
    try:
        yield
    finally:
        bulkhead.leave()


@contextmanager
def async_place(*, platform_id: int) -> Iterator[None]:
    """This function will hold a place among the calls of this process's event loops to the platform; it raises Unreachable at once."""
    bulkhead = _async.get(platform_id) or _async.setdefault(platform_id, Bulkhead(places=ASYNC_CALLS))
    bulkhead.enter(wait_seconds=0)
    try:
        yield
    finally:
        bulkhead.leave()


def says_something_bad(error: BaseException | None, status: int | None) -> bool | None:
    """This function will judge an end for the breaker: timeouts, broken connections, garbage and 5xx are bad, 4xx and 2xxx are not.

    A call that was refused or cancelled on our side says nothing: None.
    """
    if error is None:
        return not (status is not None and status >= 500)
    return False if isinstance(error, TimedOut | Unreachable | BadAnswer) else None
