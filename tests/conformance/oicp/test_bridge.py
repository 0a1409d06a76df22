"""The bridge to OCPI in both directions: cases 121 to 136."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from roaming import canonical
from roaming.cdrs.models import Cdr
from roaming.cdrs.receive import receive_cdr
from roaming.deliveries.drain import drain
from roaming.locations.evse_queries import data_quality
from roaming.locations.models import Location
from roaming.locations.queries import find_own_location
from roaming.locations.receive import put_evse, put_location
from roaming.parties.models import Party
from roaming.protocols.oicp.identifiers import iso_check_digit
from roaming.sessions.models import HubSession
from roaming.tokens.receive import put_token
from tests.builders.canonical_messages import a_token
from tests.conformance.oicp.bridged import credit_of, ocpi_cdr
from tests.conformance.oicp.cases import case
from tests.wire import caller, oicp
from tests.wire.caller import Caller
from tests.wire.oicp_partner import Partner, acknowledged, answers, authorized, heard
from tests.wire.stub_partner import Heard, StubPartner, Told, envelope, stub_partner

pytestmark = pytest.mark.django_db(transaction=True)

UID = "04A1B2C3D4E5F6"


@pytest.fixture
def ocpi_stub() -> Iterator[StubPartner]:
    """The server of the OCPI partner."""
    with stub_partner() as stub:
        yield stub


@pytest.fixture
def o(everyone_roams: None, ocpi_stub: StubPartner) -> Caller:
    """The OCPI provider FR-OCP."""
    return caller.provider("FR-OCP", at=ocpi_stub.host)


@pytest.fixture
def k(everyone_roams: None, ocpi_stub: StubPartner) -> Caller:
    """The OCPI operator FR-KOP."""
    return caller.operator("FR-KOP", at=ocpi_stub.host)


def store_token(whitelist: canonical.Whitelist, **over: Any) -> None:
    """O's card, as it pushed it."""
    told: dict[str, Any] = {"uid": UID, "type": "RFID", "contract_id": "FR-OCP-C12345678-9", **over}
    token = a_token(country_code="FR", party_id="OCP", whitelist=whitelist, last_updated=timezone.now(), valid=True, **told)
    put_token(token=token, audience=None, at=timezone.now(), correlation_id="")


def store_location(**over: Any) -> canonical.Location:
    """K's location with one EVSE of 500 A."""
    connector = canonical.Connector(
        id="1",
        standard="IEC_62196_T2_COMBO",
        format="CABLE",
        power_type="DC",
        max_voltage=920,
        max_amperage=500,
        last_updated=timezone.now(),
    )
    evse = canonical.Evse(
        uid="E1", evse_id="FR*KOP*E0001", status="AVAILABLE", connectors=(connector,), last_updated=timezone.now(), **over
    )
    location = canonical.Location(
        country_code="FR",
        party_id="KOP",
        id="L1",
        publish=True,
        address="Rue du Port 7",
        city="Lyon",
        country="FRA",
        coordinates=canonical.GeoLocation(latitude="45.76404", longitude="4.83566"),
        time_zone="Europe/Paris",
        evses=(evse,),
        last_updated=timezone.now(),
    )
    put_location(location=location, audience=None, at=timezone.now(), correlation_id="")
    return location


@case(121)
def test_a_whitelisted_token_of_an_ocpi_provider_may_charge(p: Partner, o: Caller, ocpi_stub: StubPartner) -> None:
    store_token(canonical.Whitelist.ALLOWED)
    reply = p.start()
    assert (reply.json["AuthorizationStatus"], reply.json["ProviderID"]) == ("Authorized", "FR-OCP")
    assert ocpi_stub.heard == []


@case(122)
@pytest.mark.parametrize(
    ("allowed", "status", "code"),
    [("ALLOWED", "Authorized", "000"), ("BLOCKED", "NotAuthorized", "200"), ("NO_CREDIT", "NotAuthorized", "210")],
)
def test_an_ocpi_provider_is_asked_in_real_time(
    p: Partner, o: Caller, ocpi_stub: StubPartner, allowed: str, status: str, code: str
) -> None:
    store_token(canonical.Whitelist.NEVER)
    token = {
        "country_code": "FR",
        "party_id": "OCP",
        "uid": UID,
        "type": "RFID",
        "contract_id": "FR-OCP-C12345678-9",
        "issuer": "O",
        "valid": True,
        "whitelist": "NEVER",
        "last_updated": "2026-10-01T00:00:00Z",
    }
    ocpi_stub.answer("POST", f"/ocpi/2.2.1/tokens/{UID}/authorize", {"allowed": allowed, "token": token})
    reply = p.start()
    assert (reply.json["AuthorizationStatus"], reply.code) == (status, code)


