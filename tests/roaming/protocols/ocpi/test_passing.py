"""Modules that pass through unread: to the party that is named, between those whose agreement names the module."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from roaming.deliveries.drain import drain
from roaming.parties import directory
from roaming.parties.models import Endpoint, Party, Platform
from roaming.protocols.ocpi.kept import Asked, Kept, _kept
from roaming.protocols.ocpi.passing import passes, place_of
from tests.builders.parties import an_agreement
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.stub_partner import StubPartner, Told

pytestmark = pytest.mark.django_db

INVOICES = "invoicereconciliation"
RECEIVER = "/ocpi/2.3.0/receiver"
SENDER = "/ocpi/2.3.0/sender"
RECORD = {
    "country_code": "DE",
    "party_id": "ALF",
    "id": "REC-1",
    "invoice_id": "2026-10/17",
    "cdrs": ["CDR-1", "CDR-2"],
    "amount_of_tomorrow": 12.3456,
    "last_updated": "2026-11-02T08:00:00Z",
}


@pytest.fixture
def alfa(db: None, stub: StubPartner) -> Caller:
    """The operator DE-ALF on 2.3.0 at the stub."""
    return on_2_3_0(caller.operator("DE-ALF", at=stub.host))


@pytest.fixture
def beta(alfa: Caller, stub: StubPartner) -> Caller:
    """The provider NL-BET on 2.3.0 at the stub; its agreement with DE-ALF names three modules that pass through."""
    beta = on_2_3_0(caller.provider("NL-BET", at=stub.host))
    an_agreement(
        operator=Party.objects.get(party_id="ALF"),
        provider=Party.objects.get(party_id="BET"),
        modules=[INVOICES, "bookings", "nltnm-tokens", "sessions"],
    )
    return beta


def on_2_3_0(partner: Caller) -> Caller:
    Platform.objects.filter(id=partner.platform.id).update(version="2.3.0")
    directory.changed()
    return partner


def serving(partner: Caller, stub: StubPartner, module: str, interface: str) -> None:
    """This function will let a partner serve a side of a module at the stub, below its own name."""
    url = f"{stub.url}/{partner.key.party_id}/{module}"
    Endpoint.objects.create(platform=partner.platform, module=module, interface=interface, url=url)
    directory.changed()


class TestDirect:
    def test_a_push_and_its_answer_pass_unread(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        serving(beta, stub, INVOICES, "RECEIVER")
        stub.answer("POST", f"/BET/{INVOICES}", {"unread": [1.5]}, status=201, Location=f"{stub.url}/BET/{INVOICES}/DE/ALF/REC%201")
        reply = alfa.call("POST", f"{RECEIVER}/{INVOICES}", RECORD, to="NL-BET")
        assert (reply.http, reply.code, float(reply.data["unread"][0])) == (201, 1000, 1.5)
        assert reply.headers["Location"] == f"{settings.HUB_PUBLIC_URL}{RECEIVER}/{INVOICES}/DE/ALF/REC%201?party=NL-BET"
        assert reply.headers["OCPI-from-party-id"] == "BET"
        [heard] = stub.heard
        assert heard.json == RECORD
        assert (heard.headers["ocpi-from-party-id"], heard.headers["ocpi-to-party-id"]) == ("ALF", "BET")
        assert (heard.headers["x-correlation-id"], heard.headers["x-request-id"] == "request-1") == ("correlation-1", False)

    def test_a_list_leads_back_through_the_hub(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        serving(alfa, stub, INVOICES, "SENDER")
        stub.answer("GET", f"/ALF/{INVOICES}", [RECORD], X_Total_Count="2", X_Limit="1", Link=f"<{stub.url}/x?offset=1>; rel=next")
        first = beta.call("GET", f"{SENDER}/{INVOICES}?limit=1", to="DE-ALF")
        assert (first.headers["X-Total-Count"], first.headers["X-Limit"]) == ("2", "1")
        link = first.headers["Link"].partition(">")[0][1:]
        assert link.startswith(f"{settings.HUB_PUBLIC_URL}{SENDER}/{INVOICES}/?")
        stub.answer("GET", f"/ALF/{INVOICES}", [])
        assert beta.call("GET", link.removeprefix(settings.HUB_PUBLIC_URL)).data == []
        assert stub.heard[-1].path == f"/ALF/{INVOICES}?limit=1&offset=1"

    def test_ids_are_passed_as_they_were_sent(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        serving(beta, stub, INVOICES, "RECEIVER")
        stub.answer("DELETE", f"/BET/{INVOICES}/DE/ALF/R%2F1%23%20x")
        path = f"{RECEIVER}/{INVOICES}/DE/ALF/R%2F1%23%20x"
        assert alfa.call("DELETE", path, to="NL-BET", raw_path=path).status == (200, 1000)

    def test_the_receivers_refusals_and_silences(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        serving(beta, stub, INVOICES, "RECEIVER")
        url = f"{RECEIVER}/{INVOICES}/DE/ALF/REC-1"
        assert alfa.call("PUT", url, RECORD, to="NL-BET").status == (404, 2000)
        for told, status in (
            (Told(status=200, body=b'{"status_code": 2001, "status_message": "no"}'), (200, 2001)),
            (Told(status=401), (200, 4003)),
            (Told(status=302, headers={"Location": "/"}), (200, 4000)),
        ):
            stub.answer_by("PUT", f"/BET/{INVOICES}/DE/ALF/REC-1", lambda _, told=told: told)  # type: ignore[misc]
            assert alfa.call("PUT", url, RECORD, to="NL-BET").status == status


class TestCallback:
    @pytest.mark.django_db(transaction=True)
    def test_of_a_custom_module_comes_back_as_it_was_posted(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        serving(alfa, stub, "nltnm-tokens", "RECEIVER")
        stub.answer("POST", "/ALF/nltnm-tokens/sync")
        stub.answer("POST", "/mine")
        asked = {"response_url": f"{stub.url}/mine?x=%2F", "since": "2026-10-01"}
        assert beta.call("POST", f"{RECEIVER}/nltnm-tokens/sync", asked, to="DE-ALF").status == (200, 1000)
        told = stub.heard[0].json
        assert told == {**asked, "response_url": told["response_url"]}
        assert told["response_url"].startswith(f"{settings.HUB_PUBLIC_URL}/ocpi/callbacks/")
        callback = urlsplit(told["response_url"]).path
        assert alfa.call("POST", callback, {"any": ["thing", 1.25]}).status == (200, 1000)
        assert beta.call("POST", callback, {"any": "thing"}).status == (404, 2000)
        assert drain() == {"delivered": 1}
        assert (stub.heard[-1].path, stub.heard[-1].json) == ("/mine?x=%2F", {"any": ["thing", 1.25]})

    def test_must_lie_at_the_senders_own_host(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        serving(alfa, stub, "nltnm-tokens", "RECEIVER")
        reply = beta.call("POST", f"{RECEIVER}/nltnm-tokens", {"response_url": "http://elsewhere.example/"}, to="DE-ALF")
        assert (reply.status, "response_url" in reply.message, stub.heard) == ((200, 2001), True, [])


class TestRefusals:
    @pytest.mark.parametrize("to", [None, HUB])
    def test_without_a_receiver_is_2001(self, alfa: Caller, beta: Caller, to: Any) -> None:
        assert alfa.call("POST", f"{RECEIVER}/{INVOICES}", RECORD, to=to).status == (200, 2001)

    def test_an_agreement_that_does_not_name_the_module_is_4001(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        gamma = on_2_3_0(caller.provider("FR-GAM", at=stub.host))
        an_agreement()  # of everyone with everyone, about every module that the hub reads
        serving(gamma, stub, INVOICES, "RECEIVER")
        assert alfa.call("POST", f"{RECEIVER}/{INVOICES}", RECORD, to="FR-GAM").status == (200, 4001)
        assert alfa.call("POST", f"{RECEIVER}/payments/terminals", {}, to="NL-BET").status == (200, 4001)
        assert stub.heard == []

    def test_a_receiver_that_does_not_serve_the_module_is_4003(self, alfa: Caller, beta: Caller) -> None:
        assert alfa.call("POST", f"{RECEIVER}/{INVOICES}", RECORD, to="NL-BET").status == (200, 4003)

    def test_another_partys_objects(self, alfa: Caller, beta: Caller) -> None:
        assert alfa.call("PUT", f"{RECEIVER}/{INVOICES}/NL/BET/REC-1", RECORD, to="NL-BET").status == (404, 2000)
        assert alfa.call("POST", f"{RECEIVER}/{INVOICES}", {**RECORD, "party_id": "BET"}, to="NL-BET").status == (200, 2001)

    @pytest.mark.parametrize("path", ["/ocpi/2.2.1/receiver/bookings", f"{RECEIVER}/dance", "/ocpi/2.1.1/receiver/nltnm-tokens"])
    def test_a_module_that_the_version_does_not_have_is_404(self, alfa: Caller, beta: Caller, path: str) -> None:
        assert alfa.call("POST", path, {}, to="NL-BET").status == (404, 2000)

    def test_a_body_that_is_no_json_is_400(self, alfa: Caller, beta: Caller) -> None:
        assert alfa.call("POST", f"{RECEIVER}/nltnm-tokens", raw=b'{"a": NaN}', to="NL-BET").status == (400, 2001)


class TestOwnList:
    @pytest.fixture(autouse=True)
    def three_records(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The hub keeps three records of NL-BET and none of anybody else."""

        def read(asked: Asked) -> Kept:
            records = [{**RECORD, "id": f"REC-{number}"} for number in range(3)] if asked.party.party_id == "BET" else []
            return Kept(records[asked.offset : asked.offset + asked.limit], len(records))

        monkeypatch.setitem(_kept, INVOICES, read)

    def test_of_the_hub_is_answered_by_the_hub_page_by_page(self, alfa: Caller, beta: Caller) -> None:
        first = beta.call("GET", f"{SENDER}/{INVOICES}?limit=2", to=HUB)
        assert ([record["id"] for record in first.data], first.headers["X-Total-Count"]) == (["REC-0", "REC-1"], "3")
        assert first.headers["OCPI-from-party-id"] == "HUB"
        link = first.headers["Link"].partition(">")[0][1:].removeprefix(settings.HUB_PUBLIC_URL)
        last = beta.call("GET", link)
        assert ([record["id"] for record in last.data], "Link" in last.headers) == (["REC-2"], False)
        assert alfa.call("GET", f"{SENDER}/{INVOICES}", to=HUB).data == []
        assert beta.call("GET", f"{SENDER}/{INVOICES}?limit=0", to=HUB).status == (200, 2001)
        assert beta.call("POST", f"{RECEIVER}/{INVOICES}", {**RECORD, "country_code": "NL", "party_id": "BET"}, to=HUB).status == (
            200,
            2001,
        )

    def test_is_shown_to_a_partner_that_serves_the_module(self, stub: StubPartner, db: None) -> None:
        gamma = on_2_3_0(caller.provider("FR-GAM", at=stub.host))
        serving(gamma, stub, INVOICES, "RECEIVER")
        listed = {endpoint["identifier"] for endpoint in gamma.call("GET", "/ocpi/2.3.0").data["endpoints"]}
        assert INVOICES in listed


