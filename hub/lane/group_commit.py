"""Durable rows for many requests with one commit: what arrives while one INSERT runs shares the next.

No timer gathers the rows: under load batches form by themselves, and a lone row is written at once. A batch travels as one JSON
text, which PostgreSQL unpacks into typed columns: at 32 rows that costs the lane a fifth of what arrays cost (docs/performance.md).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import psycopg

from hub.lane.database import DatabaseAway, Line
from roaming.objects.prepared import with_plan_of_now

BATCH_ROWS = 512
QUEUE_ROWS = 20_000

Row = Mapping[str, Any]
Observe = Callable[[int, float], None]  # told of each batch: its rows and the seconds it took
_Item = tuple[Row, asyncio.Future[bool] | None]


class NotWritten(Exception):
    """The row may not be durable: PostgreSQL is away, too slow or refused it. Nothing may be promised on it."""


@dataclass(frozen=True)
class Target:
    """A table and the columns that rows bring, with their types. Its key `id` is made by the caller, so that a row may be sent twice.

    `guard` is a condition over `given`, the row as it came, with the columns of `told` beside those of the table: a row is written
    only where it holds at that moment. `guarded` is the column of `told` without which a row is written in any case.
    """

    table: str
    columns: Mapping[str, str]  # name -> PostgreSQL type
    told: Mapping[str, str] = field(default_factory=dict)
    guarded: str = ""
    guard: str = ""

    def statement(self) -> str:
        """This function will return the statement that takes a JSON array of rows and returns the ids of those its guard kept out."""
        # Tables, columns, types and the guard are this code's own words, never a client's.
        names = ", ".join(self.columns)
        typed = ", ".join(f"{name} {kind}" for name, kind in {**self.columns, **self.told}.items())
        given = f"SELECT * FROM json_to_recordset(%s::json) AS row ({typed})"  # noqa: S608
        if not self.guard:
            return f"INSERT INTO {self.table} ({names}) SELECT {names} FROM ({given}) AS given ON CONFLICT DO NOTHING"  # noqa: S608
        return f"""
WITH given AS MATERIALIZED ({given}), written AS (
    INSERT INTO {self.table} ({names}) SELECT {names} FROM given WHERE given.{self.guarded} IS NULL OR ({self.guard})
    ON CONFLICT DO NOTHING RETURNING id
)
SELECT given.id FROM given WHERE given.{self.guarded} IS NOT NULL AND NOT EXISTS (SELECT FROM written WHERE written.id = given.id)
"""  # noqa: S608


class GroupCommit:
    """One writer for one table."""

    def __init__(self, *, line: Line, target: Target, observe: Observe | None = None) -> None:
        self._line = line
        self._statement = target.statement()
        self._is_guarded = bool(target.guard)
        self._observe = observe
        self._queue: list[_Item] = []
        self._is_writing = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._encode = msgspec.json.Encoder(decimal_format="string").encode

    def start(self) -> None:
        """This function will start the writer in the running loop."""
        self._task = asyncio.create_task(self._write_for_ever(), name="group commit")

    async def stop(self) -> None:
        """This function will write what is queued, then end the writer."""
        if self._task is None:
            return
        while (self._queue or self._is_writing) and not self._task.done():
            await asyncio.sleep(0.01)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._line.close()

    async def write(self, row: Row) -> bool:
        """This function will return True once `row` is committed, False where its guard kept it out. Raises NotWritten."""
        if len(self._queue) >= QUEUE_ROWS:
            raise NotWritten("the queue is full")
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue.append((row, future))
        self._wake.set()
        return await future

    def write_later(self, row: Row) -> None:
        """This function will queue a row that nobody waits for; it is dropped when the queue is full or PostgreSQL is away."""
        if len(self._queue) < QUEUE_ROWS:
            self._queue.append((row, None))
            self._wake.set()

    async def _write_for_ever(self) -> None:
        while True:
            while not self._queue:
                self._wake.clear()
                await self._wake.wait()
            self._is_writing = True
            batch, self._queue = self._queue[:BATCH_ROWS], self._queue[BATCH_ROWS:]
            started = asyncio.get_running_loop().time()
            await self._write_batch(batch)
            self._is_writing = False
            if self._observe is not None:
                self._observe(len(batch), asyncio.get_running_loop().time() - started)

    async def _write_batch(self, batch: Sequence[_Item]) -> None:
        try:
            kept_out = await self._insert([row for row, _ in batch])
        except DatabaseAway as error:
            # Those who queued meanwhile have waited as long: they learn it now, and the next request tries again.
            waiting, self._queue = [*batch, *self._queue], []
            _fail(waiting, NotWritten(str(error)))
        except (psycopg.Error, msgspec.MsgspecError, TypeError, ValueError) as error:
            if len(batch) == 1:
                _fail(batch, NotWritten(type(error).__name__))
                return
            for item in batch:  # one bad row must not fail its neighbours
                await self._write_batch([item])
        else:
            for row, future in batch:
                if future is not None and not future.done():
                    future.set_result(not kept_out or row["id"] not in kept_out)

    async def _insert(self, rows: Sequence[Row]) -> set[Any]:
        text = self._encode(rows).decode()

        async def work(connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> set[Any]:
            cursor = await connection.execute(with_plan_of_now(self._statement).encode(), (text,), prepare=True)
            return {row[0] for row in await cursor.fetchall()} if self._is_guarded else set()

        return await self._line.run(work)


def _fail(batch: Sequence[_Item], error: NotWritten) -> None:
    for _, future in batch:
        if future is not None and not future.done():
            future.set_exception(error)
