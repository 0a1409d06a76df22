"""The one ASGI application of the hub: hot requests to the lane, health by itself, everything else to Django."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Protocol

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, LifespanScope, Scope

from hub.health import check_readiness
from hub.lane.answers import send_answer

Answer = Callable[[HTTPScope, ASGIReceiveCallable, ASGISendCallable], Awaitable[None]]


class Part(Protocol):
    """Something of the lane that lives as long as the process."""

    async def start(self) -> None:
        """This function will be called once, in the running loop, before the first request."""

    async def stop(self) -> None:
        """This function will be called after the last answer."""


class Lane(Part, Protocol):
    """The hot requests."""

    def find(self, scope: HTTPScope) -> Answer | None:
        """This function will return who answers this request in the lane, or None for Django."""


class Application:
    """Callable as ASGI asks."""

    def __init__(self, *, django: Answer, lane: Lane | None, close: Callable[[], None]) -> None:
        self._django = django
        self._lane = lane
        self._close = close
        self._own: dict[bytes, Answer] = {b"/livez": _answer_livez, b"/readyz": _answer_readyz}

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """This function will answer one request, or follow the server's start and stop."""
        if scope["type"] == "http":
            await self._find(scope)(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        else:  # the hub has no WebSockets
            await receive()
            await send({"type": "websocket.close", "code": 1000, "reason": None})

    def _find(self, scope: HTTPScope) -> Answer:
        if self._lane is not None and (hot := self._lane.find(scope)):
            return hot
        own = self._own.get(scope["raw_path"])
        return own if own is not None and scope["method"] in ("GET", "HEAD") else self._django

    async def _live(self, scope: LifespanScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await receive()
        if self._lane is not None:
            await self._lane.start()
        _settle_memory()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._lane is not None:
            await self._lane.stop()
        self._close()
        await send({"type": "lifespan.shutdown.complete"})


async def _answer_livez(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    await _send_json(send, 200, b'{"status": "alive"}')


async def _answer_readyz(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    readiness = await asyncio.get_running_loop().run_in_executor(None, check_readiness)
    await _send_json(send, readiness.status, readiness.body)


async def _send_json(send: ASGISendCallable, status: int, body: bytes) -> None:
    await send_answer(
        send=send, status=status, headers=[(b"content-type", b"application/json"), (b"cache-control", b"no-store")], body=body
    )


def _settle_memory() -> None:
    # What is there now stays: without this a full collection walks all of Django's objects, some 50 ms, in the middle of the traffic.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
