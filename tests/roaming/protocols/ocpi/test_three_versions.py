"""Partners on 2.1.1, 2.2.1 and 2.3.0 with each other: what each hears is its own version, and what that loses is counted."""

from typing import Any

import pytest

from roaming.canonical import PartyId, Role
from roaming.deliveries.drain import drain
from roaming.deliveries.models import Delivery
from roaming.exchanges.losses import flush_losses, list_losses
from roaming.exchanges.models import CrossingLoss
from roaming.parties import directory
from roaming.parties.invite import invite_platform
from roaming.parties.models import Platform
from tests.builders.canonical_messages import NOW
from tests.builders.parties import a_provider, an_agreement
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import a_message
from tests.wire.stub_partner import StubPartner

pytestmark = [pytest.mark.django_db(transaction=True)]

RECEIVER = "/ocpi/2.2.1/receiver"
AT_STUB = "/ocpi/2.2.1"
NO_ROUTING: dict[str, str | None] = {"OCPI-from-country-code": None, "OCPI-from-party-id": None}
CONNECTOR_2_1_1 = {
    "id": "1",
    "standard": "IEC_62196_T2",
    "format": "SOCKET",
    "power_type": "AC_3_PHASE",
    "voltage": 400,
    "amperage": 32,
    "tariff_id": "AC-1",
    "last_updated": "2026-10-05T08:00:00Z",
}
EVSE_2_1_1 = {"uid": "EVSE-1", "status": "AVAILABLE", "connectors": [CONNECTOR_2_1_1], "last_updated": "2026-10-05T08:00:00Z"}
LOCATION_2_1_1 = {
    "id": "LOC-1",
    "type": "ON_STREET",
    "address": "Kade 1",
    "city": "Hamburg",
    "postal_code": "20457",
    "country": "DEU",
    "coordinates": {"latitude": "53.545100", "longitude": "9.966700"},
    "evses": [EVSE_2_1_1],
    "last_updated": "2026-10-05T08:00:00Z",
}


def speaking(version: str, who: Caller) -> Caller:
    """This function will let a registered partner speak another version."""
    Platform.objects.filter(id=who.platform.id).update(version=version)
    directory.changed()
    return who


def session_2_1_1(*volumes: int, **over: Any) -> dict[str, Any]:
    periods = [
        {"start_date_time": f"2026-10-05T1{hour}:00:00Z", "dimensions": [{"type": "ENERGY", "volume": volume}]}
        for hour, volume in enumerate(volumes)
    ]
    return {
        "id": "S-1",
        "start_datetime": "2026-10-05T10:00:00Z",
        "kwh": sum(volumes),
        "auth_id": "NL-BET-C00000001-1",
        "auth_method": "WHITELIST",
        "location": LOCATION_2_1_1,
        "currency": "EUR",
        "charging_periods": periods,
        "status": "ACTIVE",
        "last_updated": "2026-10-05T11:00:00Z",
        **over,
    }


@pytest.fixture
def old_alfa(transactional_db: None) -> Caller:
    """The operator DE-ALF on 2.1.1."""
    return speaking("2.1.1", caller.operator("DE-ALF"))


@pytest.fixture
def beta(transactional_db: None, stub: StubPartner) -> Caller:
    """The provider NL-BET at the stub, with an agreement, on 2.2.1."""
    beta = caller.provider("NL-BET", at=stub.host)
    an_agreement()
    return beta


