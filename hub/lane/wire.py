"""HTTP/1.1 with an end: a client that sends its headers or its body slowly, or without end, is answered and cut off.

uvicorn bounds neither. The limits live here, below the application, so that they cost the hot path two assignments per request.
"""

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus

from asgiref.typing import ASGISendCallable
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

HEADER_BLOCK_BYTES = 16 * 1024
HEADER_BYTES = 8 * 1024
HEADER_SECONDS = 10.0
BODY_SECONDS = 60.0


class _Refused(Exception):
    """Raised inside a parser callback: stops the parser; what to answer stands in `Protocol.refusal`."""


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol with limits: name it as `--http hub.lane.wire:Protocol`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        """This function will start to watch the connection."""
        super().connection_made(transport)
        self.refusal: HTTPStatus | None = None
        self._header_bytes = self._fed = 0
        self._headers_since: float | None = self.loop.time()
        self._body_since: float | None = None
        self._watch = self.loop.call_later(HEADER_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """This function will stop to watch."""
        self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """This function will feed the parser, and refuse a header block that outgrows its limit before it is complete."""
        self._fed = len(data)
        super().data_received(data)
        if self._headers_since is not None:
            self._header_bytes += len(data)
            if self._header_bytes > HEADER_BLOCK_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """This function will start the clock of the headers."""
        super().on_message_begin()
        self._headers_since = self.loop.time()
        self._header_bytes = 0

    def on_headers_complete(self) -> None:
        """This function will start the clock of the body; it refuses headers that are longer than they may be."""
        # Counted one by one only where so much has come that they could be: nearly never.
        if self._header_bytes + self._fed > HEADER_BYTES and self._is_too_long():
            self.refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise _Refused
        self._headers_since = None
        self._body_since = self.loop.time()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """This function will stop the clock: from here on the hub's own deadlines count."""
        self._body_since = None
        super().on_message_complete()

    def shutdown(self) -> None:
        """This function will let answers leave before the server closes its connections."""
        _outgoing.flush()
        super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """This function will answer a broken request; one that a limit stopped, with that limit's status."""
        if self.refusal is None:
            super().send_400_response(msg)
        else:
            self._refuse(self.refusal)

    def _is_too_long(self) -> bool:
        sizes = [len(self.url), *(len(name) + len(value) + 4 for name, value in self.headers)]
        return max(sizes) > HEADER_BYTES or sum(sizes) > HEADER_BLOCK_BYTES

    def _look(self) -> None:
        now = self.loop.time()
        too_slow = (self._headers_since is not None and now - self._headers_since > HEADER_SECONDS) or (
            self._body_since is not None and now - self._body_since > BODY_SECONDS
        )
        # While reading is paused it is the hub that is slow, not the client.
        if too_slow and not self.flow.read_paused:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self._watch = self.loop.call_later(HEADER_SECONDS / 4, self._look)

    def _refuse(self, status: HTTPStatus) -> None:
        if self.transport.is_closing():
            return
        if self._may_answer():
            line = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(line.encode("ascii"))
        self.transport.close()

    def _may_answer(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None:
            return self._header_bytes > 0 or self.refusal is not None  # who has not spoken is not answered
        if self._headers_since is not None:  # the cycle is that of the request before: its answer must be whole
            return cycle.response_complete
        return not cycle.response_started


class _Outgoing:
    """Whole answers of one turn of the loop, written one right after the other at its end.

    Between two answers of a batch lies the work for the second. A client that sleeps meanwhile must be woken for each, and waking
    costs the hub more than the work; answers that leave together find it awake.
    """

    def __init__(self) -> None:
        self._answers: list[tuple[asyncio.Transport, bytes, Callable[..., None]]] = []

    def add(self, transport: asyncio.Transport, answer: bytes, then: Callable[..., None]) -> None:
        if not self._answers:
            asyncio.get_running_loop().call_soon(self.flush)
        self._answers.append((transport, answer, then))

    def flush(self) -> None:
        answers, self._answers = self._answers, []
        for transport, answer, _ in answers:
            transport.write(answer)
        for _, _, then in answers:
            then()


_outgoing = _Outgoing()


def write_at_once(*, send: ASGISendCallable, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
    """This function will write a whole answer in one piece and say whether it could; where not, `send` is still to be used.

    uvicorn writes head and body apart: two system calls here, two wake-ups at the client. `headers` are ours: lower-case names,
    no line ends, the body's length among them.
    """
    cycle = getattr(send, "__self__", None)
    if type(cycle) is not RequestResponseCycle or cycle.response_started or cycle.disconnected:
        return False
    if cycle.flow.write_paused or not cycle.keep_alive:
        return False
    parts = [STATUS_LINE[status]]
    for name, value in (*cycle.default_headers, *headers):
        parts += (name, b": ", value, b"\r\n")
    parts += (b"\r\n", body)
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.message_event.set()
    _outgoing.add(cycle.transport, b"".join(parts), cycle.on_response)
    return True
