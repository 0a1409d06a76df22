"""Charging profiles: requests to the operator with an address of the hub, results back, and limits in force to whoever set some."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings

from roaming.deliveries.drain import drain
from roaming.deliveries.models import Delivery
from roaming.parties import directory
from roaming.parties.models import Endpoint, Platform
from tests.builders.parties import an_agreement
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import a_message
from tests.wire.stub_partner import StubPartner

pytestmark = pytest.mark.django_db

URL = "/ocpi/2.2.1/receiver/chargingprofiles"
ACTIVE = "/ocpi/2.2.1/sender/chargingprofiles"
AT_STUB = "/ocpi/2.2.1/chargingprofiles/SESSION-1"
ACCEPTED = {"result": "ACCEPTED", "timeout": 30}
LIMITS = {
    "start_date_time": "2026-10-05T10:00:00Z",
    "charging_rate_unit": "W",
    "min_charging_rate": 6.0,
    "charging_profile_period": [{"start_period": 0, "limit": 11000.5}, {"start_period": 900, "limit": 3000}],
    "x_of_tomorrow": "kept",
}
ACTIVE_LIMITS = {"start_date_time": "2026-10-05T10:15:00Z", "charging_profile": {"charging_rate_unit": "A", "duration": 600}}


@pytest.fixture
def alfa(db: None, stub: StubPartner) -> Caller:
    """The operator DE-ALF at the stub, which takes charging profiles."""
    return with_profiles(caller.operator("DE-ALF", at=stub.host), stub, "RECEIVER")


@pytest.fixture
def beta(db: None, stub: StubPartner) -> Caller:
    """The provider NL-BET at the stub, which takes limits in force; it has an agreement with everyone."""
    an_agreement()
    return with_profiles(caller.provider("NL-BET", at=stub.host), stub, "SENDER")


def with_profiles(partner: Caller, stub: StubPartner, interface: str) -> Caller:
    url = f"{stub.url}/ocpi/2.2.1/chargingprofiles"
    Endpoint.objects.create(platform=partner.platform, module="chargingprofiles", interface=interface, url=url)
    directory.changed()
    return partner


def setting(stub: StubPartner, result: int = 1) -> dict[str, Any]:
    return {"charging_profile": LIMITS, "response_url": f"{stub.url}/results/{result}?x=%2F"}


def set_limits(alfa: Caller, beta: Caller, stub: StubPartner, **answer: Any) -> str:
    """This function will set limits on SESSION-1 and return the path at which the hub waits for the result."""
    stub.answer("PUT", AT_STUB, {**ACCEPTED, **answer})
    beta.call("PUT", f"{URL}/SESSION-1", setting(stub), to="DE-ALF")
    return urlsplit(str(stub.heard_at("PUT", AT_STUB)[-1].json["response_url"])).path


class TestRequest:
    def test_to_set_passes_whole_with_an_address_of_the_hub(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("PUT", AT_STUB, ACCEPTED)
        reply = beta.call("PUT", f"{URL}/SESSION-1", setting(stub), to="DE-ALF")
        assert (reply.status, reply.data) == ((200, 1000), ACCEPTED)
        [heard] = stub.heard
        assert heard.json["charging_profile"] == LIMITS
        assert heard.json["response_url"].startswith(f"{settings.HUB_PUBLIC_URL}/ocpi/callbacks/")
        assert (heard.headers["ocpi-from-party-id"], heard.headers["ocpi-to-party-id"]) == ("BET", "ALF")

    @pytest.mark.parametrize(("method", "duration"), [("GET", "3600"), ("DELETE", None)])
    def test_with_the_address_in_the_query_has_it_rewritten_there(
        self, alfa: Caller, beta: Caller, stub: StubPartner, method: str, duration: str | None
    ) -> None:
        stub.answer(method, AT_STUB, {"result": "TOO_OFTEN", "timeout": 5})
        query = f"response_url={stub.url}/r/1" + (f"&duration={duration}" if duration else "")
        reply = beta.call(method, f"{URL}/SESSION-1?{query}", to="DE-ALF")
        assert reply.data == {"result": "TOO_OFTEN", "timeout": 5}
        told = parse_qs(urlsplit(stub.heard[0].path).query)
        assert told.get("duration") == ([duration] if duration else None)
        assert told["response_url"][0].startswith(f"{settings.HUB_PUBLIC_URL}/ocpi/callbacks/")

    def test_without_a_receiver_finds_the_operator_of_the_session(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        alfa.call("PUT", "/ocpi/2.2.1/receiver/sessions/DE/ALF/SESSION-1", a_message("session", status="ACTIVE"), to="NL-BET")
        stub.answer("PUT", AT_STUB, ACCEPTED)
        reply = beta.call("PUT", f"{URL}/SESSION-1", setting(stub))
        assert (reply.data, reply.headers["OCPI-from-party-id"]) == (ACCEPTED, "ALF")
        assert beta.call("PUT", f"{URL}/SESSION-2", setting(stub)).data == {"result": "UNKNOWN_SESSION", "timeout": 0}

    def test_about_another_providers_session_is_unknown(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        alfa.call("PUT", "/ocpi/2.2.1/receiver/sessions/DE/ALF/SESSION-1", a_message("session", status="ACTIVE"), to="NL-BET")
        gamma = caller.provider("FR-GAM", at=stub.host)
        assert gamma.call("PUT", f"{URL}/SESSION-1", setting(stub), to="DE-ALF").data["result"] == "UNKNOWN_SESSION"
        assert stub.heard == []

    def test_names_every_bad_field(self, beta: Caller) -> None:
        reply = beta.call("PUT", f"{URL}/SESSION-1", {"charging_profile": {"charging_rate_unit": "V"}}, to="DE-ALF")
        assert reply.status == (200, 2001)
        assert "response_url" in reply.message
        assert "charging_profile.charging_rate_unit" in reply.message
        assert "duration" in beta.call("GET", f"{URL}/SESSION-1?duration=soon&response_url=http://x.example/", to="DE-ALF").message

    def test_is_not_asked_of_a_2_1_1_operator(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        Platform.objects.filter(id=alfa.platform.id).update(version="2.1.1")
        directory.changed()
        assert beta.call("PUT", f"{URL}/SESSION-1", setting(stub), to="DE-ALF").data == {"result": "NOT_SUPPORTED", "timeout": 0}
        assert stub.heard == []
        assert alfa.call("PUT", "/ocpi/2.1.1/sender/chargingprofiles/SESSION-1", ACTIVE_LIMITS).http == 404

    def test_to_an_operator_without_the_module_is_4003(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        alfa.platform.endpoints.filter(module="chargingprofiles").delete()
        directory.changed()
        assert beta.call("PUT", f"{URL}/SESSION-1", setting(stub), to="DE-ALF").status == (200, 4003)


class TestResult:
    @pytest.mark.django_db(transaction=True)
    def test_comes_to_the_provider_once_with_the_profile(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("GET", AT_STUB, ACCEPTED)
        stub.answer("POST", "/results/1")
        beta.call("GET", f"{URL}/SESSION-1?duration=60&response_url={stub.url}/results/1%3Fa%3Db", to="DE-ALF")
        callback = urlsplit(parse_qs(urlsplit(stub.heard[0].path).query)["response_url"][0]).path
        result = {"result": "ACCEPTED", "profile": ACTIVE_LIMITS}
        reply = alfa.call("POST", callback, result, headers={"OCPI-from-country-code": None, "OCPI-from-party-id": None})
        assert (reply.status, reply.data) == ((200, 1000), None)
        assert alfa.call("POST", callback, result).headers["X-Hub-Replay"] == "1"
        assert drain() == {"delivered": 1}
        heard = stub.heard[-1]
        assert (heard.path, heard.json) == ("/results/1?a=b", result)
        assert (heard.headers["ocpi-from-party-id"], heard.headers["ocpi-to-party-id"]) == ("ALF", "BET")

    def test_in_words_of_commands_is_2001_and_of_a_stranger_404(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        callback = set_limits(alfa, beta, stub)
        assert alfa.call("POST", callback, {"result": "EVSE_OCCUPIED"}).status == (200, 2001)
        assert beta.call("POST", callback, {"result": "ACCEPTED"}).status == (404, 2000)
        assert not Delivery.objects.filter(module="chargingprofiles").exists()


class TestActiveProfile:
    def test_goes_to_the_party_that_set_one_and_to_no_other(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        gamma = with_profiles(caller.provider("FR-GAM", at=stub.host), stub, "SENDER")
        set_limits(alfa, beta, stub)
        stub.answer("PUT", AT_STUB)
        for to in (None, HUB, beta.key):
            assert alfa.call("PUT", f"{ACTIVE}/session-1", ACTIVE_LIMITS, to=to).status == (404, 2000), "the stub knows SESSION-1 only"
            assert alfa.call("PUT", f"{ACTIVE}/SESSION-1", ACTIVE_LIMITS, to=to).status == (200, 1000)
            assert (stub.heard[-1].json, stub.heard[-1].headers["ocpi-to-party-id"]) == (ACTIVE_LIMITS, "BET")
        assert alfa.call("PUT", f"{ACTIVE}/SESSION-1", ACTIVE_LIMITS, to=gamma.key).status == (200, 2001)
        assert alfa.call("PUT", f"{ACTIVE}/SESSION-2", ACTIVE_LIMITS).status == (404, 2000)

    @pytest.mark.parametrize("result", ["REJECTED", "UNKNOWN"])
    def test_goes_to_nobody_where_the_charge_point_refused(self, alfa: Caller, beta: Caller, stub: StubPartner, result: str) -> None:
        alfa.call("POST", set_limits(alfa, beta, stub), {"result": result})
        assert alfa.call("PUT", f"{ACTIVE}/SESSION-1", ACTIVE_LIMITS).status == (404, 2000)