class TestDetails:
    def test_of_2_1_1_name_no_sides_and_stand_on_the_page_of_the_persona(self, old_alfa: Caller) -> None:
        [url] = [item["url"] for item in old_alfa.call("GET", "/ocpi/versions").data if item["version"] == "2.1.1"]
        assert url.endswith("/ocpi/2.1.1/emsp")
        endpoints = old_alfa.call("GET", "/ocpi/2.1.1/emsp").data["endpoints"]
        assert {endpoint["identifier"] for endpoint in endpoints} == {
            "credentials",
            "locations",
            "tariffs",
            "tokens",
            "sessions",
            "cdrs",
            "commands",
        }
        assert not any("role" in endpoint for endpoint in endpoints)
        assert old_alfa.call("GET", "/ocpi/2.1.1/cpo").http == 404
        assert old_alfa.call("GET", "/ocpi/2.1.1/hubclientinfo").http == 404

    def test_a_platform_with_both_roles_is_not_offered_2_1_1(self, transactional_db: None) -> None:
        both = caller.operator("DE-ALF")
        a_provider("DE-ALF", platform=both.platform)
        assert {item["version"] for item in both.call("GET", "/ocpi/versions").data} == {"2.3.0", "2.2.1"}


class TestCredentials:
    def test_of_2_1_1_are_flat_both_ways(self, transactional_db: None, stub: StubPartner) -> None:
        alfa = invited(stub, "2.1.1")
        told = {"token": "token-b", "url": f"{stub.url}/ocpi/versions", "country_code": "DE", "party_id": "ALF"}
        reply = alfa.call("POST", "/ocpi/2.1.1/credentials", {**told, "business_details": {"name": "Alfa"}}, headers=NO_ROUTING)
        assert reply.status == (200, 1000)
        assert (reply.data["country_code"], reply.data["party_id"], "roles" in reply.data) == ("DE", "HUB", False)
        platform = directory.current().platform(alfa.platform.id)
        assert platform is not None
        assert platform.version == "2.1.1"
        assert set(platform.endpoints) == {("credentials", "SENDER"), ("locations", "SENDER"), ("tokens", "RECEIVER")}

    def test_of_2_3_0_name_the_hub_and_whom_one_can_reach(self, beta: Caller) -> None:
        caller.operator("DE-ALF")
        data = beta.call("GET", "/ocpi/2.3.0/credentials").data
        assert data["hub_party_id"] == "DEHUB"
        assert [(role["role"], role["party_id"]) for role in data["roles"]] == [("CPO", "ALF")]

    def test_put_on_another_version_switches_the_connection(self, transactional_db: None, stub: StubPartner) -> None:
        alfa = speaking("2.2.1", caller.operator("DE-ALF", at=stub.host))
        stub.serve_versions(("locations", "SENDER"), version="2.3.0")
        role = {"role": "CPO", "country_code": "DE", "party_id": "ALF", "business_details": {"name": "Alfa"}}
        body = {"token": "token-b2", "url": f"{stub.url}/ocpi/versions", "roles": [role]}
        assert alfa.call("PUT", "/ocpi/2.3.0/credentials", body).status == (200, 1000)
        assert Platform.objects.get(id=alfa.platform.id).version == "2.3.0"


