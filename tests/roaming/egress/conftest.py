"""Both faces of the door out stand before the same hostile servers."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from roaming.egress import Answer, Call, close_async, send, send_async
from roaming.parties import directory
from tests.builders.parties import a_platform

Send = Callable[..., Answer]


@pytest.fixture
def loop_runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner
        runner.run(close_async())


@pytest.fixture(params=["blocking", "async"])
def call(request: pytest.FixtureRequest, loop_runner: asyncio.Runner, db: None) -> Send:
    """Calls the platform that hosts the given addresses; a new platform per test has a closed breaker."""

    def make(url: str, *, hosts: list[str] | None = None, platform: int | None = None, **over: Any) -> Answer:
        if platform is None:
            platform = a_platform(allowed_hosts=hosts if hosts is not None else [url.split("/")[2]]).id
        told: dict[str, Any] = {
            "platform_id": platform,
            "purpose": "authorize",
            "method": "POST",
            "url": url,
            "headers": {"Authorization": "Token shown"},
            "body": b'{"a": 1}',
            "deadline_seconds": 5.0,
        }
        one = Call(**told | over)
        directory.current()
        if request.param == "blocking":
            return send(one)
        return loop_runner.run(send_async(one))

    return make
