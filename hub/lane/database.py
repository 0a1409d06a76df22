"""One connection of the lane to PostgreSQL: opened again after every loss, and never waited for longer than it is worth.

psycopg cannot be interrupted while a server is frozen (it waits for the server's word on the interruption). So the lane shuts the
socket down beneath it: what waits then fails at once.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")
CONNECT_SECONDS = 2
ANSWER_SECONDS = 3.0
# The server ends a statement itself before the lane gives the connection up: a lock then costs one refusal, not a new connection.
_OPTIONS = "-c statement_timeout=2s -c lock_timeout=1s -c timezone=UTC"


class DatabaseAway(Exception):
    """PostgreSQL did not answer, or not in time; whether it did what it was asked is unknown."""


class Line:
    """A connection in autocommit mode, used by one task at a time."""

    def __init__(self, *, conninfo: str, name: str, options: str = "") -> None:
        self._conninfo = conninfo
        self._settings: dict[str, Any] = {
            "autocommit": True,
            "connect_timeout": CONNECT_SECONDS,
            "application_name": name,
            "options": f"{_OPTIONS} {options}".strip(),
        }
        self._connection: psycopg.AsyncConnection[tuple[Any, ...]] | None = None

    async def run(self, work: Callable[[psycopg.AsyncConnection[tuple[Any, ...]]], Awaitable[T]]) -> T:
        """This function will give the connection to `work`; a connection that turns out to be dead is replaced once.

        `work` must therefore do no harm when done twice. Raises DatabaseAway, and psycopg.Error where the server refuses.
        """
        for attempt in (1, 2):
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    connection = await self._open()
                return await self._bounded(work(connection), connection)
            except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as error:
                if self._is_alive() and not isinstance(error, TimeoutError):
                    raise DatabaseAway(
                        type(error).__name__
                    ) from error  # the server said no: shutting down, out of memory, a timeout of its own
                await self.close()
                if attempt == 2 or isinstance(error, TimeoutError):
                    raise DatabaseAway(type(error).__name__) from error
        raise DatabaseAway

    async def close(self) -> None:
        """This function will drop the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            _shut_down(connection)
            await connection.close()

    async def _open(self) -> psycopg.AsyncConnection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(self._conninfo, **self._settings)
        return self._connection

    def _is_alive(self) -> bool:
        return self._connection is not None and not self._connection.closed

    async def _bounded(self, work: Awaitable[T], connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> T:
        too_late = False

        def give_up() -> None:
            nonlocal too_late
            too_late = True
            _shut_down(connection)

        timer = asyncio.get_running_loop().call_later(ANSWER_SECONDS, give_up)
        try:
            return await work
        except psycopg.Error:
            if too_late:
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()


def _shut_down(connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
    if connection.closed:
        return
    # A copy of the descriptor: closing the copy leaves libpq's own, which now reads as ended.
    with socket.socket(fileno=os.dup(connection.fileno())) as twin:
        try:
            twin.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was first
