"""The breaker of a partner's page: the rules of the door out, played over what the exchanges kept."""

from datetime import UTC, datetime, timedelta

from roaming.admin.health import BreakerState, judge_ends
from roaming.admin.score import Measure, score_of

AT = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


def ends(*told: str | int) -> list[tuple[str, int | None, datetime]]:
    return [
        (one, None, AT + timedelta(seconds=number)) if isinstance(one, str) else ("", one, AT + timedelta(seconds=number))
        for number, one in enumerate(told)
    ]


def test_five_failures_in_a_row_open_the_breaker_and_one_good_probe_shuts_it() -> None:
    late = "TimedOut: no answer in 5 s"
    assert judge_ends(ends(200, late, late, 503, late)) == BreakerState(is_open=False, since=None, straight_failures=4)
    opened = judge_ends(ends(200, late, late, 503, late, "Unreachable: refused"))
    assert opened == BreakerState(is_open=True, since=AT + timedelta(seconds=5), straight_failures=5)
    assert judge_ends(ends(late, late, late, late, late, late, 404)) == BreakerState(is_open=False, since=None, straight_failures=0)


def test_our_own_refusals_say_nothing_about_the_partner() -> None:
    ours = "AddressRefused: 10.0.0.1 is private"
    assert judge_ends(ends(200, *[ours] * 9)) == BreakerState(is_open=False, since=None, straight_failures=0)


def test_a_score_is_the_mean_of_its_shares() -> None:
    assert score_of([Measure("a", 1, 2), Measure("b", 3, 4)]) == 62
    assert score_of([]) is None
