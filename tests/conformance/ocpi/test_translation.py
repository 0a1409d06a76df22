"""Cases 109 to 120: what crosses between versions, and what must not."""

from typing import Any

import pytest

from roaming.deliveries.models import Delivery
from roaming.exchanges.losses import flush_losses
from roaming.exchanges.models import CrossingLoss
from tests.conformance.ocpi.words import (
    ACCEPTED,
    AT_STUB,
    CDRS,
    COMMANDS,
    LOCATION,
    NO_ROUTING,
    TARIFF,
    cdr,
    command,
    deliver,
    location,
    path_of,
    speaking,
    tariff,
    token,
)
from tests.wire.caller import HUB, Caller
from tests.wire.stub_partner import StubPartner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roaming")]

CONNECTOR = {
    "id": "1",
    "standard": "IEC_62196_T2",
    "format": "SOCKET",
    "power_type": "AC_3_PHASE",
    "voltage": 400,
    "amperage": 32,
    "tariff_id": "AC-1",
    "last_updated": "2026-10-05T08:00:00Z",
}
EVSE = {"uid": "EVSE-1", "status": "AVAILABLE", "connectors": [CONNECTOR], "last_updated": "2026-10-05T08:00:00Z"}
LOCATION_2_1_1 = {
    "id": "LOC-1",
    "type": "ON_STREET",
    "address": "Kade 1",
    "city": "Hamburg",
    "postal_code": "20457",
    "country": "DEU",
    "coordinates": {"latitude": "53.545100", "longitude": "9.966700"},
    "evses": [EVSE],
    "last_updated": "2026-10-05T08:00:00Z",
}


def session_2_1_1(*volumes: int) -> dict[str, Any]:
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
    }


def offer(*elements: dict[str, Any], **over: Any) -> dict[str, Any]:
    """This function will return a tariff of DE-ALF that has only what every version knows."""
    fields = {"country_code": "DE", "party_id": "ALF", "id": "AC-1", "currency": "EUR", "last_updated": "2026-10-05T08:00:00Z"}
    return {**fields, "elements": list(elements), **over}


def energy(price: float, **over: Any) -> dict[str, Any]:
    return {"price_components": [{"type": "ENERGY", "price": price, "step_size": 1, **over}]}


