"""The dispatcher: a continuous pump. It claims what is due, keeps a few messages per receiver in flight, and settles how they ended.

It waits for nobody: a slow receiver holds its own places only. The database may restart, and this process may be killed: what was
in flight is sent again when its lease is over, and receivers hear everything at least once.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, TypeVar

from django.db import DatabaseError, InterfaceError, close_old_connections, connections

from roaming.deliveries.bell import listen
from roaming.deliveries.capacity import free_places
from roaming.deliveries.dispatch import Batch, Letter, prepare, send_letter, send_train
from roaming.deliveries.outbox import Result, claim, settle, wake
from roaming.deliveries.unwanted import give_up_unwanted
from roaming.egress import close_async
from roaming.parties import directory

_LOOK_SECONDS = 1.0
# What is in flight when the process is told to stop may end within this; the rest gives its leases back.
_GRACE_SECONDS = 8.0

T = TypeVar("T")

logger = logging.getLogger(__name__)


async def pump(stop: asyncio.Event) -> Counter[str]:
    """This function will send what is queued until `stop` is set, and return how many rows were delivered, rejected, retried or parked."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="outbox") as thread:
        running = _Pump(thread)
        bell = asyncio.create_task(listen(running.heard))
        fresh = asyncio.create_task(directory.keep_current(stop))
        waker = asyncio.create_task(_ring_at(stop, running.heard))
        try:
            await running.run(stop)
            await running.finish()
        finally:
            for task in (bell, waker):
                task.cancel()
            await asyncio.gather(bell, waker, fresh, return_exceptions=True)
            await close_async()
            await asyncio.get_running_loop().run_in_executor(thread, connections.close_all)
    return running.counts


async def _ring_at(stop: asyncio.Event, heard: asyncio.Event) -> None:
    await stop.wait()
    heard.set()


class _Pump:
    """What one dispatcher has in flight, and what it has not settled yet."""

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self.counts: Counter[str] = Counter()
        self.heard = asyncio.Event()
        self._thread = thread
        self._in_flight: Counter[int] = Counter()
        self._trains: Counter[int] = Counter()
        self._busy_with_cdrs: set[int] = set()
        self._results: list[Result] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._offline: set[int] = set()

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.heard.clear()
            try:
                batch = await self._work(self._look)
            except (DatabaseError, InterfaceError) as away:
                logger.warning("the outbox cannot be read", extra={"reason": str(away)[:200]})
                await self._wait(stop)
                continue
            self._begin(batch)
            if batch.is_empty and not self._results:
                await self._wait(stop)

    async def finish(self) -> None:
        """This function will let what is in flight end, give back the leases of what did not begin, and settle it all."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_GRACE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            await self._work(self._settle)
        except (DatabaseError, InterfaceError) as away:
            logger.warning("the last results were not kept: their rows are sent again", extra={"reason": str(away)[:200]})

    def _look(self) -> Batch:
        """Settle, then claim. It runs in the thread while the loop's tasks go on."""
        # Taken before the results are settled: a train that ends meanwhile counts as under way this once, or a later CDR could be
        # claimed before the failure of an earlier one is written down.
        busy, in_flight, trains = list(self._busy_with_cdrs), dict(self._in_flight), dict(self._trains)
        self._settle()
        known = directory.current()
        self._wake_the_returned(known)
        if given_up := give_up_unwanted(directory=known):
            self.counts["rejected"] += given_up
        claimed_at = monotonic()
        rooms = free_places(directory=known, in_flight=in_flight, trains=trains)
        return prepare(claim(rooms=rooms, busy_with_cdrs=busy), known, claimed_at)

    def _settle(self) -> None:
        results = self._results[:]
        if results:
            self.counts += settle(results)
            del self._results[: len(results)]  # tasks may have appended meanwhile; what failed to be written stays for the next time

    def _wake_the_returned(self, known: directory.Directory) -> None:
        offline = {platform.id for platform in known.platforms if platform.status == "OFFLINE"}
        for platform_id in self._offline - offline:
            wake(platform_id=platform_id)
        self._offline = offline

    def _begin(self, batch: Batch) -> None:
        self._results += batch.results
        for letter in batch.letters:
            self._start(self._send(letter), self._in_flight, letter.bundle.parcel.platform.id)
        for train in batch.trains:
            self._start(self._send_in_order(train, batch.claimed_at), self._trains, train[0].bundle.parcel.platform.id)
            self._busy_with_cdrs.add(train[0].bundle.parcel.receiver.id)

    def _start(self, work: Coroutine[Any, Any, None], under_way: Counter[int], platform_id: int) -> None:
        under_way[platform_id] += 1
        task = asyncio.create_task(work)
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            under_way[platform_id] -= 1
            self.heard.set()

        task.add_done_callback(ended)

    async def _send(self, letter: Letter) -> None:
        try:
            self._results.append(await send_letter(letter))
        except asyncio.CancelledError:
            self._results.append(Result(letter.bundle, "released"))
            raise

    async def _send_in_order(self, train: Sequence[Letter], claimed_at: float) -> None:
        done = 0
        try:
            async for result in send_train(train, claimed_at=claimed_at):
                self._results.append(result)
                done += 1
        except asyncio.CancelledError:
            self._results += [Result(letter.bundle, "released") for letter in train[done:]]
            raise
        finally:
            self._busy_with_cdrs.discard(train[0].bundle.parcel.receiver.id)

    async def _wait(self, stop: asyncio.Event) -> None:
        if not stop.is_set():
            try:
                await asyncio.wait_for(self.heard.wait(), timeout=_LOOK_SECONDS)
            except TimeoutError:
                return

    async def _work(self, work: Callable[[], T]) -> T:
        def with_a_live_connection() -> T:
            close_old_connections()
            return work()

        return await asyncio.get_running_loop().run_in_executor(self._thread, with_a_live_connection)
