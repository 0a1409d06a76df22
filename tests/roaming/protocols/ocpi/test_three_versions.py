"""Partners on 2.1.1, 2.2.1 and 2.3.0 with each other: what each hears is its own version, and what that loses is counted."""

from typing import Any

import pytest

from roaming.deliveries.drain import drain
from roaming.parties import directory
from roaming.parties.models import Platform
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
    def test_a_platform_with_both_roles_is_not_offered_2_1_1(self, transactional_db: None) -> None:
        both = caller.operator("DE-ALF")
        a_provider("DE-ALF", platform=both.platform)
        assert {item["version"] for item in both.call("GET", "/ocpi/versions").data} == {"2.3.0", "2.2.1"}


class TestLocations:
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

    def test_patched_in_2_1_1_need_no_last_updated(self, old_alfa: Caller, beta: Caller) -> None:
        url = "/ocpi/2.1.1/receiver/locations/DE/ALF/LOC-1"
        old_alfa.call("PUT", url, LOCATION_2_1_1, headers=NO_ROUTING)
        assert old_alfa.call("PATCH", f"{url}/EVSE-1", {"status": "CHARGING"}, headers=NO_ROUTING).status == (200, 1000)
        assert old_alfa.call("GET", url, headers=NO_ROUTING).data["evses"][0]["status"] == "CHARGING"


class TestTariffs:
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
    def test_by_a_2_1_1_provider_has_no_token_and_no_type(self, transactional_db: None, beta: Caller, stub: StubPartner) -> None:
        speaking("2.1.1", beta)
        alfa = caller.operator("DE-ALF")
        stub.answer("POST", f"{AT_STUB}/tokens/UID-9/authorize", {"allowed": "ALLOWED"})
        reply = alfa.call("POST", "/ocpi/2.2.1/sender/tokens/UID-9/authorize?type=APP_USER", to="NL-BET")
        assert (reply.data["allowed"], reply.data["token"]["uid"]) == ("ALLOWED", "UID-9")
        assert stub.heard[0].path == f"{AT_STUB}/tokens/UID-9/authorize"
