"""Cases 59 to 74: versions and the credentials handshake."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from roaming.canonical import PartyId, Role
from roaming.parties import directory
from roaming.parties.claims import approve_claim
from roaming.parties.invite import invite_platform
from roaming.parties.models import Credential, Endpoint, PartyClaim, Platform
from tests.builders.canonical_messages import NOW
from tests.conformance.ocpi.words import LOCATION, NO_ROUTING, SENDER, deliver, location, routing_of, speaking
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.stub_partner import StubPartner, stub_partner

pytestmark = pytest.mark.django_db

URL = "/ocpi/2.2.1/credentials"
MODULES = (("locations", "SENDER"), ("cdrs", "SENDER"), ("tokens", "RECEIVER"))
TOKEN_B = "token-b-of-the-partner"


def credentials(stub: StubPartner, *, token: str = TOKEN_B, url: str | None = None, **role: Any) -> dict[str, Any]:
    party = {"role": "CPO", "country_code": "DE", "party_id": "ALF", "business_details": {"name": "Alfa Charging"}, **role}
    return {"token": token, "url": url or f"{stub.url}/ocpi/versions", "roles": [party]}


def invite(stub: StubPartner) -> Caller:
    party = PartyId("DE", "ALF")
    invitation = invite_platform(name="Platform DE-ALF", parties=[(Role.CPO, party)], protocol="ocpi", allowed_hosts=[stub.host], at=NOW)
    assert invitation.token is not None
    return Caller(key=party, platform=Platform.objects.get(id=invitation.platform.id), token=invitation.token)


@pytest.fixture
def invited(db: None, stub: StubPartner) -> Caller:
    """An operator with token A whose versions are served by the stub."""
    stub.serve_versions(*MODULES)
    return invite(stub)


@pytest.fixture
def registered(invited: Caller, stub: StubPartner) -> Caller:
    """The operator after its registration."""
    invited.token = invited.call("POST", URL, credentials(stub)).data["token"]
    invited.call("GET", URL)
    stub.heard.clear()
    return invited


@pytest.fixture
def unchanged(invited: Caller) -> Iterator[None]:
    """After the case token A is still good and nothing was stored."""
    yield
    assert invited.call("GET", "/ocpi/versions").status == (200, 1000)
    platform = Platform.objects.get(id=invited.platform.id)
    assert (platform.status, platform.version) == ("PLANNED", "")
    assert not Endpoint.objects.filter(platform=platform).exists()
    assert not Credential.objects.filter(platform=platform, direction="out").exists()


def test_059_the_hub_asks_versions_and_details_with_token_b_before_it_answers(invited: Caller, stub: StubPartner) -> None:
    reply = invited.call("POST", URL, credentials(stub))
    assert (reply.status, len(reply.data["token"]) >= 43) == ((200, 1000), True)
    assert [heard.path for heard in stub.heard] == ["/ocpi/versions", "/ocpi/2.2.1"]
    for heard in stub.heard:
        assert heard.headers["authorization"] == "Token " + base64.b64encode(TOKEN_B.encode()).decode()
        assert heard.headers["x-correlation-id"] == "correlation-1"
        assert routing_of(heard.headers) == []


def test_060_token_a_is_dead_once_token_c_was_used(invited: Caller, stub: StubPartner) -> None:
    token_a = invited.token
    invited.token = invited.call("POST", URL, credentials(stub)).data["token"]
    assert invited.call("GET", URL).status == (200, 1000)
    invited.token = token_a
    assert invited.call("GET", "/ocpi/versions").status == (401, 2000)


def test_061_a_registered_client_may_not_post(alfa: Caller, stub: StubPartner) -> None:
    reply = alfa.call("POST", URL, credentials(stub))
    assert (reply.status, reply.headers["Allow"]) == ((405, 2000), "GET, PUT, DELETE")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_061_an_unregistered_one_may_neither_put_nor_delete(invited: Caller, stub: StubPartner, method: str) -> None:
    assert invited.call(method, URL, credentials(stub)).status == (405, 2000)


@pytest.mark.usefixtures("unchanged")
def test_062_versions_out_of_reach_are_3001(invited: Caller, stub: StubPartner) -> None:
    with stub_partner() as gone:
        pass
    Platform.objects.filter(id=invited.platform.id).update(allowed_hosts=[gone.host])
    assert invited.call("POST", URL, credentials(stub, url=f"{gone.url}/ocpi/versions")).status == (200, 3001)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("modules", [(), (("cdrs", "RECEIVER"),)])
def test_063_details_without_a_module_that_is_needed_are_3003(invited: Caller, stub: StubPartner, modules: Any) -> None:
    stub.serve_versions(*modules)
    assert invited.call("POST", URL, credentials(stub)).status == (200, 3003)


@pytest.mark.usefixtures("unchanged")
def test_064_a_version_that_the_client_does_not_offer_is_3002(invited: Caller, stub: StubPartner) -> None:
    stub.answer("GET", "/ocpi/versions", [{"version": "2.1.1", "url": f"{stub.url}/ocpi/2.1.1"}])
    assert invited.call("POST", URL, credentials(stub)).status == (200, 3002)


def test_065_put_on_another_version_switches_the_connection_and_its_endpoints(registered: Caller, stub: StubPartner) -> None:
    stub.serve_versions(("tariffs", "SENDER"), version="2.3.0")
    assert registered.call("PUT", "/ocpi/2.3.0/credentials", credentials(stub, token="token-b-2")).status == (200, 1000)
    entry = directory.current().platform(registered.platform.id)
    assert entry is not None
    assert (entry.version, entry.endpoints["tariffs", "SENDER"]) == ("2.3.0", f"{stub.url}/ocpi/2.3.0/tariffs")
    assert ("locations", "SENDER") not in entry.endpoints


def test_066_put_renews_and_the_former_token_dies_with_the_first_use_of_the_new(registered: Caller, stub: StubPartner) -> None:
    former = registered.token
    reply = registered.call("PUT", URL, credentials(stub, token="token-b-2"))
    assert (reply.status, reply.data["token"] != former) == ((200, 1000), True)
    assert registered.call("GET", URL).status == (200, 1000)
    registered.token = reply.data["token"]
    assert registered.call("GET", URL).status == (200, 1000)
    registered.token = former
    assert registered.call("GET", URL).status == (401, 2000)


def test_066_a_put_that_fails_keeps_both_old_tokens(registered: Caller, stub: StubPartner) -> None:
    stub.answer("GET", "/ocpi/versions", status=500, code=3000)
    assert registered.call("PUT", URL, credentials(stub, token="token-b-2")).status == (200, 3001)
    assert registered.call("GET", URL).status == (200, 1000)
    entry = directory.current().platform(registered.platform.id)
    assert entry is not None
    assert entry.outbound_token == TOKEN_B


def test_067_delete_ends_both_tokens_and_others_are_told(registered: Caller, stub: StubPartner, everyone_roams: None) -> None:
    told = caller.provider("NL-BET", at=stub.host)
    Endpoint.objects.create(platform=told.platform, module="hubclientinfo", interface="RECEIVER", url=f"{stub.url}/hubclientinfo")
    directory.changed()
    stub.answer("PUT", "/hubclientinfo/DE/ALF")
    assert registered.call("DELETE", URL).status == (200, 1000)
    assert registered.call("GET", "/ocpi/versions").status == (401, 2000)
    assert not Credential.objects.filter(platform=registered.platform, direction="out").exists()
    assert Platform.objects.get(id=registered.platform.id).status == "PLANNED"
    deliver()
    assert [heard.json["status"] for heard in stub.heard_at("PUT", "/hubclientinfo/DE/ALF")] == ["PLANNED"]


def test_068_in_2_2_1_the_hub_is_alone_in_its_credentials(registered: Caller, everyone_roams: None) -> None:
    caller.provider("NL-BET")
    data = registered.call("GET", URL).data
    assert data["url"] == f"{settings.HUB_PUBLIC_URL}/ocpi/versions"
    assert [(role["role"], role["country_code"], role["party_id"]) for role in data["roles"]] == [("HUB", "DE", "HUB")]
    assert data["token"] == registered.token


def test_069_in_2_3_0_it_names_itself_and_whom_one_can_reach(beta: Caller, everyone_roams: None) -> None:
    caller.operator("DE-ALF")
    caller.provider("FR-GAM")
    data = speaking("2.3.0", beta).call("GET", "/ocpi/2.3.0/credentials").data
    assert data["hub_party_id"] == "DEHUB"
    assert [(role["role"], role["party_id"]) for role in data["roles"]] == [("CPO", "ALF")]


def test_070_in_2_1_1_credentials_are_flat_both_ways(stub: StubPartner) -> None:
    alfa = invite(stub)
    stub.answer("GET", "/ocpi/versions", [{"version": "2.1.1", "url": f"{stub.url}/ocpi/2.1.1"}])
    offered = [{"identifier": name, "url": f"{stub.url}/ocpi/2.1.1/{name}"} for name in ("credentials", "locations", "tokens")]
    stub.answer("GET", "/ocpi/2.1.1", {"version": "2.1.1", "endpoints": offered})
    told = {"token": TOKEN_B, "url": f"{stub.url}/ocpi/versions", "country_code": "DE", "party_id": "ALF"}
    reply = alfa.call("POST", "/ocpi/2.1.1/credentials", {**told, "business_details": {"name": "Alfa"}}, headers=NO_ROUTING)
    assert reply.status == (200, 1000)
    assert (reply.data["country_code"], reply.data["party_id"], "roles" in reply.data) == ("DE", "HUB", False)
    entry = directory.current().platform(alfa.platform.id)
    assert entry is not None
    assert set(entry.endpoints) == {("credentials", "SENDER"), ("locations", "SENDER"), ("tokens", "RECEIVER")}


def test_071_a_party_that_belongs_to_another_platform_is_not_taken_over(invited: Caller, stub: StubPartner, everyone_roams: None) -> None:
    caller.provider("NL-BET")
    reply = invited.call("POST", URL, credentials(stub, role="EMSP", country_code="NL", party_id="BET"))
    assert reply.status == (200, 2001)
    assert "EMSP:NL:BET" in reply.message
    assert Platform.objects.get(id=invited.platform.id).version == ""


def test_072_the_details_of_2_2_1_name_both_sides_of_every_module_and_credentials_once(alfa: Caller) -> None:
    reply = alfa.call("GET", "/ocpi/2.2.1")
    offered = sorted((endpoint["identifier"], endpoint["role"]) for endpoint in reply.data["endpoints"])
    functional = ("cdrs", "chargingprofiles", "commands", "locations", "sessions", "tariffs", "tokens")
    both = [(module, role) for module in functional for role in ("RECEIVER", "SENDER")]
    assert reply.data["version"] == "2.2.1"
    assert offered == sorted([*both, ("credentials", "SENDER"), ("hubclientinfo", "SENDER")])


def test_073_the_details_of_2_1_1_name_no_sides_and_stand_on_the_page_of_the_persona(alfa: Caller) -> None:
    speaking("2.1.1", alfa)
    [url] = [item["url"] for item in alfa.call("GET", "/ocpi/versions").data if item["version"] == "2.1.1"]
    assert url.endswith("/ocpi/2.1.1/emsp")
    endpoints = alfa.call("GET", "/ocpi/2.1.1/emsp").data["endpoints"]
    modules = {"credentials", "locations", "tariffs", "tokens", "sessions", "cdrs", "commands"}
    assert {endpoint["identifier"] for endpoint in endpoints} == modules
    assert not any("role" in endpoint for endpoint in endpoints)
    assert alfa.call("GET", "/ocpi/2.1.1/cpo").http == 404
    assert alfa.call("GET", "/ocpi/2.1.1/hubclientinfo").http == 404


@pytest.mark.parametrize("token", ["x" * 65, "with blank", "", "ümlaut"])
def test_074_a_token_that_is_none_is_2001(invited: Caller, stub: StubPartner, token: str) -> None:
    reply = invited.call("POST", URL, credentials(stub, token=token))
    assert (reply.status, "token" in reply.message) == ((200, 2001), True)
    assert token not in reply.message or not token


def test_066_in_the_grace_window_pushes_and_pulls_go_on_with_either_token(
    registered: Caller, stub: StubPartner, everyone_roams: None
) -> None:
    former = registered.token
    new = registered.call("PUT", URL, credentials(stub, token="token-b-2")).data["token"]
    assert registered.call("PUT", LOCATION, location(), to=HUB).status == (201, 1000)  # a worker that still holds the former
    stub.answer("GET", "/ocpi/2.2.1/locations", [])
    beta = caller.provider("NL-BET")
    assert beta.call("GET", f"{SENDER}/locations", to="DE-ALF").status == (200, 1000)
    assert stub.heard[-1].headers["authorization"] == "Token " + base64.b64encode(b"token-b-2").decode()
    # The answer with the new token was lost: the former renews again, and what was never used is dead.
    newest = registered.call("PUT", URL, credentials(stub, token="token-b-3")).data["token"]
    registered.token = new
    assert registered.call("GET", URL).status == (401, 2000)
    registered.token = newest
    assert registered.call("PUT", LOCATION, location(), to=HUB).status == (200, 1000)
    registered.token = former
    assert registered.call("GET", URL).status == (401, 2000)


def test_071_a_party_that_nobody_approved_waits_while_the_approved_one_works(invited: Caller, stub: StubPartner) -> None:
    body = credentials(stub)
    body["roles"].append({"role": "EMSP", "country_code": "DE", "party_id": "NEW", "business_details": {"name": "Newcomer"}})
    reply = invited.call("POST", URL, body)
    assert (reply.status, reply.message) == ((200, 1000), "waiting for the hub's operator: EMSP:DE:NEW")
    invited.token = reply.data["token"]
    assert invited.call("PUT", LOCATION, location(), to=HUB).status == (201, 1000)
    newcomer: dict[str, str | None] = {"OCPI-from-party-id": "NEW"}
    pull = f"{SENDER}/locations"
    assert invited.call("GET", pull, to=HUB, headers=newcomer).status == (200, 2001)
    approve_claim(claim_id=PartyClaim.objects.get().pk, by="", at=NOW)
    assert invited.call("GET", pull, to=HUB, headers=newcomer).status == (200, 1000)
    assert "waiting" not in invited.call("GET", URL).message
