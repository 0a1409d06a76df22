"""Hostile requests at every door: always an envelope, never a fault of ours, nothing stored."""

import json
from typing import Any

import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from roaming.cdrs.models import Cdr
from roaming.locations.models import Location
from roaming.protocols.ocpi.endpoints.door import Door
from roaming.sessions.models import Session
from roaming.tariffs.models import Tariff
from roaming.tokens.models import Token
from tests.wire.caller import HUB, Caller, send
from tests.wire.messages import a_message, json_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everyone_roams")]

OPERATOR_DOORS = [
    ("PUT", "/ocpi/2.2.1/receiver/locations/DE/ALF/LOC-1", "location"),
    ("PUT", "/ocpi/2.2.1/receiver/locations/DE/ALF/LOC-1/EVSE-1", "location"),
    ("PUT", "/ocpi/2.2.1/receiver/locations/DE/ALF/LOC-1/EVSE-1/1", "location"),
    ("PATCH", "/ocpi/2.2.1/receiver/locations/DE/ALF/LOC-1", "location"),
    ("PUT", "/ocpi/2.2.1/receiver/tariffs/DE/ALF/AC-1", "tariff"),
    ("PUT", "/ocpi/2.2.1/receiver/sessions/DE/ALF/SESSION-1", "session"),
    ("PATCH", "/ocpi/2.2.1/receiver/sessions/DE/ALF/SESSION-1", "session"),
    ("POST", "/ocpi/2.2.1/receiver/cdrs", "cdr"),
    ("POST", "/ocpi/2.2.1/sender/tokens/04A2/authorize", "token"),
    ("POST", "/ocpi/callbacks/key", "token"),
    ("PUT", "/ocpi/2.2.1/credentials", "token"),
]
PROVIDER_DOORS = [
    ("PUT", "/ocpi/2.2.1/receiver/tokens/NL/BET/04A2B3C4D5E6F7", "token"),
    ("PATCH", "/ocpi/2.2.1/receiver/tokens/NL/BET/04A2B3C4D5E6F7", "token"),
    ("PUT", "/ocpi/2.2.1/sender/sessions/SESSION-1/charging_preferences", "session"),
    ("POST", "/ocpi/2.2.1/receiver/commands/START_SESSION", "token"),
    ("POST", "/ocpi/2.2.1/receiver/commands/RESERVE_NOW", "token"),
    ("POST", "/ocpi/2.2.1/receiver/commands/NONSENSE", "token"),
]
DOORS = [*OPERATOR_DOORS, *PROVIDER_DOORS]

NOT_JSON = [
    b"",
    b"{",
    b"\xff\xfe",
    b"NaN",
    b'{"a": Infinity}',
    b'{"a": 1e999}',
    b'{"a": 1, "a": 2}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"a": "\\u0000"}',
    b'{"a": "\\ud800"}',
    b'{"a": ' + b"9" * 4000 + b"}",
    b"<xml/>",
    b'{"a": 1}{"b": 2}',
]
NOT_THE_OBJECT = [
    b"null",
    b"[]",
    b"[1]",
    b'"text"',
    b"17",
    b"true",
    b"{}",
    b'{"id": {"id": {}}}',
    b'{"last_updated": "2026-10-05T11:30:00Z"}',
]
# Values that fit no field, each put in the place of every field in turn.
ODD_VALUES: list[Any] = [
    None,
    "",
    "x" * 5000,
    "\u202e",
    "ä" * 300,
    -1,
    10**17,
    1.5e-9,
    True,
    [],
    {},
    [[[]]],
    [None],
    {"": None},
    "2026-02-30T00:00:00Z",
]


@pytest.fixture(autouse=True)
def without_limits(settings: Any) -> None:
    """Here the answers count, not how many are given."""
    settings.HUB_RATE_LIMITS = False


def is_an_answer(reply: Any) -> bool:
    """Not a fault of ours (HTTP 5xx, or 3000), and not taken."""
    return reply.http in (200, 201, 400, 404, 405, 413, 415) and reply.code != 3000