@case(123)
def test_an_ocpi_operator_asks_an_oicp_provider(k: Caller, m: Partner, m_stub: StubPartner) -> None:
    answers(m_stub, "charging/v21/operators/FR*KOP/authorize/start", authorized())
    reply = k.call("POST", f"/ocpi/2.2.1/sender/tokens/{UID}/authorize?type=RFID", to="NL-BET")
    (asked,) = heard(m_stub, "charging/v21/operators/FR*KOP/authorize/start")
    assert (reply.status, reply.data["allowed"]) == ((200, 1000), "ALLOWED")
    assert asked["OperatorID"] == "FR*KOP"
    assert reply.data["authorization_reference"] == asked["SessionID"]


@case(124)
def test_a_uid_that_oicp_cannot_say_is_unknown_without_a_question(k: Caller, m: Partner, m_stub: StubPartner) -> None:
    reply = k.call("POST", "/ocpi/2.2.1/sender/tokens/0123456789ABCDEF/authorize?type=RFID", to="NL-BET")
    assert reply.status == (404, 2004)
    assert m_stub.heard == []


def test_an_offline_provider_is_decided_from_its_cards_for_an_ocpi_operator(k: Caller, n: Partner) -> None:
    n.push_cards(oicp.mifare(UID))
    for receiver in ("NL-OFF", "DE-HUB"):
        reply = k.call("POST", f"/ocpi/2.2.1/sender/tokens/{UID}/authorize?type=RFID", to=receiver, headers={"X-Request-ID": receiver})
        assert (reply.status, reply.data["allowed"]) == ((200, 1000), "ALLOWED")
    unknown = k.call("POST", "/ocpi/2.2.1/sender/tokens/0A0B0C0D/authorize?type=RFID", to="NL-OFF", headers={"X-Request-ID": "3"})
    assert unknown.status == (404, 2004)


def accept_commands(stub: StubPartner, caller_: Caller, *, result: str | None) -> None:
    """K accepts every command and, where told, sends this result to the hub a moment later."""

    def answerer(asked: Heard) -> Told:
        def later() -> None:
            path = asked.json["response_url"].split("/ocpi/", 1)[1]
            caller_.call("POST", f"/ocpi/{path}", {"result": result})
            connection.close()

        if result is not None:
            threading.Timer(0.2, later).start()
        return envelope({"result": "ACCEPTED", "timeout": 30})

    for name in ("START_SESSION", "STOP_SESSION"):
        stub.answer_by("POST", f"/ocpi/2.2.1/commands/{name}", answerer)


@case(125)
def test_a_remote_start_is_held_until_the_charge_points_word(k: Caller, m: Partner, ocpi_stub: StubPartner) -> None:
    store_location()
    accept_commands(ocpi_stub, k, result="ACCEPTED")
    reply = m.remote("start", oicp.remote_start(EvseID="FR*KOP*E0001"))
    (told,) = [one.json for one in ocpi_stub.heard_at("POST", "/ocpi/2.2.1/commands/START_SESSION")]
    assert (reply.http, reply.json["Result"], reply.code) == (200, True, "000")
    assert (told["location_id"], told["evse_uid"], told["token"]["type"]) == ("L1", "E1", "APP_USER")
    assert told["authorization_reference"] == reply.json["SessionID"]