class TestToTheHub:
    @pytest.mark.django_db(transaction=True)
    def test_a_place_that_can_be_booked_is_told_to_every_partner_and_a_booking_to_none(
        self, alfa: Caller, beta: Caller, stub: StubPartner
    ) -> None:
        serving(beta, stub, "Booking", "RECEIVER")
        place = f"{RECEIVER}/bookings/DE/ALF/booking_locations/BL-1"
        stub.answer("PUT", "/BET/Booking/DE/ALF/booking_locations/BL-1")
        stub.answer("PATCH", "/BET/Booking/DE/ALF/booking_locations/BL-1/CAL-1")
        whole = {"id": "BL-1", "slots": [1.25], "party_id": "ALF"}
        assert alfa.call("PUT", place, whole, to=HUB).status == (200, 1000)
        assert alfa.call("PATCH", f"{place}/CAL-1", {"free": 2}, to=HUB).status == (200, 1000)
        assert alfa.call("PUT", f"{RECEIVER}/bookings/DE/ALF/B-1", {"id": "B-1"}, to=HUB).status == (200, 2001)
        assert beta.call("PUT", place, whole, to=HUB).http == 404
        assert stub.heard == []
        while drain():
            continue
        assert [(heard.method, heard.json) for heard in stub.heard] == [("PUT", whole), ("PATCH", {"free": 2})]
        assert (stub.heard[0].headers["ocpi-from-party-id"], stub.heard[0].headers["ocpi-to-party-id"]) == ("HUB", "BET")


