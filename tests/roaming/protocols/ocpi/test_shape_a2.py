"""A 2.1.1 connection that takes the hub's own objects only: the hub's name in addresses, ids that name the owner, and the way back."""

from typing import Any
from uuid import UUID

import pytest

from roaming.canonical import PartyId
from roaming.deliveries.drain import drain
from roaming.objects.mapped import find_mapped, map_id, remember_ids
from roaming.parties import directory
from roaming.parties.models import Platform
from tests.builders.parties import an_agreement, an_operator
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import a_message
from tests.wire.stub_partner import StubPartner

RECEIVER = "/ocpi/2.2.1/receiver"
AT_STUB = "/ocpi/2.2.1"
ALFA = PartyId("DE", "ALF")
LONG = str(UUID(int=0x1234))
NO_ROUTING: dict[str, str | None] = {"OCPI-from-country-code": None, "OCPI-from-party-id": None}
TOKEN_2_1_1 = {
    "uid": "04A2B3C4D5E6F7",
    "type": "RFID",
    "auth_id": "NL-BET-C00000001-1",
    "issuer": "Beta",
    "valid": True,
    "whitelist": "NEVER",
    "last_updated": "2026-10-05T08:00:00Z",
}


def on_2_1_1(who: Caller) -> Caller:
    Platform.objects.filter(id=who.platform.id).update(version="2.1.1", profile={"owners": "hub"})
    directory.changed()
    return who


@pytest.mark.django_db
class TestMapId:
    def test_names_the_owner_in_front_and_is_read_back(self) -> None:
        an_operator("DE-ALF")
        assert map_id(owner=ALFA, object_id="LOC-1") == "DEALF-LOC-1"
        assert find_mapped(mapped_id="dealf-LOC-1") == (ALFA, "LOC-1")
        assert len(map_id(owner=ALFA, object_id="X" * 30)) == 36
        assert find_mapped(mapped_id=map_id(owner=ALFA, object_id="X" * 30)) == (ALFA, "X" * 30)

    def test_is_a_digest_where_that_would_be_too_long(self) -> None:
        an_operator("DE-ALF")
        told = map_id(owner=ALFA, object_id=LONG)
        assert (len(told), told[:6]) == (32, "DEALF_")
        assert told == map_id(owner=ALFA, object_id=LONG.upper())
        assert find_mapped(mapped_id=told) is None
        for _ in range(2):
            remember_ids(owner=ALFA, object_ids=[LONG, "LOC-1"])
        assert find_mapped(mapped_id=told.lower()) == (ALFA, LONG)

    def test_what_the_hub_never_gave_out_stands_for_nothing(self) -> None:
        an_operator("DE-ALF")
        for text in ("LOC-1", "FRXXX-LOC-1", "DEALF", ""):
            assert find_mapped(mapped_id=text) is None


@pytest.fixture
def alfa(transactional_db: None, stub: StubPartner) -> Caller:
    """The operator DE-ALF at the stub, on 2.2.1."""
    return caller.operator("DE-ALF", at=stub.host)


@pytest.fixture
def beta(alfa: Caller, stub: StubPartner) -> Caller:
    """The provider NL-BET at the stub, on 2.1.1 in shape A2, with an agreement with everybody."""
    beta = on_2_1_1(caller.provider("NL-BET", at=stub.host))
    an_agreement()
    return beta


def tells(who: Caller, module: str, **over: Any) -> dict[str, Any]:
    """This function will let an operator push an object to the hub."""
    country, party = who.key
    body: dict[str, Any] = a_message(module, country_code=country, party_id=party, **over)
    told = who.call("PUT", f"{RECEIVER}/{module}s/{country}/{party}/{body['id']}", body, to="NL-BET" if module == "session" else HUB)
    assert told.status == (201, 1000)
    return body


