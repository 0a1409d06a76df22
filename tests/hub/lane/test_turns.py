"""One at a time per request id, in one process and between several."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from time import monotonic

import pytest

from hub.lane.database import Line
from hub.lane.group_read import GroupRead
from hub.lane.turns import TURNS, Turns
from roaming.gateways import GatewayTimedOut

KEY = (1, "request-1")
OTHER = (1, "request-2")


def run(story: Callable[[Turns, Turns], Awaitable[None]]) -> None:
    """Tell a story of two processes: each has a connection of its own."""

    async def tell() -> None:
        readers = [GroupRead(line=Line(conninfo=os.environ["DATABASE_URL"], name="turns"), query=TURNS) for _ in range(2)]
        for reader in readers:
            reader.start()
        await story(*(Turns(reader=reader) for reader in readers))
        for reader in readers:
            await reader.stop()

    asyncio.run(tell())


def soon() -> float:
    return monotonic() + 30


def test_the_second_process_waits_until_the_first_gives_its_turn_back() -> None:
    async def story(first: Turns, second: Turns) -> None:
        await first.take(KEY, until=soon())
        waiting = asyncio.create_task(second.take(KEY, until=soon()))
        await second.take(OTHER, until=soon())  # another request is nobody's business
        assert not waiting.done()
        first.give_back(KEY)
        await waiting

    run(story)


def test_who_waits_longer_than_its_deadline_is_late() -> None:
    async def story(first: Turns, second: Turns) -> None:
        await first.take(KEY, until=soon())
        with pytest.raises(GatewayTimedOut):
            await second.take(KEY, until=monotonic())

    run(story)


def test_the_turn_of_a_process_that_ends_is_free() -> None:
    async def story(first: Turns, second: Turns) -> None:
        await first.take(KEY, until=soon())
        await first._reader.stop()
        await second.take(KEY, until=soon())

    run(story)


def test_inside_one_process_all_pass_one_after_the_other() -> None:
    async def story(turns: Turns, _: Turns) -> None:
        inside: list[int] = []

        async def pass_through() -> None:
            await turns.enter(KEY)
            inside.append(1)
            assert len(inside) == 1
            await asyncio.sleep(0)
            inside.clear()
            turns.leave(KEY)

        await asyncio.gather(*(pass_through() for _ in range(5)))

    run(story)