class TestDetails:
    def test_list_what_an_agreement_names_in_the_partners_spelling(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        serving(beta, stub, "Booking", "RECEIVER")

        def extra(who: Caller, version: str) -> set[str]:
            listed = {endpoint["identifier"] for endpoint in who.call("GET", f"/ocpi/{version}").data["endpoints"]}
            return listed & {INVOICES, "bookings", "Booking", "payments", "nltnm-tokens"}

        assert extra(alfa, "2.3.0") == {INVOICES, "bookings", "nltnm-tokens"}
        assert extra(beta, "2.3.0") == {INVOICES, "Booking", "nltnm-tokens"}
        assert extra(alfa, "2.2.1") == {"nltnm-tokens"}
        assert extra(caller.provider("FR-GAM"), "2.3.0") == set()

    def test_a_partner_that_spells_it_otherwise_is_reached(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        serving(beta, stub, "Booking", "RECEIVER")
        stub.answer("PUT", "/BET/Booking/DE/ALF/booking_locations/7")
        assert alfa.call("PUT", f"{RECEIVER}/bookings/DE/ALF/booking_locations/7", {"id": "7"}, to="NL-BET").status == (200, 1000)


@pytest.mark.parametrize(
    ("module", "interface", "path", "methods"),
    [
        (INVOICES, "SENDER", "", "GET"),
        (INVOICES, "RECEIVER", "", "POST"),
        (INVOICES, "RECEIVER", "DE/ALF/1", "DELETE GET PUT"),
        ("payments", "SENDER", "terminals/activate", "POST"),
        ("payments", "SENDER", "terminals/T1", "GET PATCH PUT"),
        ("payments", "SENDER", "terminals/T1/deactivate", "POST"),
        ("payments", "RECEIVER", "financial-advice-confirmations", "POST"),
        ("payments", "RECEIVER", "financial-advice-confirmations/1", "GET"),
        ("bookings", "SENDER", "", "GET POST"),
        ("bookings", "SENDER", "bookinglocations/1/2", "GET"),
        ("bookings", "RECEIVER", "DE/ALF/booking_locations/1", "GET PATCH PUT"),
        ("bookings", "RECEIVER", "DE/ALF/B-1", "GET PATCH PUT"),
        ("nltnm-tokens", "SENDER", "any/thing", None),
    ],
)
def test_methods_of_every_address(module: str, interface: str, path: str, methods: str | None) -> None:
    place = place_of(module=module, interface=interface, path=path.split("/") if path else [])
    assert (sorted(place.methods) if place.methods is not None else None) == (methods.split() if methods else None)


@pytest.mark.parametrize(("module", "versions"), [("bookings", {"2.3.0"}), ("a-b", {"2.2.1", "2.3.0"}), ("ab", set()), ("a-" * 17, set())])
def test_versions_that_carry_a_module(module: str, versions: set[str]) -> None:
    assert {version for version in ("2.1.1", "2.2.1", "2.3.0") if passes(module=module, version=version)} == versions


def test_an_na_method_is_405_and_names_those_there_are(alfa: Caller, beta: Caller) -> None:
    reply = alfa.call("PATCH", f"{RECEIVER}/{INVOICES}/DE/ALF/REC-1", RECORD, to="NL-BET")
    assert (reply.status, reply.headers["Allow"]) == ((405, 2000), "DELETE, GET, PUT")
