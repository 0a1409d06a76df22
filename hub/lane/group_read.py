"""Reads for many requests in one round trip: what arrives while one query runs shares the next."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import psycopg

from hub.lane.database import DatabaseAway, Line
from roaming.objects.prepared import with_plan_of_now

BATCH_KEYS = 256

Key = Mapping[str, Any]
Found = tuple[Any, ...]


class GroupRead:
    """One reader for one query.

    The query takes a JSON array of keys, each with its number `n`, and returns rows that begin with the `n` they answer.
    """

    def __init__(self, *, line: Line, query: str) -> None:
        self._line = line
        self._query = query
        self._queue: list[tuple[Key, asyncio.Future[list[Found]]]] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._encode = msgspec.json.Encoder().encode

    def start(self) -> None:
        """This function will start the reader in the running loop."""
        self._task = asyncio.create_task(self._read_for_ever(), name="group read")

    async def stop(self) -> None:
        """This function will end the reader; who still waits gets DatabaseAway."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        _fail(self._queue, DatabaseAway("stopping"))
        await self._line.close()

    async def read(self, key: Key) -> list[Found]:
        """This function will return the rows found for `key`, without their number. Raises DatabaseAway."""
        future: asyncio.Future[list[Found]] = asyncio.get_running_loop().create_future()
        self._queue.append((key, future))
        self._wake.set()
        return await future

    async def _read_for_ever(self) -> None:
        while True:
            while not self._queue:
                self._wake.clear()
                await self._wake.wait()
            batch, self._queue = self._queue[:BATCH_KEYS], self._queue[BATCH_KEYS:]
            await self._read_batch(batch)

    async def _read_batch(self, batch: Sequence[tuple[Key, asyncio.Future[list[Found]]]]) -> None:
        try:
            rows = await self._select([{**key, "n": number} for number, (key, _) in enumerate(batch)])
        except DatabaseAway as error:
            waiting, self._queue = [*batch, *self._queue], []
            _fail(waiting, error)
        except (psycopg.Error, msgspec.MsgspecError, TypeError, ValueError) as error:
            if len(batch) == 1:
                _fail(batch, DatabaseAway(type(error).__name__))
                return
            for item in batch:  # one bad key must not fail its neighbours
                await self._read_batch([item])
        else:
            found: list[list[Found]] = [[] for _ in batch]
            for number, *row in rows:
                found[number].append(tuple(row))
            for (_, future), answer in zip(batch, found, strict=True):
                if not future.done():
                    future.set_result(answer)

    async def _select(self, keys: Sequence[Key]) -> list[Found]:
        text = self._encode(keys).decode()

        async def work(connection: psycopg.AsyncConnection[Found]) -> list[Found]:
            cursor = await connection.execute(with_plan_of_now(self._query).encode(), (text,), prepare=True)
            return await cursor.fetchall()

        return await self._line.run(work)


def _fail(batch: Sequence[tuple[Key, asyncio.Future[list[Found]]]], error: DatabaseAway) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
