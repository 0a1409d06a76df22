"""Locations as operators push them: to everybody or to one party."""

from typing import Any

import pytest

from roaming.canonical import PartyId
from roaming.deliveries.models import Delivery
from roaming.locations.models import Location
from roaming.parties.models import RoamingAgreement
from tests.builders.parties import an_operator
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import a_message, as_json, json_of
from tests.wire.stub_partner import StubPartner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everyone_roams")]

URL = "/ocpi/2.2.1/receiver/locations/DE/ALF/LOC-1"
LIST = "/ocpi/2.2.1/sender/locations"
AT_STUB = "/ocpi/2.2.1/locations"


def location(**over: Any) -> dict[str, Any]:
    return a_message("location", **over)


class TestPutToTheHub:
    @pytest.mark.parametrize("to", [HUB, None])
    def test_is_stored_and_queued_for_every_partner(self, alfa: Caller, beta: Caller, to: PartyId | None) -> None:
        caller.provider("FR-GAM")
        reply = alfa.call("PUT", URL, location(), to=to)
        assert reply.status == (201, 1000)
        queued = Delivery.objects.filter(module="locations", verb="put")
        assert sorted(f"{row.receiver.country_code}-{row.receiver.party_id}" for row in queued) == ["FR-GAM", "NL-BET"]
        assert all(row.sender is None for row in queued)

    def test_answers_from_the_hub_to_the_sender(self, alfa: Caller) -> None:
        headers = alfa.call("PUT", URL, location(), to=HUB).headers
        assert (headers["OCPI-to-country-code"], headers["OCPI-to-party-id"]) == ("DE", "ALF")
        assert (headers["OCPI-from-country-code"], headers["OCPI-from-party-id"]) == HUB
        assert (headers["X-Request-ID"], headers["X-Correlation-ID"]) == ("request-1", "correlation-1")

    def test_the_same_again_changes_nothing_and_says_so(self, alfa: Caller, beta: Caller) -> None:
        alfa.call("PUT", URL, location(), to=HUB)
        queued = Delivery.objects.count()
        reply = alfa.call("PUT", URL, location(), to=HUB)
        assert reply.status == (200, 1000)
        assert reply.headers["X-Hub-Replay"] == "1"
        assert Delivery.objects.count() == queued

    def test_a_newer_one_replaces(self, alfa: Caller) -> None:
        alfa.call("PUT", URL, location(), to=HUB)
        reply = alfa.call("PUT", URL, location(name="Neu", last_updated="2026-09-02T08:00:00Z"), to=HUB)
        assert reply.status == (200, 1000)
        assert "X-Hub-Replay" not in reply.headers
        assert alfa.call("GET", URL, to=HUB).data["name"] == "Neu"

    def test_an_older_one_is_ignored_and_told(self, alfa: Caller) -> None:
        alfa.call("PUT", URL, location(), to=HUB)
        reply = alfa.call("PUT", URL, location(name="Alt", last_updated="2026-08-01T08:00:00Z"), to=HUB)
        assert reply.status == (200, 1000)
        assert "ignored" in reply.message
        assert alfa.call("GET", URL, to=HUB).data["name"] == "Hafenstrasse"

    def test_one_evse_and_one_connector(self, alfa: Caller) -> None:
        alfa.call("PUT", URL, location(), to=HUB)
        evse = {**location()["evses"][0], "status": "BLOCKED", "last_updated": "2026-09-03T08:00:00Z"}
        assert alfa.call("PUT", f"{URL}/EVSE-1", evse, to=HUB).status == (200, 1000)
        connector = {**evse["connectors"][0], "max_amperage": 16, "last_updated": "2026-09-04T08:00:00Z"}
        assert alfa.call("PUT", f"{URL}/EVSE-1/1", connector, to=HUB).status == (200, 1000)
        stored = alfa.call("GET", URL, to=HUB).data
        assert stored["evses"][0]["status"] == "BLOCKED"
        assert stored["evses"][0]["connectors"][0]["max_amperage"] == 16
        assert stored["last_updated"] == "2026-09-04T08:00:00Z"  # a parent is never older than its part
        assert alfa.call("GET", f"{URL}/EVSE-1/1", to=HUB).data == connector

    def test_a_part_of_an_unknown_location_is_404(self, alfa: Caller) -> None:
        assert alfa.call("PUT", f"{URL}/EVSE-1", location()["evses"][0], to=HUB).status == (404, 2000)

    def test_a_stamp_two_days_ahead_is_2001(self, alfa: Caller) -> None:
        reply = alfa.call("PUT", URL, location(last_updated="2199-01-01T00:00:00Z"), to=HUB)
        assert reply.status == (200, 2001)
        assert "last_updated" in reply.message

    def test_keeps_an_id_with_a_slash_a_star_and_a_hash(self, alfa: Caller) -> None:
        encoded, name = "DE%2FALF%2AA%231", "DE/ALF*A#1"
        path = "/ocpi/2.2.1/receiver/locations/DE/ALF"
        reply = alfa.call("PUT", f"{path}/{encoded}", location(id=name), to=HUB, raw_path=f"{path}/{encoded}")
        assert reply.status == (201, 1000)
        assert alfa.call("GET", f"{path}/{encoded}", to=HUB, raw_path=f"{path}/{encoded}").data["id"] == name

    @pytest.mark.parametrize(
        "path", ["/ocpi/2.2.1/receiver/locations//DE/ALF/LOC-1", "/ocpi/2.2.1/receiver/locationsDE/ALF/LOC-1", URL + "/", URL.lower()]
    )
    def test_takes_every_joint_and_ids_in_any_case(self, alfa: Caller, path: str) -> None:
        assert alfa.call("PUT", path, location(), to=HUB).status == (201, 1000)

    def test_takes_a_location_of_four_mebibytes_and_not_one_more(self, alfa: Caller) -> None:
        body = location(x_padding="")
        size = len(json_of(body))
        body["x_padding"] = "p" * (4 * 1024 * 1024 - size)
        assert alfa.call("PUT", URL, raw=json_of(body), to=HUB).status == (201, 1000)
        body["x_padding"] += "p"
        assert alfa.call("PUT", URL, raw=json_of(body), to=HUB).status == (413, 2000)