@case(126)
def test_a_result_that_never_comes_is_no_response_and_a_late_one_is_undone(
    k: Caller, m: Partner, ocpi_stub: StubPartner, settings: Any
) -> None:
    settings.OICP_REMOTE_SECONDS = 0.5
    store_location()
    accept_commands(ocpi_stub, k, result=None)
    reply = m.remote("start", oicp.remote_start(EvseID="FR*KOP*E0001"))
    assert (reply.json["Result"], reply.code) == (False, "310")
    (told,) = [one.json for one in ocpi_stub.heard_at("POST", "/ocpi/2.2.1/commands/START_SESSION")]
    k.call("POST", "/ocpi/" + told["response_url"].split("/ocpi/", 1)[1], {"result": "ACCEPTED"})
    session = {
        "country_code": "FR",
        "party_id": "KOP",
        "id": "S1",
        "start_date_time": "2026-10-05T09:00:00Z",
        "kwh": 0,
        "cdr_token": {
            "country_code": "NL",
            "party_id": "BET",
            "uid": "NL-BET-C12345678-9",
            "type": "APP_USER",
            "contract_id": "NL-BET-C12345678-9",
        },
        "auth_method": "COMMAND",
        "authorization_reference": told["authorization_reference"],
        "location_id": "L1",
        "evse_uid": "E1",
        "connector_id": "1",
        "currency": "EUR",
        "status": "ACTIVE",
        "last_updated": timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert k.call("PUT", "/ocpi/2.2.1/receiver/sessions/FR/KOP/S1", session, to="DE-HUB").code == 1000
    drain()
    (stopped,) = [one.json for one in ocpi_stub.heard_at("POST", "/ocpi/2.2.1/commands/STOP_SESSION")]
    assert stopped["session_id"] == "S1"


@case(127, 128)
def test_an_ocpi_provider_starts_at_an_oicp_operator(p: Partner, o: Caller, p_stub: StubPartner, ocpi_stub: StubPartner) -> None:
    p.push_evses(oicp.an_evse())
    path = "charging/v21/providers/FR-OCP/authorize-remote/start"
    answers(p_stub, path, acknowledged())
    ocpi_stub.answer("POST", "/result", None)
    reply = o.call("POST", "/ocpi/2.2.1/receiver/commands/START_SESSION", command(ocpi_stub), to="DE-ALF")
    assert (reply.code, reply.data["result"]) == (1000, "ACCEPTED")
    wait_for(lambda: HubSession.objects.filter(state="open").exists())
    wait_for(lambda: bool(drain()) or bool(ocpi_stub.heard_at("POST", "/result")))
    (asked,) = heard(p_stub, path)
    assert asked["Identification"] == {"RemoteIdentification": {"EvcoID": "FR-OCP-C00122045-" + check("FROCPC00122045")}}
    session = json.loads(ocpi_stub.heard_at("PUT", f"/ocpi/2.2.1/sessions/DE/ALF/{asked['SessionID']}")[0].body)
    assert (session["authorization_reference"], session["status"], session["auth_method"]) == ("ref-1", "PENDING", "COMMAND")
    assert ocpi_stub.heard_at("POST", "/result")[0].json["result"] == "ACCEPTED"


@case(129)
def test_a_contract_that_oicp_cannot_say_is_rejected(p: Partner, o: Caller, p_stub: StubPartner, ocpi_stub: StubPartner) -> None:
    p.push_evses(oicp.an_evse())
    body = command(ocpi_stub, contract_id="FR-OCP-012345678-X", uid="no-contract")
    reply = o.call("POST", "/ocpi/2.2.1/receiver/commands/START_SESSION", body, to="DE-ALF")
    assert (reply.data["result"], p_stub.heard) == ("REJECTED", [])


@case(130)
def test_a_cdr_of_an_oicp_operator_reaches_an_ocpi_provider_priced(p: Partner, o: Caller, ocpi_stub: StubPartner) -> None:
    p.push_evses(oicp.an_evse())
    fee = {"AdditionalReference": "PARKING FEE", "AdditionalReferenceUnit": "HOUR", "PricePerAdditionalReferenceUnit": Decimal(6)}
    p.push_products(oicp.a_product(AdditionalReferences=[fee]))
    store_token(canonical.Whitelist.ALLOWED)
    session_id = p.start().json["SessionID"]
    p.push_evses(oicp.an_evse(Address={**oicp.an_evse()["Address"], "City": "Moved"}), action="update")
    assert p.cdr(oicp.a_cdr(session_id, ChargingStart="2026-10-05T09:05:00+02:00")).code == "000"
    drain()
    (told,) = [one.json for one in ocpi_stub.heard_at("POST", "/ocpi/2.2.1/cdrs")]
    # 12.345 kWh at 0.39 are 4.81455; 15 minutes parked at 6.00 an hour are 1.50.
    assert told["total_cost"]["excl_vat"] == pytest.approx(6.3146)
    assert [sorted(one["type"] for one in period["dimensions"]) for period in told["charging_periods"]] == [
        ["PARKING_TIME"],
        ["ENERGY", "TIME"],
        ["PARKING_TIME"],
    ]
    assert told["cdr_location"]["city"] == "Berlin"
    assert told["authorization_reference"] == session_id


@case(131, 132)
def test_a_cdr_of_an_ocpi_operator_reaches_an_oicp_provider_without_its_price(k: Caller, m: Partner, m_stub: StubPartner) -> None:
    location = store_location()
    answers(m_stub, "cdrmgmt/v22/operators/FR*KOP/charge-detail-record", acknowledged())
    ends = timezone.now().replace(microsecond=0) - timedelta(hours=1)
    cdr = ocpi_cdr(location, ends)
    for one in (cdr, credit_of(cdr)):
        receive_cdr(cdr=one, received=b"{}", protocol="ocpi-2.2.1", at=timezone.now(), correlation_id="")
    drain()
    (told,) = heard(m_stub, "cdrmgmt/v22/operators/FR*KOP/charge-detail-record")
    assert (told["SessionID"], told["EvseID"]) == (oicp.SESSION_ID, "FR*KOP*E0001")
    assert told["SessionEnd"][-6:] in ("+01:00", "+02:00")
    assert not {"TotalCost", "total_cost", "Currency"} & set(told)
    assert Cdr.objects.count() == 2


@case(133)
def test_an_evse_that_is_gone_is_removed_in_ocpi(p: Partner, o: Caller) -> None:
    pool = {"ChargingPoolID": "DE*ALF*P0001"}
    p.push_evses(oicp.an_evse(1, **pool), oicp.an_evse(2, **pool))
    p.push_evses(oicp.an_evse(1, **pool))
    location = find_own_location(owner=canonical.PartyId("DE", "ALF"), location_id="DEALFP0001")
    assert location is not None
    assert {evse.uid: evse.status for evse in location.evses} == {"DEALFE0001": "UNKNOWN", "DEALFE0002": "REMOVED"}


@case(134, 135)
def test_an_evse_of_an_ocpi_operator_stands_in_oicps_data(k: Caller, n: Partner) -> None:
    location = store_location()
    (record,) = n.pull_evses().json["content"]
    assert (record["EvseID"], record["OperatorID"], record["Address"]["HouseNum"]) == ("FR*KOP*E0001", "FR*KOP", "7")
    assert record["ChargingFacilities"] == [{"PowerType": "DC", "Power": 460, "Voltage": 920, "ChargingModes": ["Mode_4"]}]
    evse = canonical.from_builtins(
        {**canonical.to_builtins(location.evses[0]), "status": "BLOCKED", "last_updated": timezone.now().isoformat()}, canonical.Evse
    )
    put_evse(owner=location.owner, location_id="L1", evse=evse, audience=None, at=timezone.now(), correlation_id="")
    (operator,) = n.pull_statuses().json["EvseStatuses"]["OperatorEvseStatus"]
    assert operator["EvseStatusRecord"] == [{"EvseID": "FR*KOP*E0001", "EvseStatus": "Occupied"}]


@case(136)
def test_an_evse_without_an_id_is_reported_and_not_told(k: Caller, n: Partner) -> None:
    location = store_location()
    nameless = canonical.from_builtins({**canonical.to_builtins(location.evses[0]), "evse_id": None}, canonical.Evse)
    later = canonical.from_builtins(
        {
            **canonical.to_builtins(location),
            "evses": [canonical.to_builtins(nameless)],
            "last_updated": (timezone.now() + timedelta(seconds=1)).isoformat(),
        },
        canonical.Location,
    )
    put_location(location=later, audience=None, at=timezone.now(), correlation_id="")
    assert n.pull_evses().json["content"] == []
    owner = Party.objects.get(country_code="FR", party_id="KOP").id
    assert data_quality(owner=owner) == [{"location": "L1", "evse": "E1", "problem": "evse_id: not told"}]
    assert Location.objects.count() == 1


def command(stub: StubPartner, *, contract_id: str = "FR-OCP-C00122045", uid: str = "app-1") -> dict[str, Any]:
    """START_SESSION of O at P's first EVSE."""
    token = {
        "country_code": "FR",
        "party_id": "OCP",
        "uid": uid,
        "type": "APP_USER",
        "contract_id": contract_id,
        "issuer": "O",
        "valid": True,
        "whitelist": "NEVER",
        "last_updated": "2026-10-01T00:00:00Z",
    }
    return {
        "response_url": f"{stub.url}/result",
        "token": token,
        "location_id": "DEALFP0001",
        "evse_uid": "DEALFE0001",
        "authorization_reference": "ref-1",
    }


def check(code: str) -> str:
    """The check digit of a contract."""
    return iso_check_digit(code)


def wait_for(condition: Any) -> None:
    """Wait until the hub's own pool has done its work."""
    while not condition():
        time.sleep(0.05)
