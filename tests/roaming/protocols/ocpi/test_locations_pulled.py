"""Locations as providers pull them: everything the hub may show, one operator's list, one location."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from roaming.parties.models import RoamingAgreement
from tests.builders.parties import an_agreement
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import a_message, as_json
from tests.wire.stub_partner import StubPartner, envelope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everyone_roams")]

URL = "/ocpi/2.2.1/receiver/locations/DE/ALF/LOC-1"
LIST = "/ocpi/2.2.1/sender/locations"
AT_STUB = "/ocpi/2.2.1/locations"


def location(**over: Any) -> dict[str, Any]:
    return a_message("location", **over)


def path_of(link: str) -> str:
    """This function will return path and query of the first address in a Link header."""
    parts = urlsplit(link[1 : link.index(">")])
    return f"{parts.path}?{parts.query}"


class TestList:
    @pytest.fixture
    def three(self, alfa: Caller, beta: Caller) -> None:
        """Three locations of DE-ALF, updated on three days."""
        for number in (1, 2, 3):
            body = location(id=f"LOC-{number}", last_updated=f"2026-09-0{number}T08:00:00Z")
            alfa.call("PUT", f"/ocpi/2.2.1/receiver/locations/DE/ALF/LOC-{number}", body, to=HUB)

    @pytest.mark.usefixtures("three")
    def test_holds_everything_the_puller_may_know(self, beta: Caller) -> None:
        reply = beta.call("GET", LIST, to=HUB)
        assert [item["id"] for item in reply.data] == ["LOC-1", "LOC-2", "LOC-3"]
        assert reply.data[0] == location(last_updated="2026-09-01T08:00:00Z")
        assert (reply.headers["X-Total-Count"], reply.headers["X-Limit"]) == ("3", "200")
        assert "Link" not in reply.headers
        assert (reply.headers["OCPI-from-country-code"], reply.headers["OCPI-from-party-id"]) == HUB

    @pytest.mark.usefixtures("three")
    def test_a_link_may_be_followed_without_routing_headers(self, beta: Caller) -> None:
        link = beta.call("GET", f"{LIST}?limit=2", to=HUB).headers["Link"]
        assert [item["id"] for item in beta.call("GET", path_of(link)).data] == ["LOC-3"]

    @pytest.mark.usefixtures("three")
    def test_pullers_may_rebuild_the_page_from_offset_and_limit(self, beta: Caller) -> None:
        assert [item["id"] for item in beta.call("GET", f"{LIST}?offset=1&limit=1", to=HUB).data] == ["LOC-2"]
        assert beta.call("GET", f"{LIST}?offset=9", to=HUB).data == []

    def test_an_empty_list_has_its_headers_too(self, beta: Caller) -> None:
        reply = beta.call("GET", LIST, to=HUB)
        assert (reply.data, reply.headers["X-Total-Count"], reply.headers["X-Limit"]) == ([], "0", "200")

    @pytest.mark.parametrize(
        ("query", "named"),
        [
            ("limit=0", "limit"),
            ("limit=-1", "limit"),
            ("limit=many", "limit"),
            ("offset=-1", "offset"),
            ("date_from=yesterday", "date_from"),
            ("date_to=2026-09-01T08:00:00%2B02:00", "date_to"),
            ("cursor=mine", "cursor"),
            ("limit=0&offset=x", "offset"),
        ],
    )
    def test_a_bad_parameter_is_2001_and_named(self, beta: Caller, query: str, named: str) -> None:
        reply = beta.call("GET", f"{LIST}?{query}", to=HUB)
        assert reply.status == (200, 2001)
        assert named in reply.message


class TestListOfOneParty:
    def test_a_missing_link_is_made_from_the_total(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer_by("GET", AT_STUB, lambda _: envelope([as_json(location())], headers={"X-Total-Count": "5"}))
        assert "offset=3" in beta.call("GET", f"{LIST}?offset=2&limit=1", to="DE-ALF").headers["Link"]

    def test_a_link_to_the_same_page_is_not_passed_on(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
        link = f'<{stub.url}{AT_STUB}?offset=0&limit=1>; rel="next"'
        stub.answer_by("GET", AT_STUB, lambda _: envelope([as_json(location())], headers={"Link": link}))
        assert "Link" not in beta.call("GET", f"{LIST}?limit=1", to="DE-ALF").headers

    def test_foreign_and_unreadable_objects_are_left_out(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
        items = [as_json(location()), as_json(location(party_id="OMI")), {"id": "half"}, "x"]
        stub.answer("GET", AT_STUB, items)
        assert [item["id"] for item in beta.call("GET", LIST, to="DE-ALF").data] == ["LOC-1"]

    def test_the_parties_own_error_passes(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("GET", AT_STUB, code=3000)
        assert beta.call("GET", LIST, to="DE-ALF").status == (200, 3000)


class TestOne:
    ONE = f"{LIST}/LOC-1"

    def test_is_asked_of_the_operator_that_is_addressed(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("GET", f"{AT_STUB}/LOC-1/EVSE-1", as_json(location()["evses"][0]))
        reply = beta.call("GET", f"{self.ONE}/EVSE-1", to="DE-ALF")
        assert reply.data == location()["evses"][0]

    def test_an_answer_with_another_owners_object_is_4000(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("GET", f"{AT_STUB}/LOC-1", as_json(location(party_id="OMI")))
        assert beta.call("GET", self.ONE, to="DE-ALF").status == (200, 4000)

    def test_is_answered_from_the_store_where_the_hub_is_asked(self, alfa: Caller, beta: Caller) -> None:
        alfa.call("PUT", URL, location(), to=HUB)
        assert beta.call("GET", self.ONE, to=HUB).data == location()
        assert beta.call("GET", f"{LIST}/LOC-2", to=HUB).status == (404, 2003)

    def test_open_routing_finds_the_operator_by_the_id(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
        alfa_at_stub.call("PUT", URL, location(), to=HUB)
        stub.answer("GET", f"{AT_STUB}/LOC-1", as_json(location()))
        reply = beta.call("GET", self.ONE)
        assert reply.status == (200, 1000)
        assert reply.headers["OCPI-from-party-id"] == "ALF"

    def test_open_routing_refuses_an_unknown_or_ambiguous_id(self, alfa: Caller, beta: Caller) -> None:
        assert beta.call("GET", self.ONE).status == (200, 2003)
        omikron = caller.operator("FR-OMI")
        alfa.call("PUT", URL, location(), to=HUB)
        omikron.call("PUT", "/ocpi/2.2.1/receiver/locations/FR/OMI/LOC-1", location(country_code="FR", party_id="OMI"), to=HUB)
        assert beta.call("GET", self.ONE).status == (200, 2001)


class TestOtherMethods:
    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_of_the_sender_are_405(self, beta: Caller, method: str) -> None:
        assert beta.call(method, LIST, {}, to=HUB).status == (405, 2000)


def test_an_agreement_for_other_modules_does_not_show_locations(alfa: Caller, beta: Caller) -> None:
    alfa.call("PUT", URL, location(), to=HUB)
    RoamingAgreement.objects.all().delete()
    an_agreement(modules=["cdrs"])
    assert beta.call("GET", LIST, to=HUB).data == []
