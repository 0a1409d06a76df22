"""Breaker and bulkhead: a bad partner is left alone for a while, and harms itself only."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from roaming.egress import Call, Unreachable, close_async, send
from roaming.egress.admission import ASYNC_CALLS, FIRST_PAUSE_SECONDS, Breaker, Bulkhead, async_place, breaker_of, says_something_bad
from roaming.egress.calls import AddressRefused, BadAnswer, TimedOut
from roaming.parties.models import Platform
from tests.builders.parties import a_platform
from tests.roaming.egress.hostile import OK, peer


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def ended(breaker: Breaker, *, is_good: bool | None, times: int = 1) -> None:
    for _ in range(times):
        breaker.report(is_good=is_good, is_probe=breaker.admit())


class TestBreaker:
    def test_opens_after_five_straight_failures(self) -> None:
        breaker = Breaker(clock=Clock())
        ended(breaker, is_good=False, times=4)
        assert not breaker.admit()
        ended(breaker, is_good=False)
        with pytest.raises(Unreachable):
            breaker.admit()

    def test_a_success_between_starts_the_count_anew(self) -> None:
        breaker = Breaker(clock=Clock())
        for _ in range(3):
            ended(breaker, is_good=False, times=2)
            ended(breaker, is_good=True, times=3)
        assert not breaker.is_open

    def test_opens_when_half_of_twenty_failed(self) -> None:
        breaker = Breaker(clock=Clock())
        for _ in range(9):
            ended(breaker, is_good=True)
            ended(breaker, is_good=False)
        ended(breaker, is_good=True)
        ended(breaker, is_good=False)  # was 9 of 19, now 10 of 20
        with pytest.raises(Unreachable):
            breaker.admit()

    def test_what_says_nothing_about_the_partner_is_not_counted(self) -> None:
        breaker = Breaker(clock=Clock())
        ended(breaker, is_good=None, times=50)
        assert not breaker.is_open

    def test_after_the_pause_exactly_one_probe_passes(self) -> None:
        clock = Clock()
        breaker = Breaker(clock=clock)
        ended(breaker, is_good=False, times=5)
        clock.now += FIRST_PAUSE_SECONDS
        assert breaker.admit()
        for _ in range(3):
            with pytest.raises(Unreachable):
                breaker.admit()
        assert breaker.report(is_good=True, is_probe=True)
        assert not breaker.is_open
        assert not breaker.admit()

    def test_a_failed_probe_doubles_the_pause_up_to_a_minute(self) -> None:
        clock = Clock()
        breaker = Breaker(clock=clock)
        ended(breaker, is_good=False, times=5)
        pause = FIRST_PAUSE_SECONDS
        for _ in range(8):
            clock.now += pause
            assert not breaker.report(is_good=False, is_probe=breaker.admit())
            pause = min(pause * 2, 60)
            clock.now += pause - 0.001
            with pytest.raises(Unreachable):
                breaker.admit()
            clock.now -= pause - 0.001
        assert pause == 60

    def test_a_call_that_began_before_does_not_let_a_second_probe_in(self) -> None:
        clock = Clock()
        breaker = Breaker(clock=clock)
        early = breaker.admit()
        ended(breaker, is_good=False, times=5)
        clock.now += FIRST_PAUSE_SECONDS
        breaker.admit()
        breaker.report(is_good=False, is_probe=early)
        with pytest.raises(Unreachable):
            breaker.admit()

    def test_a_probe_that_was_given_up_makes_room_for_the_next(self) -> None:
        clock = Clock()
        breaker = Breaker(clock=clock)
        ended(breaker, is_good=False, times=5)
        clock.now += FIRST_PAUSE_SECONDS
        breaker.report(is_good=None, is_probe=breaker.admit())
        assert breaker.admit()

    def test_of_many_threads_one_gets_the_probe(self) -> None:
        clock = Clock()
        breaker = Breaker(clock=clock)
        ended(breaker, is_good=False, times=5)
        clock.now += FIRST_PAUSE_SECONDS
        let_in: list[bool] = []

        def try_it() -> None:
            try:
                let_in.append(breaker.admit())
            except Unreachable:
                let_in.append(False)

        threads = [threading.Thread(target=try_it) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(let_in) == [False] * 15 + [True]


class TestSaysSomethingBad:
    @pytest.mark.parametrize(
        ("error", "status", "verdict"),
        [
            (None, 200, True),
            (None, 404, True),
            (None, 500, False),
            (TimedOut(), None, False),
            (Unreachable(), None, False),
            (BadAnswer(), None, False),
            (AddressRefused(), None, None),
            (asyncio.CancelledError(), None, None),
        ],
    )
    def test_judges_the_partner_and_not_the_request(self, error: BaseException | None, status: int | None, verdict: bool | None) -> None:
        assert says_something_bad(error, status) is verdict


class TestBulkhead:
    def test_waits_for_a_place_that_comes_free(self) -> None:
        bulkhead = Bulkhead(places=1)
        bulkhead.enter(wait_seconds=0)
        threading.Timer(0.05, bulkhead.leave).start()
        bulkhead.enter(wait_seconds=30)

    def test_refuses_where_none_comes_free(self) -> None:
        bulkhead = Bulkhead(places=1)
        bulkhead.enter(wait_seconds=0)
        with pytest.raises(Unreachable, match="too many"):
            bulkhead.enter(wait_seconds=0.01)

    def test_an_event_loop_never_waits_for_a_place(self) -> None:
        def take(left: int) -> None:
            with async_place(platform_id=-1):
                if left:
                    take(left - 1)

        take(ASYNC_CALLS - 1)
        with pytest.raises(Unreachable):
            take(ASYNC_CALLS)


@pytest.mark.django_db
class TestStatusOfThePlatform:
    def call(self, platform: Platform, url: str) -> Callable[[], object]:
        return lambda: send(Call(platform.id, "push", "PUT", url, {}, b"{}", 5.0))

    def test_an_open_breaker_is_offline_and_a_good_probe_is_back(self) -> None:
        with peer(OK) as server:
            platform = a_platform(allowed_hosts=[server.host])
        for _ in range(5):
            with pytest.raises(Unreachable):
                self.call(platform, server.url)()
        platform.refresh_from_db()
        assert platform.status == Platform.Status.OFFLINE
        with peer(OK) as server:
            Platform.objects.filter(id=platform.id).update(allowed_hosts=[server.host])
            with pytest.raises(Unreachable, match="for a while"):
                self.call(platform, server.url)()
            assert server.connections == 0
            breaker_of(platform.id)._open_until = 0.0  # the pause is over
            self.call(platform, server.url)()
        platform.refresh_from_db()
        assert platform.status == Platform.Status.CONNECTED

    def test_a_good_answer_brings_a_platform_back_that_others_found_offline(self) -> None:
        with peer(OK) as server:
            platform = a_platform(allowed_hosts=[server.host], status=Platform.Status.OFFLINE)
            self.call(platform, server.url)()
        platform.refresh_from_db()
        assert platform.status == Platform.Status.CONNECTED


def test_closing_a_client_that_was_never_opened_is_no_error() -> None:
    asyncio.run(close_async())
