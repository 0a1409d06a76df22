"""A hard deadline for blocking calls: when it passes, the socket is shut down under whoever waits on it.

A timeout of `requests` bounds each read and not the call: a peer that drips a byte a second stretches it for ever (reliability,
finding 1). Shutting the socket ends the read, whether it waits for the handshake, the headers or the body.
"""

import heapq
import itertools
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic


class Flight:
    """One call under way: its deadline, and the socket it uses now."""

    def __init__(self, *, seconds: float) -> None:
        self.deadline = monotonic() + seconds
        self.is_sent = False  # whether a byte of the request may have left
        self.has_opened = False  # whether a connection was opened for it
        self.is_reused = False  # whether it goes over a connection that served others before
        self.has_expired = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_over = False

    def remaining(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(self.deadline - monotonic(), 0.0)

    def begin_again(self) -> None:
        """This function will forget the first try; the deadline stays."""
        self.is_sent = self.has_opened = self.is_reused = False

    def attach(self, sock: socket.socket) -> None:
        """This function will watch a socket. A duplicate is kept: TLS takes the original over, a shutdown reaches both."""
        watched = socket.socket(fileno=os.dup(sock.fileno()))
        with self._lock:
            former, self._socket = self._socket, watched
        if former is not None:
            former.close()
        if self.has_expired:
            self.expire()

    def expire(self) -> None:
        """This function will end the call if it is still under way."""
        with self._lock:
            if self._is_over:
                return
            self.has_expired = True
            if self._socket is not None:
                try:
                    self._socket.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # it is closed already: nobody waits on it

    def finish(self) -> None:
        """This function will let go of the socket."""
        with self._lock:
            self._is_over = True
            if self._socket is not None:
                self._socket.close()
                self._socket = None


class _Watchdog:
    """One thread per process that sleeps until the next deadline."""

    def __init__(self) -> None:
        self._flights: list[tuple[float, int, Flight]] = []
        self._order = itertools.count()
        self._bell = threading.Condition()
        self._thread: threading.Thread | None = None

    def watch(self, flight: Flight) -> None:
        with self._bell:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="egress-watchdog", daemon=True)
                self._thread.start()
            heapq.heappush(self._flights, (flight.deadline, next(self._order), flight))
            if self._flights[0][2] is flight:
                self._bell.notify()

    def _run(self) -> None:
        while True:
            with self._bell:
                while not self._flights:
                    self._bell.wait()
                wait = self._flights[0][0] - monotonic()
                if wait > 0:
                    self._bell.wait(wait)
                    continue
                _, _, flight = heapq.heappop(self._flights)
            flight.expire()


_watchdog = _Watchdog()


def _forget_thread() -> None:
    global _watchdog
    _watchdog = _Watchdog()


os.register_at_fork(after_in_child=_forget_thread)


@contextmanager
def flight_of(*, seconds: float) -> Iterator[Flight]:
    """This function will open a flight that the watchdog ends after `seconds`."""
    flight = Flight(seconds=seconds)
    _watchdog.watch(flight)
    try:
        yield flight
    finally:
        flight.finish()
