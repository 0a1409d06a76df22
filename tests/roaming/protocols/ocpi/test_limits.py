"""How often a partner may call."""

from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from django.test import override_settings

from roaming.protocols.ocpi import limits
from roaming.protocols.ocpi.limits import Limit, TooManyRequests, check, source_network
from tests.wire.caller import HUB, Caller, send

SLOW = Limit("test", 0.01, 3)


@pytest.fixture(autouse=True)
def fresh_counters(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins with nothing counted, in Redis and in this process."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    for key in client.scan_iter("ocpi:limit:*"):
        client.delete(key)
    monkeypatch.setattr(limits, "_counter", limits._Counter())
    yield
    client.close()


def refused(limit: Limit, key: str) -> int | None:
    try:
        check(limit, key)
    except TooManyRequests as refusal:
        return int(refusal.headers["Retry-After"])
    return None


class TestCheck:
    def test_lets_a_burst_pass_and_then_names_the_seconds_to_wait(self) -> None:
        assert [refused(SLOW, "a") for _ in range(3)] == [None, None, None]
        wait = refused(SLOW, "a")
        assert wait is not None
        assert 90 <= wait <= 100  # one request per 100 s

    def test_counts_each_key_by_itself(self) -> None:
        for _ in range(4):
            refused(SLOW, "a")
        assert refused(SLOW, "b") is None

    def test_is_shared_by_all_processes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for _ in range(3):
            check(SLOW, "a")
        monkeypatch.setattr(limits, "_counter", limits._Counter())  # as another process would
        assert refused(SLOW, "a") is not None

    def test_counts_by_itself_while_redis_is_away(self) -> None:
        with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
            assert [refused(SLOW, "a") for _ in range(3)] == [None, None, None]
            assert refused(SLOW, "a") is not None

    def test_is_off_where_a_benchmark_says_so(self) -> None:
        with override_settings(HUB_RATE_LIMITS=False):
            assert [refused(SLOW, "a") for _ in range(9)] == [None] * 9


class TestSourceNetwork:
    @pytest.mark.parametrize(
        ("address", "network"),
        [
            ("203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("", "unknown"),
            ("nonsense", "unknown"),
        ],
    )
    def test_of(self, address: str, network: str) -> None:
        assert source_network(address) == network


@pytest.mark.django_db
class TestDoors:
    @pytest.fixture(autouse=True)
    def slow_limits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Limits that no test is slow enough to outlive."""
        monkeypatch.setattr(limits, "WRONG_TOKENS", Limit("wrong-tokens", 0.01, 3))
        monkeypatch.setattr(limits, "LISTS", Limit("lists", 0.01, 3))

    def test_wrong_tokens_are_401_then_429_for_their_network_only(self, alfa: Caller) -> None:
        def guess(address: str) -> int:
            headers = {"Authorization": "Token guess", "X-Forwarded-For": address}
            return send("GET", "/ocpi/versions", b"", headers).http

        assert [guess("203.0.113.7") for _ in range(limits.WRONG_TOKENS.burst)] == [401] * limits.WRONG_TOKENS.burst
        assert guess("203.0.113.8") == 429
        assert guess("198.51.100.7") == 401

    def test_a_right_token_passes_also_from_a_network_that_guesses(self, alfa: Caller) -> None:
        for _ in range(limits.WRONG_TOKENS.burst + 1):
            send("GET", "/ocpi/versions", b"", {"Authorization": "Token guess", "X-Forwarded-For": "203.0.113.7"})
        reply = alfa.call("GET", "/ocpi/versions", headers={"X-Forwarded-For": "203.0.113.7"})
        assert reply.status == (200, 1000)

    def test_too_many_lists_are_429_in_an_envelope_and_other_modules_go_on(self, beta: Caller, everyone_roams: None) -> None:
        url = "/ocpi/2.2.1/sender/tariffs"
        replies = [beta.call("GET", url, to=HUB) for _ in range(limits.LISTS.burst + 1)]
        assert [reply.http for reply in replies[:-1]] == [200] * limits.LISTS.burst
        assert (replies[-1].http, replies[-1].headers["Retry-After"]) == (429, "100")
        assert replies[-1].headers["OCPI-to-party-id"] == "BET"
        assert beta.call("GET", "/ocpi/versions").http == 200