def test_109_a_2_1_1_location_is_whole_for_a_2_3_0_provider(alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    speaking("2.3.0", beta_at_stub)
    stub.answer("PUT", f"{AT_STUB}/locations/DE/ALF/LOC-1")
    url = "/ocpi/2.1.1/receiver/locations/DE/ALF/LOC-1"
    assert speaking("2.1.1", alfa).call("PUT", url, LOCATION_2_1_1, headers=NO_ROUTING).status == (201, 1000)
    assert deliver() == {"delivered": 1}
    heard = stub.heard[0].json
    assert (heard["country_code"], heard["party_id"], heard["publish"], heard["time_zone"]) == ("DE", "ALF", True, "Europe/Berlin")
    connector = heard["evses"][0]["connectors"][0]
    assert (connector["max_voltage"], connector["tariff_ids"]) == (400, ["AC-1"])
    assert heard["last_updated"] == "2026-10-05T08:00:00Z"


def test_110_a_hidden_location_never_reaches_2_1_1_and_both_sides_see_why(alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    old = speaking("2.1.1", beta_at_stub)
    alfa.call("PUT", LOCATION, location(publish=False), to=HUB)
    alfa.call("PATCH", f"{LOCATION}/EVSE-1", {"status": "CHARGING", "last_updated": "2026-10-05T09:00:00Z"}, to=HUB)
    deliver()
    assert stub.heard == []
    assert Delivery.objects.filter(state="rejected", answer__contains="publish (visibility)").exists()
    assert old.call("GET", "/ocpi/2.1.1/sender/locations", headers=NO_ROUTING).data == []
    assert old.call("GET", "/ocpi/2.1.1/sender/locations/LOC-1", headers=NO_ROUTING).http == 404
    flush_losses()
    loss = CrossingLoss.objects.get(field="publish")
    assert (loss.owner, loss.receiver, loss.version, loss.is_blocked) == ("DE-ALF", "NL-BET", "2.1.1", True)


@pytest.mark.parametrize("restriction", [{"reservation": "RESERVATION"}, {"min_current": 32}, {"max_current": 16}])
def test_111_an_element_that_2_1_1_cannot_restrict_is_absent_there(
    alfa: Caller, beta_at_stub: Caller, stub: StubPartner, restriction: dict[str, Any]
) -> None:
    speaking("2.1.1", beta_at_stub)
    stub.answer("PUT", f"{AT_STUB}/tariffs/DE/ALF/AC-1")
    fee = {"price_components": [{"type": "FLAT", "price": 5, "step_size": 1}], "restrictions": restriction}
    alfa.call("PUT", TARIFF, offer(energy(0.5), fee), to=HUB)
    deliver()
    assert [heard.json["elements"] for heard in stub.heard] in ([[energy(0.5)]], [])
    if not stub.heard:
        assert "price" in Delivery.objects.get().answer


def test_112_net_and_gross_become_named_taxes_for_2_3_0_and_come_back_identical(alfa: Caller, beta: Caller) -> None:
    price = {"excl_vat": 4.00, "incl_vat": 4.40}
    reply = alfa.call("POST", CDRS, cdr(total_cost=price, total_energy_cost=price), to=HUB)
    assert (reply.status, reply.message) == ((201, 1000), "")
    address = path_of(reply.headers["Location"])
    newer = speaking("2.3.0", beta).call("GET", "/ocpi/2.3.0/sender/cdrs", to=HUB).data[0]["total_cost"]
    assert newer["before_taxes"] == 4
    assert [float(tax["amount"]) for tax in newer["taxes"]] == [0.4]
    back = alfa.call("GET", address).data["total_cost"]
    assert {name: float(value) for name, value in back.items()} == {"excl_vat": 4.0, "incl_vat": 4.4}


def test_113_a_gross_price_with_its_rate_is_net_for_2_2_1(alfa: Caller, beta: Caller) -> None:
    gross = offer(energy(1.10, vat=10), tax_included="YES")
    url = "/ocpi/2.3.0/receiver/tariffs/DE/ALF/AC-1"
    assert speaking("2.3.0", alfa).call("PUT", url, gross, to=HUB).status == (201, 1000)
    [pulled] = beta.call("GET", "/ocpi/2.2.1/sender/tariffs", to=HUB).data
    [component] = pulled["elements"][0]["price_components"]
    assert (float(component["price"]), float(component["vat"]), "tax_included" in pulled) == (1.0, 10.0, False)


def test_114_a_2_1_1_list_that_replaces_never_doubles_a_period(alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    stub.answer("PUT", f"{AT_STUB}/sessions/DE/ALF/S-1")
    old, url = speaking("2.1.1", alfa), "/ocpi/2.1.1/receiver/sessions/DE/ALF/S-1"
    assert old.call("PUT", url, session_2_1_1(4), headers=NO_ROUTING).status == (201, 1000)
    changes = {"charging_periods": session_2_1_1(4, 5)["charging_periods"], "kwh": 9}
    assert old.call("PATCH", url, changes, headers=NO_ROUTING).status == (200, 1000)
    deliver()
    heard = stub.heard[-1].json
    assert (heard["kwh"], len(heard["charging_periods"])) == (9, 2)
    assert heard["cdr_token"]["contract_id"] == "NL-BET-C00000001-1"
    assert (heard["location_id"], heard["evse_uid"], heard["connector_id"]) == ("LOC-1", "EVSE-1", "1")


def test_115_a_result_that_2_1_1_has_no_word_for_is_rejected_there(alfa_at_stub: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    stub.answer("POST", f"{AT_STUB}/commands/UNLOCK_CONNECTOR", ACCEPTED)
    stub.answer("POST", "/r/1")
    old = speaking("2.1.1", beta_at_stub)
    alfa_at_stub.call("PUT", LOCATION, location(), to=HUB)
    body = {"response_url": f"{stub.url}/r/1", "location_id": "LOC-1", "evse_uid": "EVSE-1", "connector_id": "1"}
    assert old.call("POST", "/ocpi/2.1.1/receiver/commands/UNLOCK_CONNECTOR", body, headers=NO_ROUTING).data["result"] == "ACCEPTED"
    callback = path_of(str(stub.heard[-1].json["response_url"]))
    assert alfa_at_stub.call("POST", callback, {"result": "EVSE_OCCUPIED"}).status == (200, 1000)
    Delivery.objects.exclude(module="commands").delete()
    assert deliver() == {"delivered": 1}
    assert stub.heard_at("POST", "/r/1")[0].json == {"result": "REJECTED"}


def test_116_a_2_1_1_operator_is_not_asked_to_cancel_a_reservation(alfa_at_stub: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    speaking("2.1.1", alfa_at_stub)
    body = {"response_url": f"{stub.url}/r/1", "reservation_id": "R-1"}
    reply = beta_at_stub.call("POST", f"{COMMANDS}/CANCEL_RESERVATION", body, to="DE-ALF")
    assert (reply.data["result"], stub.heard) == ("NOT_SUPPORTED", [])


def test_117_a_2_1_1_operator_gets_one_number_for_a_reservation_and_its_result_maps_back(
    alfa_at_stub: Caller, beta_at_stub: Caller, stub: StubPartner
) -> None:
    speaking("2.1.1", alfa_at_stub)
    stub.answer("POST", f"{AT_STUB}/commands/RESERVE_NOW", {"result": "ACCEPTED"})
    stub.answer("POST", "/r/1")
    for number in (1, 2):
        body = command(f"{stub.url}/r/{number}", expiry_date="2198-12-24T12:00:00Z", reservation_id="R-1")
        assert beta_at_stub.call("POST", f"{COMMANDS}/RESERVE_NOW", body, to="DE-ALF").data["result"] == "ACCEPTED"
    first, second = (heard.json["reservation_id"] for heard in stub.heard)
    assert (first == second, isinstance(first, int)) == (True, True)
    callback = path_of(str(stub.heard[0].json["response_url"]))
    assert alfa_at_stub.call("POST", callback, {"result": "UNKNOWN_SESSION"}, headers=NO_ROUTING).status == (200, 1000)
    deliver()
    assert stub.heard_at("POST", "/r/1")[0].json == {"result": "FAILED"}


def test_118_a_plug_that_2_2_1_has_no_word_for_is_left_out_and_counted(alfa: Caller, beta: Caller) -> None:
    body = location()
    [evse] = body["evses"]
    plug = evse["connectors"][0]
    evse["connectors"] = [{**plug, "id": "2", "standard": "MCS", "tariff_ids": ["AC-1"]}, plug]
    assert speaking("2.3.0", alfa).call("PUT", LOCATION.replace("2.2.1", "2.3.0"), body, to=HUB).status == (201, 1000)
    [pulled] = beta.call("GET", "/ocpi/2.2.1/sender/locations", to=HUB).data
    assert [connector["id"] for connector in pulled["evses"][0]["connectors"]] == ["1"]
    flush_losses()
    assert CrossingLoss.objects.filter(receiver="NL-BET", effect="dropped", field__contains="connectors").exists()


def test_119_an_emaid_is_a_token_of_type_other_for_2_2_1(alfa: Caller, beta: Caller) -> None:
    driver = {**cdr()["cdr_token"], "uid": "NLBETC00123456X", "type": "EMAID"}
    body = {name: value for name, value in cdr(cdr_token=driver).items() if not name.startswith("total_") and name != "tariffs"}
    body |= {"total_cost": {"before_taxes": 4}, "total_energy": 20, "total_time": 1}
    assert speaking("2.3.0", alfa).call("POST", "/ocpi/2.3.0/receiver/cdrs", body, to=HUB).status == (201, 1000)
    [pulled] = beta.call("GET", "/ocpi/2.2.1/sender/cdrs", to=HUB).data
    assert (pulled["cdr_token"]["type"], pulled["cdr_token"]["uid"]) == ("OTHER", "NLBETC00123456X")


def test_120_an_unknown_token_is_said_to_2_1_1_with_a_code_it_has(alfa: Caller) -> None:
    reply = speaking("2.1.1", alfa).call("POST", "/ocpi/2.1.1/sender/tokens/UNKNOWN/authorize", headers=NO_ROUTING)
    assert (reply.status, "2004" in reply.message) == ((404, 2000), True)


def test_120_so_is_a_receiver_that_is_away(alfa: Caller, beta: Caller) -> None:
    beta.call("PUT", "/ocpi/2.2.1/receiver/tokens/NL/BET/04A2B3C4D5E6F7", token(whitelist="NEVER"), to=HUB)
    beta.platform.status = "OFFLINE"
    beta.platform.save()
    reply = speaking("2.1.1", alfa).call("POST", "/ocpi/2.1.1/sender/tokens/04A2B3C4D5E6F7/authorize", headers=NO_ROUTING)
    assert reply.code in (3000, 3001)


def test_111_a_tariff_of_which_nothing_is_left_is_not_sent_at_all(alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    speaking("2.1.1", beta_at_stub)
    alfa.call("PUT", TARIFF, tariff(elements=[{**energy(0.5), "restrictions": {"reservation": "RESERVATION"}}]), to=HUB)
    assert deliver() == {"rejected": 1}
    assert stub.heard == []
