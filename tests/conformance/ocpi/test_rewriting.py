"""Cases 50 to 58: addresses that would lead past the hub become addresses of the hub."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings

from roaming.cdrs.models import Cdr
from roaming.deliveries.models import Delivery
from roaming.parties import directory
from roaming.parties.models import Endpoint
from tests.conformance.ocpi.words import (
    ACCEPTED,
    AT_STUB,
    CDRS,
    COMMANDS,
    FROM,
    RECEIVER,
    SENDER,
    TO,
    cdr,
    command,
    deliver,
    location,
    pair,
    path_of,
    token,
)
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import as_json
from tests.wire.stub_partner import StubPartner, Told, envelope, stub_partner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roaming")]

START = f"{COMMANDS}/START_SESSION"
PROFILES_AT_STUB = f"{AT_STUB}/chargingprofiles/SESSION-1"


def callback_of(stub: StubPartner, place: int = -1) -> str:
    return path_of(str(stub.heard[place].json["response_url"]))


def started(alfa: Caller, beta: Caller, stub: StubPartner, response_url: str) -> str:
    """This function will start a session through the hub and return the path at which the hub waits for the result."""
    stub.answer("POST", f"{AT_STUB}/commands/START_SESSION", ACCEPTED)
    assert beta.call("POST", START, command(response_url), to="DE-ALF").data == ACCEPTED
    return callback_of(stub)


def test_050_the_operator_sees_an_address_of_the_hub_and_the_provider_hears_from_the_hub(
    alfa_at_stub: Caller, beta_at_stub: Caller, stub: StubPartner
) -> None:
    body = command(f"{stub.url}/results/1", x_note="kept")
    stub.answer("POST", f"{AT_STUB}/commands/START_SESSION", ACCEPTED)
    stub.answer("POST", "/results/1")
    reply = beta_at_stub.call("POST", START, body, to="DE-ALF")
    assert (reply.status, reply.data, pair(reply.headers, FROM)) == ((200, 1000), ACCEPTED, ("DE", "ALF"))
    [heard] = stub.heard
    assert heard.json["response_url"].startswith(f"{settings.HUB_PUBLIC_URL}/ocpi/callbacks/")
    assert {**heard.json, "response_url": ""} == {**body, "response_url": ""}
    assert alfa_at_stub.call("POST", callback_of(stub), {"result": "ACCEPTED"}).status == (200, 1000)
    assert deliver() == {"delivered": 1}
    assert len(stub.heard_at("POST", "/results/1")) == 1


def test_051_a_result_without_routing_headers_arrives_from_the_operator_with_the_hubs_own_token(
    alfa_at_stub: Caller, stub: StubPartner
) -> None:
    with stub_partner() as own:
        beta = caller.provider("NL-BET", at=own.host)
        own.answer("POST", "/results/1")
        callback = started(alfa_at_stub, beta, stub, f"{own.url}/results/1")
        told: dict[str, str | None] = dict.fromkeys(FROM)
        assert alfa_at_stub.call("POST", callback, {"result": "EVSE_OCCUPIED"}, headers=told).status == (200, 1000)
        assert deliver() == {"delivered": 1}
        [result] = own.heard
    assert result.json == {"result": "EVSE_OCCUPIED"}
    assert (pair(result.headers, FROM), pair(result.headers, TO)) == (("DE", "ALF"), ("NL", "BET"))
    assert result.headers["authorization"] == "Token dG9rZW4tb2YtdGhlLWh1Yi1hdC1OTEJFVA=="


def test_052_a_reservation_that_is_cancelled_later_is_heard_of_a_second_time(
    alfa_at_stub: Caller, beta_at_stub: Caller, stub: StubPartner
) -> None:
    stub.answer("POST", f"{AT_STUB}/commands/RESERVE_NOW", ACCEPTED)
    stub.answer("POST", "/results/1")
    body = {
        "response_url": f"{stub.url}/results/1",
        "token": as_json(token()),
        "expiry_date": "2198-12-24T12:00:00Z",
        "reservation_id": "R-1",
        "location_id": "LOC-1",
    }
    assert beta_at_stub.call("POST", f"{COMMANDS}/RESERVE_NOW", body, to="DE-ALF").data == ACCEPTED
    callback = callback_of(stub)
    for result in ("ACCEPTED", "CANCELED_RESERVATION"):
        assert alfa_at_stub.call("POST", callback, {"result": result}).status == (200, 1000)
        deliver()
    assert [heard.json["result"] for heard in stub.heard_at("POST", "/results/1")] == ["ACCEPTED", "CANCELED_RESERVATION"]


def test_053_a_result_of_another_platform_is_404_and_goes_nowhere(alfa_at_stub: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    callback = started(alfa_at_stub, beta_at_stub, stub, f"{stub.url}/results/1")
    for stranger in (beta_at_stub, caller.operator("FR-OMI")):
        assert stranger.call("POST", callback, {"result": "ACCEPTED"}).status == (404, 2000)
    assert not Delivery.objects.filter(module="commands").exists()


def test_054_the_providers_address_keeps_its_query_and_its_encoding(alfa_at_stub: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    stub.answer("POST", "/results/a%2Fb")
    callback = started(alfa_at_stub, beta_at_stub, stub, f"{stub.url}/results/a%2Fb?x=%2Fy&z=1+2")
    alfa_at_stub.call("POST", callback, {"result": "ACCEPTED"})
    assert deliver() == {"delivered": 1}
    assert stub.heard[-1].path == "/results/a%2Fb?x=%2Fy&z=1+2"


@pytest.mark.parametrize(("method", "duration"), [("GET", "3600"), ("DELETE", None)])
def test_055_the_address_in_the_query_of_a_charging_profile_is_rewritten_there(
    alfa_at_stub: Caller, beta: Caller, stub: StubPartner, method: str, duration: str | None
) -> None:
    beta.platform.allowed_hosts = [stub.host]
    beta.platform.save()
    Endpoint.objects.create(
        platform=alfa_at_stub.platform, module="chargingprofiles", interface="RECEIVER", url=f"{stub.url}{AT_STUB}/chargingprofiles"
    )
    directory.changed()
    stub.answer(method, PROFILES_AT_STUB, {"result": "TOO_OFTEN", "timeout": 5})
    query = f"response_url={stub.url}/r/1" + (f"&duration={duration}" if duration else "")
    reply = beta.call(method, f"{RECEIVER}/chargingprofiles/SESSION-1?{query}", to="DE-ALF")
    assert reply.data == {"result": "TOO_OFTEN", "timeout": 5}
    told = parse_qs(urlsplit(stub.heard[0].path).query)
    assert told.get("duration") == ([duration] if duration else None)
    assert told["response_url"][0].startswith(f"{settings.HUB_PUBLIC_URL}/ocpi/callbacks/")


@pytest.mark.parametrize("to", [HUB, None, "NL-BET"])
def test_056_a_cdr_is_found_again_at_the_hubs_address_in_location(alfa: Caller, beta: Caller, to: Any) -> None:
    reply = alfa.call("POST", CDRS, cdr(), to=to)
    assert reply.status == (201, 1000)
    assert reply.headers["Location"] == f"{settings.HUB_PUBLIC_URL}{CDRS}/{Cdr.objects.get().public_id}"
    for asked in (None, HUB, "NL-BET"):
        assert alfa.call("GET", path_of(reply.headers["Location"]), to=asked).data == cdr()


def test_057_the_link_of_a_page_leads_through_the_hub_to_the_next_page_of_the_same_party(
    alfa_at_stub: Caller, beta: Caller, stub: StubPartner
) -> None:
    def page(heard: Any) -> Told:
        if "offset=1" in heard.path:
            return envelope([as_json(location(id="LOC-2"))], headers={"X-Total-Count": "2", "X-Limit": "50"})
        link = f'<{stub.url}{AT_STUB}/locations?offset=1&limit=1>; rel="next"'
        return envelope([as_json(location())], headers={"Link": link, "X-Total-Count": "2", "X-Limit": "50"})

    stub.answer_by("GET", f"{AT_STUB}/locations", page)
    first = beta.call("GET", f"{SENDER}/locations?limit=1&date_from=2026-01-01T00:00:00Z", to="DE-ALF")
    assert [item["id"] for item in first.data] == ["LOC-1"]
    assert (first.headers["X-Total-Count"], first.headers["X-Limit"]) == ("2", "50")
    assert first.headers["Link"].startswith(f"<{settings.HUB_PUBLIC_URL}/")
    second = beta.call("GET", path_of(first.headers["Link"]))
    assert [item["id"] for item in second.data] == ["LOC-2"]
    assert ("Link" in second.headers, pair(second.headers, FROM)) == (False, ("DE", "ALF"))
    assert parse_qs(urlsplit(stub.heard[-1].path).query)["date_from"] == ["2026-01-01T00:00:00Z"]


@pytest.mark.parametrize("link", ['</ocpi/2.2.1/locations?offset=1&limit=1>; rel="next"', "<http://wrong.example/x?offset=1>; rel=next"])
def test_058_a_link_that_is_relative_or_of_another_host_still_leads_on(
    alfa_at_stub: Caller, beta: Caller, stub: StubPartner, link: str
) -> None:
    stub.answer_by("GET", f"{AT_STUB}/locations", lambda _: envelope([as_json(location())], headers={"Link": link}))
    following = beta.call("GET", f"{SENDER}/locations?limit=1", to="DE-ALF").headers["Link"]
    assert ("offset=1" in following, "wrong.example" in following) == (True, False)
