"""Messages received together by one thread: what arrives while it works shares its next transaction."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Generic, TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from hub.lane import metrics

A = TypeVar("A")
R = TypeVar("R")

BATCH = 128


class Batches(Generic[A, R]):
    """Gives arrivals to `receive`, many at a time. It answers each with its outcome, or with its refusal in its place."""

    def __init__(self, *, receive: Callable[[Sequence[A]], list[R | Exception]], name: str) -> None:
        self._receive = receive
        self._queue: list[tuple[A, asyncio.Future[R]]] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._is_at_work = False
        self._rows = metrics.COMMIT_ROWS.labels(name)
        self._seconds = metrics.COMMIT_SECONDS.labels(name)

    async def take(self, arrival: A) -> R:
        """This function will return the outcome once it is committed; it raises the arrival's refusal, or the database's error."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._queue.append((arrival, future))
        if not self._is_at_work:
            self._is_at_work = True
            loop.call_soon(self._start_next, loop)  # at the end of this turn: who arrives in the same one comes along
        return await future

    def close(self) -> None:
        """This function will wait for the batch under way."""
        self._thread.shutdown()

    def _start_next(self, loop: asyncio.AbstractEventLoop) -> None:
        batch, self._queue = self._queue[:BATCH], self._queue[BATCH:]
        work = loop.run_in_executor(self._thread, self._run, [arrival for arrival, _ in batch])
        work.add_done_callback(lambda done: self._settle(loop, batch, done))

    def _settle(
        self, loop: asyncio.AbstractEventLoop, batch: list[tuple[A, asyncio.Future[R]]], done: "asyncio.Future[list[R | Exception]]"
    ) -> None:
        for (_, future), outcome in zip(batch, done.result(), strict=True):
            if future.done():
                continue
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        if self._queue:
            self._start_next(loop)
        else:
            self._is_at_work = False

    def _run(self, arrivals: list[A]) -> list[R | Exception]:
        started = monotonic()
        outcomes = self._try(arrivals, again=True)
        self._rows.observe(len(arrivals))
        self._seconds.observe(monotonic() - started)
        return outcomes

    def _try(self, arrivals: Sequence[A], *, again: bool) -> list[R | Exception]:
        try:
            return self._receive(arrivals)
        except (OperationalError, InterfaceError) as error:
            # What was rolled back, or is unknown, may be received again: every write of the hub may come twice.
            is_lost = not connection.is_usable() if connection.connection is not None else True
            connection.close()
            if again and is_lost:
                return self._try(arrivals, again=False)
            return [error for _ in arrivals]
        except DatabaseError as error:
            if len(arrivals) == 1:
                return [error]
            return [outcome for arrival in arrivals for outcome in self._try([arrival], again=again)]
        except Exception as error:
            return [error for _ in arrivals]