class TestLocations:
    def test_of_a_2_1_1_operator_are_whole_for_2_3_0(self, old_alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        speaking("2.3.0", beta)
        stub.answer("PUT", f"{AT_STUB}/locations/DE/ALF/LOC-1")
        reply = old_alfa.call("PUT", "/ocpi/2.1.1/receiver/locations/DE/ALF/LOC-1", LOCATION_2_1_1, headers=NO_ROUTING)
        assert reply.status == (201, 1000)
        assert not [name for name in reply.headers if name.lower().startswith("ocpi-")]
        assert drain() == {"delivered": 1}
        heard = stub.heard[0].json
        assert (heard["country_code"], heard["party_id"], heard["publish"], heard["time_zone"]) == ("DE", "ALF", True, "Europe/Berlin")
        connector = heard["evses"][0]["connectors"][0]
        assert (connector["max_voltage"], connector["tariff_ids"]) == (400, ["AC-1"])
        assert heard["last_updated"] == "2026-10-05T08:00:00Z"

    def test_reach_2_1_1_without_routing_and_with_a_raw_token(self, transactional_db: None, beta: Caller, stub: StubPartner) -> None:
        speaking("2.1.1", beta)
        alfa = caller.operator("DE-ALF")
        stub.answer("PUT", f"{AT_STUB}/locations/DE/ALF/LOC-1")
        alfa.call("PUT", f"{RECEIVER}/locations/DE/ALF/LOC-1", a_message("location", publish=True), to=HUB)
        assert drain() == {"delivered": 1}
        [heard] = stub.heard
        assert heard.headers["authorization"] == "Token token-of-the-hub-at-NLBET"
        assert not [name for name in heard.headers if name.startswith("ocpi-")]
        assert "country_code" not in heard.json
        assert "voltage" in heard.json["evses"][0]["connectors"][0]

    def test_that_are_not_published_never_reach_2_1_1(self, transactional_db: None, beta: Caller, stub: StubPartner) -> None:
        speaking("2.1.1", beta)
        alfa = caller.operator("DE-ALF")
        stub.answer("PUT", f"{AT_STUB}/locations/DE/ALF/LOC-1")
        alfa.call("PUT", f"{RECEIVER}/locations/DE/ALF/LOC-1", a_message("location", publish=False), to=HUB)
        changes = {"status": "CHARGING", "last_updated": "2026-10-05T09:00:00Z"}
        alfa.call("PATCH", f"{RECEIVER}/locations/DE/ALF/LOC-1/EVSE-1", changes, to=HUB)
        drain()
        assert stub.heard == []
        assert Delivery.objects.filter(state="rejected", answer__contains="publish (visibility)").exists()
        assert beta.call("GET", "/ocpi/2.1.1/sender/locations", headers=NO_ROUTING).data == []
        assert beta.call("GET", "/ocpi/2.1.1/sender/locations/LOC-1", headers=NO_ROUTING).http == 404
        flush_losses()
        loss = CrossingLoss.objects.get(field="publish")
        assert (loss.owner, loss.receiver, loss.version, loss.is_blocked) == ("DE-ALF", "NL-BET", "2.1.1", True)
        assert loss.count >= 2
        assert set(list_losses(party=PartyId("DE", "ALF"))) == set(list_losses(party=PartyId("NL", "BET")))

    def test_patched_in_2_1_1_need_no_last_updated(self, old_alfa: Caller, beta: Caller) -> None:
        url = "/ocpi/2.1.1/receiver/locations/DE/ALF/LOC-1"
        old_alfa.call("PUT", url, LOCATION_2_1_1, headers=NO_ROUTING)
        assert old_alfa.call("PATCH", f"{url}/EVSE-1", {"status": "CHARGING"}, headers=NO_ROUTING).status == (200, 1000)
        assert old_alfa.call("GET", url, headers=NO_ROUTING).data["evses"][0]["status"] == "CHARGING"


class TestTariffs:
    def test_with_a_reservation_price_go_whole_or_not_at_all(self, transactional_db: None, beta: Caller, stub: StubPartner) -> None:
        speaking("2.1.1", beta)
        alfa = caller.operator("DE-ALF")
        stub.answer("PUT", f"{AT_STUB}/tariffs/DE/ALF/T-1")
        energy = {"price_components": [{"type": "ENERGY", "price": 0.5, "step_size": 1}]}
        flat = {"price_components": [{"type": "FLAT", "price": 5, "step_size": 1}], "restrictions": {"reservation": "RESERVATION"}}
        tariff = {
            "country_code": "DE",
            "party_id": "ALF",
            "id": "T-1",
            "currency": "EUR",
            "elements": [energy, flat],
            "last_updated": "2026-10-05T08:00:00Z",
        }
        alfa.call("PUT", f"{RECEIVER}/tariffs/DE/ALF/T-1", tariff, to=HUB)
        assert drain() == {"delivered": 1}
        assert stub.heard[0].json["elements"] == [energy]

    def test_patch_exists_in_2_1_1_and_leaves_as_a_put(self, old_alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("PUT", f"{AT_STUB}/tariffs/DE/ALF/T-1")
        energy = {"price_components": [{"type": "ENERGY", "price": 0.5, "step_size": 1}]}
        tariff = {"id": "T-1", "currency": "EUR", "elements": [energy], "last_updated": "2026-10-05T08:00:00Z"}
        url = "/ocpi/2.1.1/receiver/tariffs/DE/ALF/T-1"
        assert old_alfa.call("PUT", url, tariff, headers=NO_ROUTING).status == (201, 1000)
        assert old_alfa.call("PATCH", url, {"currency": "CHF"}, headers=NO_ROUTING).status == (200, 1000)
        drain()
        assert (stub.heard[-1].method, stub.heard[-1].json["currency"]) == ("PUT", "CHF")


class TestSessions:
    def test_a_list_that_replaces_never_doubles_a_period(self, old_alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("PUT", f"{AT_STUB}/sessions/DE/ALF/S-1")
        url = "/ocpi/2.1.1/receiver/sessions/DE/ALF/S-1"
        assert old_alfa.call("PUT", url, session_2_1_1(4), headers=NO_ROUTING).status == (201, 1000)
        longer = session_2_1_1(4, 5)
        changes = {"charging_periods": longer["charging_periods"], "kwh": 9}
        assert old_alfa.call("PATCH", url, changes, headers=NO_ROUTING).status == (200, 1000)
        drain()
        heard = stub.heard[-1].json
        assert (heard["kwh"], len(heard["charging_periods"])) == (9, 2)
        assert heard["cdr_token"]["contract_id"] == "NL-BET-C00000001-1"
        assert (heard["location_id"], heard["evse_uid"], heard["connector_id"]) == ("LOC-1", "EVSE-1", "1")

    def test_going_to_2_1_1_are_whole_with_their_location(self, transactional_db: None, beta: Caller, stub: StubPartner) -> None:
        speaking("2.1.1", beta)
        alfa = caller.operator("DE-ALF")
        stub.answer("PUT", f"{AT_STUB}/sessions/DE/ALF/SESSION-1")
        alfa.call("PUT", f"{RECEIVER}/locations/DE/ALF/LOC-1", a_message("location", publish=False), to=HUB)
        alfa.call("PUT", f"{RECEIVER}/sessions/DE/ALF/SESSION-1", a_message("session", status="ACTIVE"), to="NL-BET")
        drain()
        [heard] = stub.heard_at("PUT", f"{AT_STUB}/sessions/DE/ALF/SESSION-1")
        assert heard.json["auth_id"] == a_message("session")["cdr_token"]["contract_id"]
        assert heard.json["location"]["id"] == a_message("session")["location_id"]
        assert "start_datetime" in heard.json


class TestCdrs:
    def test_of_2_1_1_find_the_driver_by_contract(self, old_alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("POST", f"{AT_STUB}/cdrs", status=201)
        beta.call("PUT", f"{RECEIVER}/tokens/NL/BET/04A2B3C4D5E6F7", a_message("token"), to=HUB)
        session = session_2_1_1(4)
        cdr = {name: session[name] for name in ("auth_method", "location", "currency", "charging_periods", "last_updated")} | {
            "id": "CDR-1",
            "start_date_time": "2026-10-05T10:00:00Z",
            "stop_date_time": "2026-10-05T11:00:00Z",
            "auth_id": a_message("token")["contract_id"],
            "total_cost": 2,
            "total_energy": 4,
            "total_time": 1,
        }
        reply = old_alfa.call("POST", "/ocpi/2.1.1/receiver/cdrs", cdr, headers=NO_ROUTING)
        assert reply.status == (201, 1000)
        drain()
        [heard] = stub.heard_at("POST", f"{AT_STUB}/cdrs")
        assert heard.json["cdr_token"]["uid"] == a_message("token")["uid"]
        assert heard.json["total_cost"] == {"excl_vat": 2}
        path = "/ocpi" + reply.headers["Location"].partition("/ocpi")[2]
        assert old_alfa.call("GET", path, headers=NO_ROUTING).data["total_cost"] == 2


class TestAuthorisation:
    def test_of_an_unknown_token_is_said_with_a_code_that_2_1_1_has(self, old_alfa: Caller) -> None:
        reply = old_alfa.call("POST", "/ocpi/2.1.1/sender/tokens/UNKNOWN/authorize", headers=NO_ROUTING)
        assert reply.status == (404, 2000)
        assert "2004" in reply.message

    def test_by_a_2_1_1_provider_has_no_token_and_no_type(self, transactional_db: None, beta: Caller, stub: StubPartner) -> None:
        speaking("2.1.1", beta)
        alfa = caller.operator("DE-ALF")
        stub.answer("POST", f"{AT_STUB}/tokens/UID-9/authorize", {"allowed": "ALLOWED"})
        reply = alfa.call("POST", "/ocpi/2.2.1/sender/tokens/UID-9/authorize?type=APP_USER", to="NL-BET")
        assert (reply.data["allowed"], reply.data["token"]["uid"]) == ("ALLOWED", "UID-9")
        assert stub.heard[0].path == f"{AT_STUB}/tokens/UID-9/authorize"


class TestCommands:
    def test_cancel_reservation_is_not_asked_of_a_2_1_1_operator(self, transactional_db: None, stub: StubPartner) -> None:
        gamma, omikron = caller.provider("FR-GAM", at=stub.host), speaking("2.1.1", caller.operator("FR-OMI", at=stub.host))
        an_agreement()
        body = {"response_url": f"{stub.url}/r/1", "reservation_id": "R-1"}
        reply = gamma.call("POST", f"{RECEIVER}/commands/CANCEL_RESERVATION", body, to=omikron.key)
        assert reply.data["result"] == "NOT_SUPPORTED"
        assert stub.heard == []

    def test_a_reservation_has_the_same_number_each_time(self, transactional_db: None, stub: StubPartner) -> None:
        beta, omikron = caller.provider("NL-BET", at=stub.host), speaking("2.1.1", caller.operator("FR-OMI", at=stub.host))
        an_agreement()
        stub.answer("POST", f"{AT_STUB}/commands/RESERVE_NOW", {"result": "ACCEPTED"})
        stub.answer("POST", "/r/1")
        body = {
            "response_url": f"{stub.url}/r/1",
            "token": a_message("token"),
            "expiry_date": "2026-12-24T12:00:00Z",
            "reservation_id": "R-1",
            "location_id": "LOC-1",
        }
        assert beta.call("POST", f"{RECEIVER}/commands/RESERVE_NOW", body, to=omikron.key).data["result"] == "ACCEPTED"
        beta.call("POST", f"{RECEIVER}/commands/RESERVE_NOW", {**body, "response_url": f"{stub.url}/r/2"}, to=omikron.key)
        numbers = [heard.json["reservation_id"] for heard in stub.heard]
        assert numbers[0] == numbers[1]
        assert isinstance(numbers[0], int)
        callback = "/ocpi" + stub.heard[0].json["response_url"].partition("/ocpi")[2]
        assert omikron.call("POST", callback, {"result": "UNKNOWN_SESSION"}, headers=NO_ROUTING).status == (200, 1000)
        drain()
        assert stub.heard_at("POST", "/r/1")[0].json == {"result": "FAILED"}


def invited(stub: StubPartner, version: str) -> Caller:
    """This function will invite DE-ALF, whose versions the stub serves without sides."""
    parties = [(Role.CPO, PartyId("DE", "ALF"))]
    invitation = invite_platform(name="Alfa", parties=parties, protocol="ocpi", allowed_hosts=[stub.host], at=NOW)
    stub.answer("GET", "/ocpi/versions", [{"version": version, "url": f"{stub.url}/ocpi/{version}"}])
    offered = [{"identifier": name, "url": f"{stub.url}/ocpi/{version}/{name}"} for name in ("credentials", "locations", "tokens")]
    stub.answer("GET", f"/ocpi/{version}", {"version": version, "endpoints": offered})
    assert invitation.token is not None
    return Caller(key=PartyId("DE", "ALF"), platform=Platform.objects.get(id=invitation.platform.id), token=invitation.token)
