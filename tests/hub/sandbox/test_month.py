"""A month played from one partner to the other: everything is counted, and a hub that takes nothing is not asked for ever."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hub.sandbox.day import plan_month
from hub.sandbox.month import MonthPlay, NothingIsTaken
from hub.sandbox.story import tell_story
from tests.hub.sandbox.pair import Pair, with_pair


def _with_pair(story: Callable[[Pair], Awaitable[None]]) -> None:
    with_pair(story, first_port=26_300)


def _play(pair: Pair) -> MonthPlay:
    starts_at, ends_at = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    visits = plan_month(world=pair.network.world, starts_at=starts_at, ends_at=ends_at, count=30, seed=2)
    story = tell_story(world=pair.network.world, visits=visits, seed=2, asked_share=0.5)
    return MonthPlay(network=pair.network, story=story, concurrency=4, first_pause_seconds=0)


class TestMonthPlay:
    def test_counts_what_it_sent_and_what_was_billed(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            play = _play(pair)
            steps: list[int] = []

            figures = await play.play(on_step=steps.append)

            # 29 of 30 charges (one is late), four sent twice, one credited and billed again.
            assert (figures.cdrs["accepted"], figures.cdrs["repeated"], figures.cdrs["refused"]) == (31, 4, 0)
            assert sum(steps) == 29
            received = pair.tulp.door.shelf.objects["cdrs"].values()
            assert figures.billed == {"EUR": sum((cdr["total_cost"]["incl_vat"] for cdr in received), Decimal(0))}
            assert sum(figures.authorizations.values()) == len(play.story.attempts) + len(play.story.asked - play.story.late)

        _with_pair(story)

    def test_keeps_back_what_is_late(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            play = _play(pair)
            await play.play(on_step=lambda _: None)
            (late,) = play.story.late

            before = ("DE", "NLD", late) in pair.tulp.door.shelf.objects["cdrs"]
            await play.play_late()

            assert not before
            assert ("DE", "NLD", late) in pair.tulp.door.shelf.objects["cdrs"]

        _with_pair(story)

    def test_goes_on_after_an_outage(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            play = _play(pair)
            pair.tulp.door.broken["cdrs"] = 500

            def repair(_: int) -> None:
                pair.tulp.door.broken.clear()

            figures = await play.play(on_step=repair)

            assert figures.cdrs["accepted"] >= 27  # at most those that were tried while nothing was taken are missing

        _with_pair(story)

    def test_stops_where_nothing_is_taken(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            pair.tulp.door.broken["sessions"] = 500

            with pytest.raises(NothingIsTaken, match="HTTP 500"):
                await _play(pair).play(on_step=lambda _: None)

        _with_pair(story)