class TestDown:
    def test_objects_of_two_operators_arrive_as_the_hubs_own_under_two_ids(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        gamma = caller.operator("FR-CHA")
        for owner in (alfa, gamma):
            tells(owner, "location", publish=True)
        tells(alfa, "tariff", min_price=None, max_price=None)
        tells(alfa, "session", status="ACTIVE")
        alfa.call("POST", f"{RECEIVER}/cdrs", a_message("cdr"), to=HUB)
        drain()
        heard = {(one.method, one.path.partition("?")[0].removeprefix(AT_STUB)): one.json for one in stub.heard}
        first, second = heard["PUT", "/locations/DE/HUB/DEALF-LOC-1"], heard["PUT", "/locations/DE/HUB/FRCHA-LOC-1"]
        assert (first["id"], second["id"]) == ("DEALF-LOC-1", "FRCHA-LOC-1")
        plug = first["evses"][0]["connectors"][0]
        assert (first["evses"][0]["uid"], plug["id"], plug["tariff_id"]) == ("EVSE-1", "1", "DEALF-AC-1")
        assert heard["PUT", "/tariffs/DE/HUB/DEALF-AC-1"]["id"] == "DEALF-AC-1"
        session = heard["PUT", "/sessions/DE/HUB/DEALF-SESSION-1"]
        assert (session["id"], session["location"]["id"]) == ("DEALF-SESSION-1", "DEALF-LOC-1")
        cdr = heard["POST", "/cdrs"]
        assert (cdr["id"], cdr["location"]["id"]) == (map_id(owner=ALFA, object_id=a_message("cdr")["id"]), "DEALF-LOC-1")

    def test_the_list_and_one_of_it_are_the_same_in_both_directions(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        tells(alfa, "location", publish=True, id=LONG)
        [listed] = beta.call("GET", "/ocpi/2.1.1/sender/locations", headers=NO_ROUTING).data
        assert listed["id"] == map_id(owner=ALFA, object_id=LONG)
        place = f"/ocpi/2.1.1/sender/locations/{listed['id']}"
        assert beta.call("GET", place, headers=NO_ROUTING).data == listed
        plug = beta.call("GET", f"{place}/EVSE-1/1", headers=NO_ROUTING).data
        assert (plug["id"], plug["tariff_id"]) == ("1", "DEALF-AC-1")
        # What the provider keeps, asked for by its owner, has the owner's ids again.
        stub.answer("GET", f"{AT_STUB}/locations/DE/HUB/{listed['id']}", listed)
        kept = alfa.call("GET", f"{RECEIVER}/locations/DE/ALF/{LONG}", to="NL-BET").data
        assert (kept["id"], kept["party_id"], kept["evses"][0]["connectors"][0]["tariff_ids"]) == (LONG, "ALF", ["AC-1"])

    def test_a_push_to_the_one_and_its_status_go_to_the_same_address(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("PUT", f"{AT_STUB}/locations/DE/HUB/DEALF-LOC-1")
        stub.answer("PATCH", f"{AT_STUB}/locations/DE/HUB/DEALF-LOC-1/EVSE-1/1")
        assert alfa.call("PUT", f"{RECEIVER}/locations/DE/ALF/LOC-1", a_message("location", publish=True), to="NL-BET").http == 200
        changes = {"max_voltage": 230, "last_updated": "2026-10-05T09:00:00Z"}
        assert alfa.call("PATCH", f"{RECEIVER}/locations/DE/ALF/LOC-1/EVSE-1/1", changes, to="NL-BET").status == (200, 1000)
        assert [one.json.get("id") for one in stub.heard] == ["DEALF-LOC-1", None]

    def test_an_operators_question_names_the_place_as_the_provider_knows_it(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        place = {"location_id": "LOC-1", "evse_uids": ["EVSE-1"]}
        mapped = {**place, "location_id": "DEALF-LOC-1"}
        stub.answer("POST", f"{AT_STUB}/tokens/04A2B3C4D5E6F7/authorize", {"allowed": "ALLOWED", "location": mapped})
        reply = alfa.call("POST", "/ocpi/2.2.1/sender/tokens/04A2B3C4D5E6F7/authorize", place, to="NL-BET")
        assert (reply.data["allowed"], reply.data["location"]) == ("ALLOWED", place)
        assert stub.heard[0].json == mapped

    def test_cards_are_the_hubs_too_and_keep_what_stands_on_them(self, stub: StubPartner, transactional_db: None) -> None:
        on_2_1_1(caller.operator("DE-ALF", at=stub.host))
        provider = caller.provider("NL-BET")
        an_agreement()
        stub.answer("PUT", f"{AT_STUB}/tokens/DE/HUB/04A2B3C4D5E6F7")
        provider.call("PUT", f"{RECEIVER}/tokens/NL/BET/04A2B3C4D5E6F7", a_message("token"), to=HUB)
        assert drain() == {"delivered": 1}
        assert stub.heard[0].json["auth_id"] == a_message("token")["contract_id"]


class TestUp:
    def test_a_start_and_a_stop_reach_the_operator_under_its_own_ids(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        caller.operator("FR-CHA").call(
            "PUT", f"{RECEIVER}/locations/FR/CHA/LOC-1", a_message("location", country_code="FR", party_id="CHA"), to=HUB
        )
        tells(alfa, "location", publish=True)
        tells(alfa, "session", status="ACTIVE")
        for name in ("START_SESSION", "STOP_SESSION"):
            stub.answer("POST", f"{AT_STUB}/commands/{name}", {"result": "ACCEPTED", "timeout": 30})
        start = {"response_url": f"{stub.url}/r/1", "token": TOKEN_2_1_1, "location_id": "DEALF-LOC-1", "evse_uid": "EVSE-1"}
        stop = {"response_url": f"{stub.url}/r/2", "session_id": "DEALF-SESSION-1"}
        for name, body in (("START_SESSION", start), ("STOP_SESSION", stop)):
            reply = beta.call("POST", f"/ocpi/2.1.1/receiver/commands/{name}", body, headers=NO_ROUTING)
            assert (reply.status, reply.data) == ((200, 1000), {"result": "ACCEPTED"})
        started, stopped = (stub.heard_at("POST", f"{AT_STUB}/commands/{name}")[0].json for name in ("START_SESSION", "STOP_SESSION"))
        assert (started["location_id"], stopped["session_id"]) == ("LOC-1", "SESSION-1")

    def test_an_id_that_the_hub_never_gave_out_is_unknown(self, alfa: Caller, beta: Caller) -> None:
        tells(alfa, "location", publish=True)
        for told in ("FRXXX-LOC-1", "DEALF-LOC-2"):
            assert beta.call("GET", f"/ocpi/2.1.1/sender/locations/{told}", headers=NO_ROUTING).data is None