class TestPutToOneParty:
    def test_is_forwarded_at_once_with_a_new_request_id(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        stub.answer("PUT", f"{AT_STUB}/DE/ALF/LOC-1", status=201)
        reply = alfa.call("PUT", URL, location(), to="NL-BET")
        assert reply.status == (201, 1000)
        [heard] = stub.heard
        assert heard.json == as_json(location())
        assert heard.headers["x-correlation-id"] == "correlation-1"
        assert heard.headers["x-request-id"] not in ("request-1", "")
        assert (heard.headers["ocpi-from-country-code"], heard.headers["ocpi-from-party-id"]) == ("DE", "ALF")
        assert (heard.headers["ocpi-to-country-code"], heard.headers["ocpi-to-party-id"]) == ("NL", "BET")
        assert heard.headers["authorization"] == "Token dG9rZW4tb2YtdGhlLWh1Yi1hdC1OTEJFVA=="

    def test_answers_from_the_receiver(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        stub.answer("PUT", f"{AT_STUB}/DE/ALF/LOC-1")
        headers = alfa.call("PUT", URL, location(), to="NL-BET").headers
        assert (headers["OCPI-from-country-code"], headers["OCPI-from-party-id"]) == ("NL", "BET")
        assert headers["X-Request-ID"] == "request-1"

    def test_another_operator_is_4001(self, alfa: Caller) -> None:
        an_operator("FR-OMI")
        assert alfa.call("PUT", URL, location(), to="FR-OMI").status == (200, 4001)

    def test_a_locked_receiver_is_4003(self, alfa: Caller, beta: Caller) -> None:
        beta.platform.is_locked = True
        beta.platform.save()
        assert alfa.call("PUT", URL, location(), to="NL-BET").status == (200, 4003)

    @pytest.mark.parametrize("status", ["OFFLINE", "PLANNED"])
    def test_a_receiver_that_is_away_is_4003_without_an_attempt(
        self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner, status: str
    ) -> None:
        beta_at_stub.platform.status = status
        beta_at_stub.platform.save()
        assert alfa.call("PUT", URL, location(), to="NL-BET").status == (200, 4003)
        assert stub.heard == []


def test_without_an_agreement_a_receiver_is_as_unknown_as_a_stranger(alfa: Caller, beta: Caller) -> None:
    RoamingAgreement.objects.all().delete()
    known, stranger = (alfa.call("PUT", URL, location(), to=party) for party in ("NL-BET", "XX-NIX"))
    assert known.status == stranger.status == (200, 4001)
    assert known.message == stranger.message


class TestPatch:
    def test_merges_what_is_told(self, alfa: Caller, beta: Caller) -> None:
        alfa.call("PUT", URL, location(), to=HUB)
        reply = alfa.call("PATCH", f"{URL}/EVSE-1", {"status": "CHARGING", "last_updated": "2026-09-03T08:00:00Z"}, to=HUB)
        assert reply.status == (200, 1000)
        assert alfa.call("GET", f"{URL}/EVSE-1", to=HUB).data["status"] == "CHARGING"
        patch = Delivery.objects.get(verb="patch", receiver__party_id="BET")
        assert patch.payload == {"status": "CHARGING", "last_updated": "2026-09-03T08:00:00Z"}

    def test_is_forwarded_as_it_is_to_one_party(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        stub.answer("PATCH", f"{AT_STUB}/DE/ALF/LOC-1/EVSE-1")
        body = {"status": "CHARGING", "floor_level": None, "last_updated": "2026-09-03T08:00:00Z", "x_bay": 3}
        assert alfa.call("PATCH", f"{URL}/EVSE-1", body, to="NL-BET").status == (200, 1000)
        assert stub.heard[0].json == body

    def test_of_an_unknown_object_is_404(self, alfa: Caller) -> None:
        assert alfa.call("PATCH", URL, {"name": "x", "last_updated": "2026-09-03T08:00:00Z"}, to=HUB).status == (404, 2000)

    @pytest.mark.parametrize(
        ("body", "path"),
        [
            ({"status": "CHARGING"}, "last_updated"),
            ({"status": "OPEN", "last_updated": "2026-09-03T08:00:00Z"}, "status"),
            ({"status": None, "last_updated": "2026-09-03T08:00:00Z"}, "status"),
            ({"uid": "EVSE-2", "last_updated": "2026-09-03T08:00:00Z"}, "uid"),
        ],
    )
    def test_names_what_is_wrong(self, alfa: Caller, body: Any, path: str) -> None:
        alfa.call("PUT", URL, location(), to=HUB)
        reply = alfa.call("PATCH", f"{URL}/EVSE-1", body, to=HUB)
        assert reply.status == (200, 2001)
        assert path in reply.message


class TestOwnership:
    @pytest.mark.parametrize("field", [{"country_code": "FR"}, {"party_id": "OMI"}, {"id": "LOC-2"}])
    def test_a_body_that_contradicts_the_address_is_2001(self, alfa: Caller, field: dict[str, str]) -> None:
        reply = alfa.call("PUT", URL, location(**field), to=HUB)
        assert reply.status == (200, 2001)
        assert next(iter(field)) in reply.message
        assert not Location.objects.exists()

    def test_a_provider_may_not_push_locations(self, beta: Caller) -> None:
        body = location(country_code="NL", party_id="BET")
        assert beta.call("PUT", "/ocpi/2.2.1/receiver/locations/NL/BET/LOC-1", body, to=HUB).status == (404, 2000)

    def test_an_operator_may_not_pull_as_a_provider(self, alfa: Caller) -> None:
        assert alfa.call("GET", LIST, to=HUB).status == (404, 2000)
