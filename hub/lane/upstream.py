"""A small HTTP/1.1 client for one unix socket: Django's process beside the lane.

It keeps connections, takes the request's path as raw bytes and hands the answer on piece by piece. It is not a way out of the
house: it cannot open anything but that socket, so it is no business of `roaming.egress`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httptools

IDLE_SECONDS = 10.0  # well below the 30 s after which granian closes an idle connection: else a request races with the close
READ_SECONDS = 120.0
WAIT_SECONDS = 5.0
_HIGH_WATER = 256 * 1024
# Asked twice, these do no more than asked once: only they are sent again when a kept connection turned out to be dead.
_REPEATABLE = frozenset({b"GET", b"HEAD", b"PUT", b"DELETE", b"OPTIONS"})


class UpstreamAway(Exception):
    """Nobody listens on the socket, or the connection ended before an answer began."""


class UpstreamBusy(Exception):
    """Every connection is in use and none became free in time."""


class UpstreamSilent(Exception):
    """No byte of the answer came within READ_SECONDS."""


@dataclass(frozen=True)
class Request:
    """One request as bytes of the wire; `head` ends with the empty line."""

    method: bytes
    head: bytes
    body: bytes


class Upstream:
    """Connections to one unix socket, at most `size` at once."""

    def __init__(self, *, path: str, size: int = 64) -> None:
        self.path = path
        self._idle: list[Connection] = []
        self._slots = asyncio.Semaphore(size)

    @asynccontextmanager
    async def sent(self, request: Request) -> AsyncIterator["Connection"]:
        """This function will send `request` and give the connection once an answer has begun: read it to its end inside the block.

        Raises UpstreamAway, UpstreamBusy or UpstreamSilent.
        """
        if self._slots.locked():
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._slots.acquire()
            except TimeoutError:
                raise UpstreamBusy from None
        else:
            await self._slots.acquire()
        try:
            connection = await self._ask(request)
            try:
                yield connection
            finally:
                self._put_back(connection)
        finally:
            self._slots.release()

    def close(self) -> None:
        """This function will close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _put_back(self, connection: "Connection") -> None:
        if connection.is_reusable:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.close()

    async def _ask(self, request: Request) -> "Connection":
        while True:
            kept = self._take_idle()
            connection = kept or await self._connect()
            try:
                await connection.ask(request)
            except UpstreamAway:
                if kept is not None and request.method in _REPEATABLE:
                    continue
                raise
            except BaseException:
                connection.close()
                raise
            return connection

    def _take_idle(self) -> "Connection | None":
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()  # the newest: the oldest then time out by themselves
            if connection.is_reusable and now - connection.idle_since < IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def _connect(self) -> "Connection":
        try:
            _, connection = await asyncio.get_running_loop().create_unix_connection(Connection, self.path)
        except OSError as error:
            raise UpstreamAway from error
        return connection


class Connection(asyncio.Protocol):
    """One connection; one request at a time. `status` and `headers` are those of the answer that has begun."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._wake: asyncio.Future[None] | None = None
        self._chunks: list[bytes] = []
        self._buffered = 0
        self._paused = False
        self._started = self._complete = self._lost = self._keep = self._headless_body = False

    async def ask(self, request: Request) -> None:
        """This function will write the request and wait until the head of the answer is read."""
        transport = self._transport
        if transport is None or self._lost:
            raise UpstreamAway
        self.headers, self._chunks, self._buffered = [], [], 0
        self._started = self._complete = self._keep = False
        self._headless_body = request.method == b"HEAD"
        transport.write(request.head + request.body)
        while not self._started:
            if self._lost:
                raise UpstreamAway
            await self._wait()

    async def read(self) -> bytes | None:
        """This function will return what has arrived of the body, or None at its end. Raises UpstreamAway when it breaks off."""
        while not self._chunks:
            if self._complete:
                return None
            if self._lost:
                raise UpstreamAway
            await self._wait()
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks, self._buffered = [], 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    @property
    def is_complete(self) -> bool:
        """Whether nothing more of the answer will come than what has been read."""
        return self._complete and not self._chunks

    @property
    def is_reusable(self) -> bool:
        """Whether the answer is complete and the other side keeps the connection."""
        return self._complete and self._keep and not self._lost

    def close(self) -> None:
        """This function will close the connection, whatever its state."""
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._wake = loop.create_future()
        silent = loop.call_later(READ_SECONDS, self._stop_waiting)
        try:
            await self._wake
        finally:
            silent.cancel()
            self._wake = None

    def _stop_waiting(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_exception(UpstreamSilent())

    def _stir(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    # Callbacks of the transport.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvloop's is none by inheritance
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._lost = True
            self.close()
        self._stir()

    def eof_received(self) -> None:
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    def _end(self) -> None:
        # A body without a length ends with the connection.
        if self._started and not self._complete and not self._lost and not self._keep:
            self._complete = True
        self._lost = True
        self._stir()

    # Callbacks of the parser.

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # 100 Continue and the like: not yet the answer
            self.headers = []
            return
        self.status = status
        self._started = True
        if self._headless_body:
            self._complete = True  # the parser would wait for the body that the length speaks of; the connection is not kept
        else:
            self._keep = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)
        self._buffered += len(body)
        if self._buffered > _HIGH_WATER and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if self._started:
            self._complete = True
