"""One event loop beside the threads of this process, for asking many partners at once: a thread per question would be too many."""

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import TimeoutError as TooLate
from typing import Any, TypeVar

from roaming.egress.event_loop import close_async
from roaming.gateways import GatewayTimedOut

T = TypeVar("T")

_CLOSING_SECONDS = 2.0

_lock = threading.Lock()
_loops: dict[int, asyncio.AbstractEventLoop] = {}


def run_in_background(coroutine: Coroutine[Any, Any, T], *, seconds: float) -> T:
    """This function will run a coroutine in the background loop and return its result; it raises GatewayTimedOut after `seconds`."""
    future = asyncio.run_coroutine_threadsafe(coroutine, _loop())
    try:
        return future.result(timeout=seconds)
    except TooLate:
        future.cancel()
        raise GatewayTimedOut("the deadline passed") from None


def _loop() -> asyncio.AbstractEventLoop:
    # By process id: a forked worker inherits the dictionary but not the thread that runs the loop.
    with _lock:
        loop = _loops.get(os.getpid())
        if loop is None:
            loop = _loops[os.getpid()] = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="asking", daemon=True).start()
            atexit.register(_end, loop)
        return loop


def _end(loop: asyncio.AbstractEventLoop) -> None:
    # The kept connections are closed in their own loop; a process that was forked off has no thread to do it.
    if loop is _loops.get(os.getpid()) and loop.is_running():
        asyncio.run_coroutine_threadsafe(close_async(), loop).result(timeout=_CLOSING_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