class TestBodies:
    @pytest.mark.parametrize(("method", "url", "kind"), DOORS)
    def test_that_are_no_json_are_400(self, alfa: Caller, beta: Caller, method: str, url: str, kind: str) -> None:
        caller = beta if (method, url, kind) in PROVIDER_DOORS else alfa
        for body in NOT_JSON:
            if body == b"" and url.endswith("/authorize"):
                continue  # the one door that needs none
            reply = caller.call(method, url, raw=body, to=HUB)
            assert (reply.http, body[:20]) == (400, body[:20])

    @pytest.mark.parametrize(("method", "url", "kind"), DOORS)
    def test_that_are_another_thing_are_refused(self, alfa: Caller, beta: Caller, method: str, url: str, kind: str) -> None:
        caller = beta if (method, url, kind) in PROVIDER_DOORS else alfa
        for body in NOT_THE_OBJECT:
            reply = caller.call(method, url, raw=body, to=HUB)
            assert is_an_answer(reply), (body, reply)
            assert reply.code != 1000, (body, reply)
        assert_nothing_is_stored()

    @pytest.mark.parametrize(("method", "url", "kind"), [door for door in DOORS if door[1].count("/") > 4 or "cdrs" in door[1]])
    def test_with_one_odd_value_are_answered(self, alfa: Caller, beta: Caller, method: str, url: str, kind: str) -> None:
        caller = beta if (method, url, kind) in PROVIDER_DOORS else alfa
        for place, name in enumerate(a_message(kind)):
            for value in ODD_VALUES[place % 7 :: 7]:  # over the fields of a message every value has its turn
                body = {**a_message(kind), name: value}
                reply = caller.call(method, url, raw=json_of(body), to=HUB)
                assert is_an_answer(reply), (name, value, reply)

    @hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40)
    @given(data=st.data())
    def test_mangled_anywhere_are_answered(self, alfa: Caller, beta: Caller, data: st.DataObject) -> None:
        method, url, kind = data.draw(st.sampled_from(DOORS))
        caller = beta if (method, url, kind) in PROVIDER_DOORS else alfa
        raw = bytearray(json_of(a_message(kind)))
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(raw) - 1))
            raw[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        assert is_an_answer(caller.call(method, url, raw=bytes(raw), to=HUB))


ODD_HEADERS = ["", " ", "\x00", "\u00e9", "a,b", "x" * 65_000, "../../etc", "%00", "'; DROP TABLE", "\t"]
ODD_SEGMENTS = [
    "%00",
    "%FF",
    "%2e%2e%2f",
    "%0A",
    "%F0%9F%9A%97",
    "..",
    ".",
    "%",
    "%zz",
    "a%20b",
    "%2F%2F",
    "'",
    '"',
    "<script>",
    "\u00e4",
    "x" * 3000,
]
ODD_QUERIES = [
    "limit=%00",
    "offset=" + "9" * 400,
    "date_from=%FF",
    "cursor=1-" + "9" * 400,
    "cursor=" + "9" * 17 + "-1",
    "party=XX-XXX",
    "party=x",
    "&&&=",
    "limit=1&limit=2",
    "a=" + "b" * 8000,
]


class TestHeaders:
    @pytest.mark.parametrize("name", ["OCPI-to-party-id", "OCPI-from-party-id", "X-Request-ID", "X-Correlation-ID", "Authorization"])
    def test_of_every_kind_are_answered(self, alfa: Caller, name: str) -> None:
        for value in ODD_HEADERS:
            reply = alfa.call("GET", "/ocpi/2.2.1/receiver/tariffs/DE/ALF/AC-1", to=HUB, headers={name: value})
            assert reply.http in (200, 401, 404), value
            assert all("\n" not in text and text.isascii() and len(text) < 300 for text in reply.headers.values()), value

    def test_a_length_that_is_none(self, alfa: Caller) -> None:
        for length in ("-1", "x", "", "99999999999999999999"):
            headers: dict[str, str | None] = {"Content-Length": length}
            reply = alfa.call("PUT", "/ocpi/2.2.1/receiver/tariffs/DE/ALF/AC-1", a_message("tariff"), to=HUB, headers=headers)
            assert reply.http in (200, 201, 400, 413), length


class TestPaths:
    @pytest.mark.parametrize(
        "door",
        [
            "/ocpi/2.2.1/receiver/locations/DE/ALF/{}",
            "/ocpi/2.2.1/receiver/locations/DE/{}/LOC-1",
            "/ocpi/2.2.1/receiver/locations/{}/ALF/LOC-1/{}/{}",
            "/ocpi/2.2.1/receiver/tariffs/DE/ALF/{}",
            "/ocpi/2.2.1/receiver/sessions/DE/ALF/{}",
            "/ocpi/2.2.1/receiver/cdrs/{}",
            "/ocpi/2.2.1/sender/tokens/{}/authorize",
            "/ocpi/{}/sender/tokens",
            "/ocpi/callbacks/{}",
            "/ocpi/{}",
        ],
    )
    def test_of_every_kind_are_answered(self, alfa: Caller, door: str) -> None:
        for segment in ODD_SEGMENTS:
            path = door.format(segment, segment, segment)
            for method in ("GET", "PUT"):
                reply = alfa.call(method, path, {}, to=HUB, raw_path=path if path.isascii() else None)
                assert is_an_answer(reply), (method, path, reply)
        assert_nothing_is_stored()

    @pytest.mark.parametrize("module", ["locations", "tariffs", "sessions", "cdrs"])
    def test_queries_of_every_kind_are_answered(self, beta: Caller, module: str) -> None:
        for query in ODD_QUERIES:
            reply = beta.call("GET", f"/ocpi/2.2.1/sender/{module}?{query}&date_to=2030-01-01T00:00:00Z", to=HUB)
            assert is_an_answer(reply), query


class TestUrlMap:
    def test_every_address_is_behind_the_same_door(self) -> None:
        patterns = list(walk(get_resolver("roaming.protocols.ocpi.urls")))
        assert len(patterns) > 20
        for pattern in patterns:
            view = getattr(pattern.callback, "view_class", None)
            assert isinstance(view, type), pattern
            assert issubclass(view, Door), pattern

    @pytest.mark.parametrize(("method", "url", "kind"), DOORS)
    def test_every_door_is_shut_to_strangers(self, db: None, method: str, url: str, kind: str) -> None:
        reply = send(method, url, json.dumps({}).encode(), {"OCPI-from-country-code": "DE", "OCPI-from-party-id": "ALF"})
        assert reply.status == (401, 2000)


def walk(resolver: URLResolver) -> list[URLPattern]:
    """This function will return every pattern below a resolver."""
    found: list[URLPattern] = []
    for pattern in resolver.url_patterns:
        found += walk(pattern) if isinstance(pattern, URLResolver) else [pattern]
    return found


def assert_nothing_is_stored() -> None:
    for table in (Location, Tariff, Token, Session, Cdr):
        assert not table.objects.exists(), table
