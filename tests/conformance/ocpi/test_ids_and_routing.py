"""Cases 14 to 24: the two ids of a message, and the headers that say from whom and to whom."""

import pytest

from roaming.canonical import Role
from tests.builders.parties import PartyRoleFactory, a_party, a_provider
from tests.conformance.ocpi.words import (
    AT_STUB,
    AUTHORIZE,
    FROM,
    LOCATION,
    NO_ROUTING,
    PLACE,
    SENDER,
    TARIFF,
    TO,
    TOKEN,
    UID,
    location,
    pair,
    routing_of,
    speaking,
    tariff,
    token,
)
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.stub_partner import StubPartner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roaming")]


def test_014_the_receiver_sees_a_new_request_id_and_the_same_correlation_id(asked: Caller, stub: StubPartner) -> None:
    asked.call("POST", AUTHORIZE, PLACE, to="NL-BET")
    [heard] = stub.heard
    assert heard.headers["x-correlation-id"] == "correlation-1"
    assert heard.headers["x-request-id"] not in ("", "request-1")


def test_015_the_caller_gets_its_own_ids_back(asked: Caller) -> None:
    headers = asked.call("POST", AUTHORIZE, PLACE, to="NL-BET").headers
    assert (headers["X-Request-ID"], headers["X-Correlation-ID"]) == ("request-1", "correlation-1")


@pytest.mark.parametrize("door", ["/ocpi/versions", "/ocpi/2.2.1", "/ocpi/2.2.1/credentials", "/ocpi/2.2.1/hubclientinfo"])
def test_016_configuration_modules_carry_the_ids_and_no_routing_headers(alfa: Caller, door: str) -> None:
    headers = alfa.call("GET", door, to="NL-BET").headers
    assert (headers["X-Request-ID"], headers["X-Correlation-ID"]) == ("request-1", "correlation-1")
    assert routing_of(headers) == []


def test_017_the_answer_is_to_the_requester_from_the_responder(asked: Caller) -> None:
    headers = asked.call("POST", AUTHORIZE, PLACE, to="NL-BET").headers
    assert (pair(headers, TO), pair(headers, FROM)) == (("DE", "ALF"), ("NL", "BET"))


@pytest.mark.parametrize(
    ("method", "url", "http"),
    [("PUT", TARIFF, 400), ("PATCH", TARIFF, 405), ("GET", TARIFF, 404), ("PUT", TARIFF.replace("DE/ALF", "FR/OMI"), 404)],
)
def test_017_so_is_the_answer_that_refuses(alfa: Caller, method: str, url: str, http: int) -> None:
    reply = alfa.call(method, url, raw=b"{bad", to=HUB)
    assert (reply.http, pair(reply.headers, TO), pair(reply.headers, FROM)) == (http, ("DE", "ALF"), tuple(HUB))


def test_018_two_companies_on_one_platform_are_two_receivers(alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    a_provider("NL-ZET", platform=beta_at_stub.platform)
    stub.answer("PUT", f"{AT_STUB}/locations/DE/ALF/LOC-1")
    for company in ("NL-ZET", "NL-BET"):
        assert alfa.call("PUT", LOCATION, location(), to=company).status == (200, 1000)
    assert [pair(heard.headers, TO) for heard in stub.heard] == [("NL", "ZET"), ("NL", "BET")]


def test_019_a_sender_of_another_platform_is_refused_and_nothing_is_forwarded(
    alfa: Caller, beta_at_stub: Caller, stub: StubPartner, gamma: Caller
) -> None:
    told = {FROM[0]: "FR", FROM[1]: "GAM"}
    assert alfa.call("PUT", LOCATION, location(), to="NL-BET", headers=told).status == (200, 2001)
    assert stub.heard == []


@pytest.mark.parametrize("half", [("NL", None), (None, "BET"), ("NL,NL", "BET,BET"), ("NLD", "BET"), ("NL", "B\u00c4T")])
def test_020_half_a_pair_is_2001(alfa: Caller, half: tuple[str | None, str | None]) -> None:
    assert alfa.call("PUT", TARIFF, tariff(), headers=dict(zip(TO, half, strict=True))).status == (200, 2001)


def test_021_a_receiver_in_lower_case_is_reached(asked: Caller, stub: StubPartner) -> None:
    lower: dict[str, str | None] = {TO[0]: "nl", TO[1]: "bet"}
    assert asked.call("POST", AUTHORIZE, PLACE, headers=lower).status == (200, 1000)
    assert pair(stub.heard[0].headers, TO) == ("NL", "BET")


def test_022_a_direct_get_of_one_object_keeps_both_ends(alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
    stub.answer("GET", f"{AT_STUB}/locations/LOC-1", location())
    reply = beta.call("GET", f"{SENDER}/locations/LOC-1", to="DE-ALF")
    assert (reply.status, reply.data["id"]) == ((200, 1000), "LOC-1")
    [heard] = stub.heard
    assert (pair(heard.headers, FROM), pair(heard.headers, TO)) == (("NL", "BET"), ("DE", "ALF"))


def test_023_behind_a_second_hub_both_ends_stay_and_each_leg_has_its_own_request_id(alfa: Caller, stub: StubPartner) -> None:
    # For this hub another one is a platform that speaks for its own partners.
    second_hub = caller.provider("NL-BET", at=stub.host)
    PartyRoleFactory.create(party=a_party("BE-EPS"), platform=second_hub.platform, role=Role.EMSP)
    stub.answer("PUT", f"{AT_STUB}/locations/DE/ALF/LOC-1")
    reply = alfa.call("PUT", LOCATION, location(), to="BE-EPS")
    [heard] = stub.heard
    assert (pair(heard.headers, FROM), pair(heard.headers, TO)) == (("DE", "ALF"), ("BE", "EPS"))
    assert heard.headers["x-request-id"] != "request-1" == reply.headers["X-Request-ID"]
    assert heard.headers["x-correlation-id"] == "correlation-1"
    ids = {"X-Request-ID": "leg-2", "X-Correlation-ID": "far-away"}
    onward = second_hub.call("GET", f"{SENDER}/locations", to=HUB, headers={FROM[0]: "BE", FROM[1]: "EPS", **ids})
    assert (onward.headers["X-Request-ID"], onward.headers["X-Correlation-ID"]) == ("leg-2", "far-away")
    assert pair(onward.headers, TO) == ("BE", "EPS")


def test_024_for_a_2_1_1_caller_the_hub_makes_both_ids_and_all_four_routing_headers(
    alfa: Caller, beta_at_stub: Caller, stub: StubPartner
) -> None:
    beta_at_stub.call("PUT", TOKEN, token(whitelist="NEVER"), to=HUB)
    stub.answer("POST", f"{AT_STUB}/tokens/{UID}/authorize", {"allowed": "ALLOWED", "token": token()})
    none = {**NO_ROUTING, "X-Request-ID": None, "X-Correlation-ID": None}
    reply = speaking("2.1.1", alfa).call("POST", f"/ocpi/2.1.1/sender/tokens/{UID}/authorize", PLACE, headers=none)
    assert reply.status == (200, 1000)
    [heard] = stub.heard
    assert (pair(heard.headers, FROM), pair(heard.headers, TO)) == (("DE", "ALF"), ("NL", "BET"))
    assert len(heard.headers["x-request-id"]) == len(heard.headers["x-correlation-id"]) == 36
    assert routing_of(reply.headers) == []
