"""Cases 88 to 108: what single modules demand."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db.models import Sum

from roaming.cdrs.models import Cdr
from roaming.deliveries.models import Delivery
from roaming.exchanges.quarantine import list_quarantined
from roaming.locations.models import Location
from roaming.parties import directory
from roaming.parties.models import Endpoint
from roaming.sessions.models import Session
from roaming.tokens.models import Token
from tests.builders.deliveries import waiting
from tests.conformance.ocpi.words import (
    ACCEPTED,
    AT_STUB,
    AUTHORIZE,
    CDRS,
    COMMANDS,
    LOCATION,
    NO_ROUTING,
    RECEIVER,
    SENDER,
    SESSION,
    TARIFF,
    TOKEN,
    UID,
    cdr,
    command,
    credit,
    deliver,
    location,
    pair,
    path_of,
    session,
    speaking,
    tariff,
    token,
)
from tests.conformance.ocpi.words import TO as TO_HEADERS
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import as_json, json_of
from tests.wire.stub_partner import StubPartner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roaming")]

PREFERENCES = {"profile_type": "GREEN", "departure_time": "2026-10-05T16:00:00Z", "energy_need": 30}


def test_088_a_patch_without_last_updated_is_2001_and_fine_in_2_1_1(alfa: Caller, beta: Caller) -> None:
    beta.call("PUT", TOKEN, token(), to=HUB)
    alfa.call("PUT", LOCATION, location(), to=HUB)
    alfa.call("PUT", SESSION, session(), to=HUB)
    patches = ((beta, TOKEN, {"valid": False}), (alfa, f"{LOCATION}/EVSE-1", {"status": "CHARGING"}), (alfa, SESSION, {"kwh": 21}))
    for who, url, changes in patches:
        reply = who.call("PATCH", url, changes, to=HUB)
        assert (reply.status, "last_updated" in reply.message) == ((200, 2001), True)
    for who, url, changes in patches:
        old = speaking("2.1.1", who)
        assert old.call("PATCH", url.replace("2.2.1", "2.1.1"), changes, headers=NO_ROUTING).status == (200, 1000)


def test_089_patch_appends_charging_periods_and_put_replaces_them(alfa: Caller, beta: Caller) -> None:
    alfa.call("PUT", SESSION, session(), to=HUB)
    period = {"start_date_time": "2026-10-05T10:45:00Z", "dimensions": [{"type": "ENERGY", "volume": 3}]}
    changes = {"charging_periods": [period], "kwh": 23, "last_updated": "2026-10-05T11:10:00Z"}
    for _ in range(2):  # a repeat appends nothing
        assert alfa.call("PATCH", SESSION, changes, to=HUB).status == (200, 1000)
    kept = Session.objects.get().document["charging_periods"]
    assert [item["start_date_time"][11:16] for item in kept] == ["10:00", "10:30", "10:45"]
    bare = session(charging_periods=None, last_updated="2026-10-05T11:20:00Z")
    assert alfa.call("PUT", SESSION, bare, to=HUB).status == (200, 1000)
    assert not Session.objects.get().document.get("charging_periods")


@pytest.mark.parametrize("url", [SESSION, LOCATION, TOKEN.replace("NL/BET", "DE/ALF")])
def test_090_a_patch_of_an_unknown_object_is_404(alfa: Caller, url: str) -> None:
    changes = {"last_updated": "2026-10-05T11:20:00Z"}
    assert alfa.call("PATCH", url, changes, to=HUB).status == (404, 2000)


def test_091_another_id_in_the_body_than_in_the_address_is_2001(alfa: Caller, beta: Caller) -> None:
    reply = alfa.call("PUT", TARIFF, tariff(id="AC-2"), to=HUB)
    assert (reply.status, "id" in reply.message) == ((200, 2001), True)
    assert alfa.call("PUT", LOCATION, location(id="LOC-2"), to=HUB).status == (200, 2001)
    assert beta.call("PUT", TOKEN, token(uid="OTHER"), to=HUB).status == (200, 2001)
    assert alfa.call("PUT", SESSION, session(id="S-2"), to=HUB).status == (200, 2001)


def test_092_a_foreign_owner_in_the_address_is_the_same_404_as_a_missing_object(alfa: Caller, beta: Caller) -> None:
    omikron = caller.operator("FR-OMI")
    foreign = f"{RECEIVER}/locations/FR/OMI/LOC-9"
    omikron.call("PUT", foreign, location(country_code="FR", party_id="OMI", id="LOC-9"), to=HUB)
    missing = alfa.call("GET", LOCATION, to=HUB)
    for reply in (alfa.call("GET", foreign, to=HUB), alfa.call("PUT", foreign, location(), to=HUB)):
        assert (reply.status, reply.message) == (missing.status, missing.message)
    assert missing.http == 404


@pytest.mark.parametrize("method", ["PATCH", "POST", "OPTIONS"])
def test_093_patch_of_a_tariff_is_405(alfa: Caller, method: str) -> None:
    assert alfa.call(method, TARIFF, tariff(), to=HUB).status == (405, 2000)


def test_094_a_new_object_is_201_and_an_existing_one_200(alfa: Caller, beta: Caller) -> None:
    bodies = ((alfa, LOCATION, location()), (alfa, TARIFF, tariff()), (alfa, SESSION, session()), (beta, TOKEN, token()))
    for who, url, body in bodies:
        assert who.call("PUT", url, body, to=HUB).http == 201
        assert who.call("PUT", url, {**body, "last_updated": "2026-10-05T12:00:00Z"}, to=HUB).http == 200


def test_095_a_new_evse_makes_its_location_newer_for_get_all(alfa: Caller, beta: Caller) -> None:
    alfa.call("PUT", LOCATION, location(last_updated="2026-09-01T08:00:00Z"), to=HUB)
    [evse] = location()["evses"]
    assert alfa.call("PUT", f"{LOCATION}/EVSE-1", {**evse, "last_updated": "2026-09-03T08:00:00Z"}, to=HUB).http == 200
    [pulled] = beta.call("GET", f"{SENDER}/locations?date_from=2026-09-02T00:00:00Z", to=HUB).data
    assert (pulled["last_updated"], pulled["evses"][0]["last_updated"]) == ("2026-09-03T08:00:00Z", "2026-09-03T08:00:00Z")
    assert Location.objects.get().last_updated == datetime(2026, 9, 3, 8, tzinfo=UTC)


def test_096_uid_and_type_name_a_token_together(alfa: Caller, beta: Caller) -> None:
    beta.call("PUT", TOKEN, token(), to=HUB)
    beta.call("PUT", f"{TOKEN}?type=APP_USER", token(type="APP_USER", visual_number="app"), to=HUB)
    assert Token.objects.count() == 2
    assert beta.call("GET", TOKEN, to=HUB).data["type"] == "RFID"
    assert beta.call("GET", f"{TOKEN}?type=APP_USER", to=HUB).data["visual_number"] == "app"
    assert beta.call("GET", f"{TOKEN}?type=OTHER", to=HUB).http == 404


@pytest.mark.parametrize("allowed", ["ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"])
def test_097_the_providers_word_is_http_200_with_1000(alfa: Caller, beta_at_stub: Caller, stub: StubPartner, allowed: str) -> None:
    place = {"location_id": "LOC-1", "evse_uids": ["EVSE-1"]}
    told = {
        "allowed": allowed,
        "token": as_json(token()),
        "authorization_reference": "AUTH-77",
        "location": place,
        "info": {"language": "en", "text": "Hello"},
        "x_note": "kept",
    }
    stub.answer("POST", f"{AT_STUB}/tokens/{UID}/authorize", told)
    reply = alfa.call("POST", AUTHORIZE, place, to="NL-BET")
    assert (reply.status, as_json(reply.data)) == ((200, 1000), told)


def test_098_a_question_about_a_place_that_the_hub_does_not_know_is_asked_all_the_same(asked: Caller, stub: StubPartner) -> None:
    unknown = {"location_id": "NEVER-PUBLISHED", "evse_uids": ["E-9"]}
    assert asked.call("POST", AUTHORIZE, unknown, to="NL-BET").data["allowed"] == "ALLOWED"
    assert stub.heard[0].json == unknown


def test_099_a_cdr_sent_twice_is_one_entry_with_one_address(alfa: Caller, beta: Caller) -> None:
    first, second = alfa.call("POST", CDRS, cdr(), to=HUB), alfa.call("POST", CDRS, cdr(), to="NL-BET")
    assert (first.status, second.status, second.headers["X-Hub-Replay"]) == ((201, 1000), (200, 1000), "1")
    assert first.headers["Location"] == second.headers["Location"]
    assert Cdr.objects.count() == Delivery.objects.count() == 1


def test_100_a_credit_takes_its_original_back_to_zero_though_its_sub_totals_are_positive(alfa: Caller, beta: Caller) -> None:
    alfa.call("POST", CDRS, cdr(), to=HUB)
    assert credit()["total_energy_cost"]["excl_vat"] > 0
    assert alfa.call("POST", CDRS, credit(), to=HUB).status == (201, 1000)
    assert Cdr.objects.aggregate(net=Sum("net"), vat=Sum("vat")) == {"net": Decimal(0), "vat": Decimal(0)}
    assert Cdr.objects.get(is_credit=True).credit_of == Cdr.objects.get(is_credit=False)
    assert alfa.call("POST", CDRS, credit(id="CDR-0001-D"), to=HUB).status == (200, 2001)


def test_101_a_credit_of_nothing_known_or_without_its_mark_is_2001_and_set_aside(alfa: Caller, beta: Caller) -> None:
    unknown = alfa.call("POST", CDRS, credit(), to=HUB)
    assert (unknown.status, "credit_reference_id" in unknown.message) == ((200, 2001), True)
    alfa.call("POST", CDRS, cdr(), to=HUB)
    assert alfa.call("POST", CDRS, credit(credit=None), to=HUB).status == (200, 2001)
    assert Cdr.objects.count() == 1
    kept = list_quarantined(owner=alfa.key)
    assert {(row.module, row.object_id) for row in kept} == {("cdrs", credit()["id"])}
    assert len(kept) == 2, "each for its own reason"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "GET"])
def test_102_a_cdr_is_never_replaced(alfa: Caller, method: str) -> None:
    assert alfa.call(method, CDRS, {}, to=HUB).status == (405, 2000)


def test_103_signed_data_of_5000_characters_passes_byte_exact(alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    stub.answer("POST", f"{AT_STUB}/cdrs", status=201)
    body = cdr()
    body["signed_data"]["signed_values"][0].update(plain_data="Ä\n\t" * 1666 + "xy", signed_data="s" * 5000)
    address = alfa.call("POST", CDRS, body, raw=json_of(body), to=HUB).headers["Location"]
    deliver()
    assert alfa.call("GET", path_of(address)).data["signed_data"] == body["signed_data"] == stub.heard[0].json["signed_data"]


def test_104_a_cdr_is_for_its_tokens_provider_and_nobody_else_can_pull_it(alfa: Caller, beta: Caller, gamma: Caller) -> None:
    reply = alfa.call("POST", CDRS, cdr(), to="FR-GAM")
    assert (reply.status, "cdr_token" in reply.message, Cdr.objects.exists()) == ((200, 2001), True, False)
    alfa.call("POST", CDRS, cdr(), to=HUB)
    assert beta.call("GET", f"{SENDER}/cdrs", to=HUB).data == [cdr()]
    foreign = gamma.call("GET", f"{SENDER}/cdrs", to=HUB)
    assert (foreign.data, foreign.headers["X-Total-Count"]) == ([], "0")


def test_105_a_start_with_another_providers_token_is_2001(alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
    foreign = as_json(token(country_code="FR", party_id="GAM"))
    body = command("https://provider-nl-bet.example/r/1", token=foreign)
    assert beta.call("POST", f"{COMMANDS}/START_SESSION", body, to="DE-ALF").status == (200, 2001)
    assert stub.heard == []


def test_106_a_start_is_passed_on_without_a_question_about_the_token(alfa_at_stub: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    stub.answer("POST", f"{AT_STUB}/commands/START_SESSION", ACCEPTED)
    beta_at_stub.call("POST", f"{COMMANDS}/START_SESSION", command(f"{stub.url}/r/1"), to="DE-ALF")
    assert [heard.path for heard in stub.heard] == [f"{AT_STUB}/commands/START_SESSION"]


def test_107_the_operators_404_for_an_evse_that_cannot_passes_with_its_code(alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
    stub.answer("PUT", f"{AT_STUB}/sessions/SESSION-1/charging_preferences", code=2001, status=404)
    url = f"{SENDER}/sessions/SESSION-1/charging_preferences"
    assert beta.call("PUT", url, PREFERENCES, to="DE-ALF").status == (404, 2001)


def test_108_limits_in_force_go_to_the_party_that_set_some_and_to_no_other(
    alfa_at_stub: Caller, beta_at_stub: Caller, stub: StubPartner
) -> None:
    gamma = caller.provider("FR-GAM", at=stub.host)
    for partner, interface in ((alfa_at_stub, "RECEIVER"), (beta_at_stub, "SENDER"), (gamma, "SENDER")):
        url = f"{stub.url}{AT_STUB}/chargingprofiles"
        Endpoint.objects.create(platform=partner.platform, module="chargingprofiles", interface=interface, url=url)
    directory.changed()
    stub.answer("PUT", f"{AT_STUB}/chargingprofiles/SESSION-1", ACCEPTED)
    wish = {"charging_profile": {"charging_rate_unit": "W"}, "response_url": f"{stub.url}/r/1"}
    assert beta_at_stub.call("PUT", f"{RECEIVER}/chargingprofiles/SESSION-1", wish, to="DE-ALF").data == ACCEPTED
    stub.heard.clear()
    limits = {"start_date_time": "2026-10-05T10:15:00Z", "charging_profile": {"charging_rate_unit": "A", "duration": 600}}
    active = f"{SENDER}/chargingprofiles/SESSION-1"
    assert alfa_at_stub.call("PUT", active, limits).status == (200, 1000)
    assert [(heard.json, pair(heard.headers, TO_HEADERS)) for heard in stub.heard] == [(limits, ("NL", "BET"))]
    assert alfa_at_stub.call("PUT", active, limits, to=gamma.key).status == (200, 2001)
    assert waiting() == []
