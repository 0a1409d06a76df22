"""The network alive, under a clock of our own: cars come, charge, leave and are billed; nothing is lost over a restart."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from hub.sandbox.life import Life
from tests.hub.sandbox.pair import NOW, Pair, with_pair


def _with_pair(story: Callable[[Pair], Awaitable[None]]) -> None:
    with_pair(story, first_port=26_200)


def _life(pair: Pair) -> Life:
    return Life(network=pair.network, clock=lambda: pair.now, seed=4, say=lambda words: None, plug_in_seconds=0)


async def _pass(life: Life, pair: Pair, *, minutes: int) -> None:
    for _ in range(minutes * 6):
        pair.now += timedelta(seconds=10)
        await life.step()


class TestLife:
    def test_bills_every_car_that_left_and_none_that_is_still_there(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            await pair.operator.introduce()
            life = _life(pair)

            await _pass(life, pair, minutes=120)

            sessions, cdrs = pair.tulp.door.shelf.objects["sessions"], pair.tulp.door.shelf.objects["cdrs"]
            ended = {key[2] for key, session in sessions.items() if session["status"] == "COMPLETED"}
            billed = {cdr["session_id"] for cdr in cdrs.values()}
            waiting = {f"S-{name}" for name, item in life.running.items() if item.has_ended}
            assert len(billed) > 10
            assert ended == billed | waiting
            assert {cdr["auth_method"] for cdr in cdrs.values()} == {"AUTH_REQUEST", "COMMAND"}
            assert all(cdr["total_energy"] == sessions[("DE", "NLD", cdr["session_id"])]["kwh"] for cdr in cdrs.values())

        _with_pair(story)

    def test_ends_some_sessions_from_the_app_with_what_was_charged_by_then(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            await pair.operator.introduce()

            await _pass(_life(pair), pair, minutes=180)

            shelf = pair.nordlicht.door.shelf
            stopped = [item.body["session_id"] for item in shelf.came("commands", "STOP_SESSION") if item.body]
            cdrs = {cdr["session_id"]: cdr for cdr in pair.tulp.door.shelf.objects["cdrs"].values()}
            sessions = pair.tulp.door.shelf.objects["sessions"]
            assert stopped
            for session_id in stopped:
                energies = [d["volume"] for p in sessions[("DE", "NLD", session_id)]["charging_periods"] for d in p["dimensions"][:1]]
                assert sum(energies) == cdrs[session_id]["total_energy"]

        _with_pair(story)

    def test_is_never_ahead_of_the_clock(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            await pair.operator.introduce()

            await _pass(_life(pair), pair, minutes=60)

            stamps = [
                arrival.body["last_updated"] for arrival in pair.tulp.door.shelf.arrivals if arrival.body and "last_updated" in arrival.body
            ]
            assert max(stamps) <= f"{pair.now:%Y-%m-%dT%H:%M:%SZ}"

        _with_pair(story)

    def test_goes_on_with_the_cars_that_were_there_before_a_restart(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            await pair.operator.introduce()
            life = _life(pair)
            await _pass(life, pair, minutes=10)
            kept = life.keep()
            pair.operator.sessions.clear()  # another process knows nothing of them

            pair.now += timedelta(hours=2)
            again = _life(pair)
            again.go_on(kept)
            await _pass(again, pair, minutes=10)

            assert len(kept) >= 5
            billed = {cdr["id"]: cdr for cdr in pair.tulp.door.shelf.objects["cdrs"].values()}
            for item in kept:
                assert billed[item.id]["total_energy"] == item.energy_kwh
                assert billed[item.id]["start_date_time"] == f"{item.starts_at:%Y-%m-%dT%H:%M:%SZ}"

        _with_pair(story)

    def test_lets_nobody_arrive_before_it_went_to_sleep(self) -> None:
        async def story(pair: Pair) -> None:
            await pair.register()
            await pair.operator.introduce()
            life = _life(pair)

            await life.already_here(since=NOW - timedelta(minutes=5), count=5)

            assert len(life.running) == 5
            assert min(item.visit.starts_at for item in life.running.values()) >= NOW - timedelta(minutes=4)

        _with_pair(story)
