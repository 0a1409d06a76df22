"""Every flag of a partner's profile, each against a server that speaks so; and what the hub proposes by itself."""

import base64
from typing import Any

import pytest

from roaming.deliveries.drain import drain
from roaming.deliveries.models import Delivery
from roaming.egress.admission import breaker_of
from roaming.exchanges.habits import flush_habits
from roaming.exchanges.losses import flush_losses
from roaming.exchanges.models import CrossingLoss
from roaming.gateways import gateway_for
from roaming.parties import directory
from roaming.parties.models import Platform, ProfileProposal
from tests.builders.parties import a_provider
from tests.conformance.ocpi.words import (
    AT_STUB,
    AUTHORIZE,
    CDRS,
    LOCATION,
    PLACE,
    SENDER,
    TARIFF,
    UID,
    cdr,
    deliver,
    location,
    path_of,
    tariff,
    token,
)
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import as_json
from tests.wire.stub_partner import StubPartner, Told, envelope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everyone_roams")]

LOCATION_AT_STUB = f"{AT_STUB}/locations/DE/ALF/LOC-1"
EVSE_AT_STUB = f"{LOCATION_AT_STUB}/EVSE-1"


def speaks(who: Caller, **flags: Any) -> Caller:
    """This function will set flags of a partner's profile."""
    Platform.objects.filter(id=who.platform.id).update(profile=flags)
    directory.changed()
    return who


def proposed(who: Caller) -> dict[str, tuple[str, int]]:
    """This function will return what the hub proposes of a partner: flag, value and how often it was seen."""
    flush_habits()
    return {row.flag: (row.value, row.count) for row in ProfileProposal.objects.filter(platform=who.platform, state="open")}


class TestTokens:
    def test_are_shown_as_each_step_reads_them(self, beta_at_stub: Caller, alfa: Caller, stub: StubPartner) -> None:
        speaks(beta_at_stub, token_encoding="raw", handshake_token_encoding="base64")
        stub.answer("PUT", LOCATION_AT_STUB)
        alfa.call("PUT", LOCATION, location(), to="NL-BET")
        entry = directory.current().platform(beta_at_stub.platform.id)
        assert entry is not None
        probe = gateway_for(entry).probe()
        assert probe is not None
        assert stub.heard[0].headers["authorization"] == "Token token-of-the-hub-at-NLBET"
        assert probe.headers["Authorization"] == "Token " + base64.b64encode(b"token-of-the-hub-at-NLBET").decode()

    def test_are_learned_per_step_in_the_handshake(self, beta_at_stub: Caller, stub: StubPartner) -> None:
        stub.serve_versions(("locations", "RECEIVER"))
        details = stub.answers["GET", "/ocpi/2.2.1"]
        shown = base64.b64encode(b"token-b-2").decode()
        stub.answer_by("GET", "/ocpi/2.2.1", lambda heard: details(heard) if shown not in heard.headers["authorization"] else Told(401))
        party = {"role": "EMSP", "country_code": "NL", "party_id": "BET", "business_details": {"name": "Beta"}}
        body = {"token": "token-b-2", "url": f"{stub.url}/ocpi/versions", "roles": [party]}
        assert beta_at_stub.call("PUT", "/ocpi/2.2.1/credentials", body).status == (200, 1000)
        learned = Platform.objects.get(id=beta_at_stub.platform.id).profile
        assert learned == {"token_encoding": "raw", "handshake_token_encoding": "base64"}
        assert set(ProfileProposal.objects.values_list("flag", "state")) == {
            ("token_encoding", "confirmed"),
            ("handshake_token_encoding", "confirmed"),
        }


class TestSlash:
    @pytest.mark.parametrize(("slash", "end"), [("always", "/"), ("never", ""), ("as-advertised", "")])
    def test_ends_the_addresses_as_the_partner_wants(
        self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner, slash: str, end: str
    ) -> None:
        speaks(alfa_at_stub, slash=slash)
        beta.call("GET", f"{SENDER}/locations/LOC-1", to="DE-ALF")
        beta.call("GET", f"{SENDER}/locations?limit=5", to="DE-ALF")
        assert [heard.path for heard in stub.heard] == [f"{AT_STUB}/locations/LOC-1{end}", f"{AT_STUB}/locations{end}?limit=5"]

    def test_is_learned_where_the_handshake_is_sent_to_the_other_form(self, beta_at_stub: Caller, stub: StubPartner) -> None:
        stub.serve_versions(("locations", "RECEIVER"))
        stub.answers["GET", "/ocpi/2.2.1/"] = stub.answers["GET", "/ocpi/2.2.1"]
        stub.answer_by("GET", "/ocpi/2.2.1", lambda _: Told(307, headers={"Location": "/ocpi/2.2.1/"}))
        party = {"role": "EMSP", "country_code": "NL", "party_id": "BET", "business_details": {"name": "Beta"}}
        body = {"token": "token-b-2", "url": f"{stub.url}/ocpi/versions", "roles": [party]}
        assert beta_at_stub.call("PUT", "/ocpi/2.2.1/credentials", body).status == (200, 1000)
        assert Platform.objects.get(id=beta_at_stub.platform.id).profile["slash"] == "always"


class TestBodies:
    def test_tell_every_optional_field_where_null_is_wanted(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        speaks(beta_at_stub, optional_fields="null")
        stub.answer("PUT", LOCATION_AT_STUB)
        stub.answer("PATCH", EVSE_AT_STUB)
        alfa.call("PUT", LOCATION, location(name=None, related_locations=None), to=HUB)
        deliver()
        whole = stub.heard[0].json
        assert (whole["name"], whole["related_locations"]) == (None, [])
        assert (whole["suboperator"]["name"], whole["evses"][0]["connectors"][0]["id"]) == ("Alfa Hafen", "1")
        assert whole["coordinates"] == {"latitude": "53.545100", "longitude": "9.966700"}
        alfa.call("PATCH", f"{LOCATION}/EVSE-1", {"status": "CHARGING", "last_updated": "2026-10-05T09:00:00Z"}, to=HUB)
        deliver()
        assert stub.heard[1].json == {"status": "CHARGING", "last_updated": "2026-10-05T09:00:00Z"}
        pulled = beta_at_stub.call("GET", f"{SENDER}/locations", to=HUB).data[0]
        assert pulled["name"] is None

    def test_hold_no_word_above_the_ceiling_and_that_is_counted(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        speaks(beta_at_stub, enums="2.2.1")
        stub.answer("PUT", LOCATION_AT_STUB)
        alfa.call("PUT", LOCATION, location(), to="NL-BET")
        assert stub.heard[0].json["evses"][0]["capabilities"] == ["RFID_READER", "REMOTE_START_STOP_CAPABLE"]
        flush_losses()
        assert CrossingLoss.objects.get(field="capabilities").effect == "dropped"

    @pytest.mark.parametrize(("times", "written"), [("offset", "2026-09-01T08:00:00.250+00:00"), ("whole-seconds", "2026-09-01T08:00:00Z")])
    def test_write_instants_as_the_partner_wants(
        self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner, times: str, written: str
    ) -> None:
        speaks(beta_at_stub, times=times)
        stub.answer("PUT", f"{AT_STUB}/tariffs/DE/ALF/AC-1")
        alfa.call("PUT", TARIFF, tariff(last_updated="2026-09-01T08:00:00.250Z"), to=HUB)
        deliver()
        assert stub.heard[0].json["last_updated"] == written
        assert stub.heard[0].json["elements"][0]["price_components"][0]["price"] == 0.39

    def test_hold_single_objects_in_a_list_for_who_speaks_so(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        stub.answer("POST", f"{AT_STUB}/tokens/{UID}/authorize", [{"allowed": "ALLOWED", "token": as_json(token())}])
        assert alfa.call("POST", AUTHORIZE, PLACE, to="NL-BET").data["allowed"] == "ALLOWED"
        assert proposed(beta_at_stub)["objects"] == ("listed", 1)
        alfa.call("PUT", LOCATION, location(), to=HUB)
        speaks(beta_at_stub, objects="listed")
        assert [item["id"] for item in beta_at_stub.call("GET", f"{SENDER}/locations/LOC-1", to=HUB).data] == ["LOC-1"]
        assert [item["id"] for item in beta_at_stub.call("GET", f"{SENDER}/locations", to=HUB).data] == ["LOC-1"]


class TestPushes:
    def test_go_whole_to_a_partner_without_patch_and_the_first_refusal_is_noted(
        self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner
    ) -> None:
        stub.answer("PUT", LOCATION_AT_STUB)
        stub.answer("PUT", EVSE_AT_STUB)
        stub.answer_raw("PATCH", EVSE_AT_STUB, b"no", status=405)
        alfa.call("PUT", LOCATION, location(), to=HUB)
        deliver()
        for hour in (9, 10):
            alfa.call("PATCH", f"{LOCATION}/EVSE-1", {"status": "CHARGING", "last_updated": f"2026-10-05T{hour:02}:00:00Z"}, to=HUB)
            while deliver()["retried"]:
                pass
            speaks(beta_at_stub, changes="put")
        assert [heard.method for heard in stub.heard] == ["PUT", "PATCH", "PUT", "PUT"]
        assert proposed(beta_at_stub)["changes"] == ("put", 1)

    @pytest.mark.django_db(transaction=True)
    def test_that_fail_are_sent_again_unless_the_partner_follows_ocpis_advice(
        self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner
    ) -> None:
        for method, path in (("PUT", LOCATION_AT_STUB), ("PUT", f"{AT_STUB}/tariffs/DE/ALF/AC-1"), ("POST", f"{AT_STUB}/cdrs")):
            stub.answer(method, path, status=503)
        alfa.call("PUT", LOCATION, location(), to=HUB)
        assert drain() == {"retried": 1}
        speaks(beta_at_stub, queueing="never")
        alfa.call("PUT", TARIFF, tariff(), to=HUB)
        alfa.call("POST", CDRS, cdr())
        assert drain() == {"rejected": 1, "retried": 1}, "a CDR is never given up"
        assert Delivery.objects.get(module="tariffs").answer.startswith("not sent again, as this partner asks")
        shut = breaker_of(beta_at_stub.platform.pk)
        while not shut.is_open:
            shut.report(is_good=False, is_probe=False)
        alfa.call("PUT", TARIFF, tariff(last_updated="2026-10-05T11:00:00Z"), to=HUB)
        assert drain() == {"rejected": 2}, "the tariff, and the location of before: they would be sent when the platform is back"
        assert Delivery.objects.filter(state="waiting").get().module == "cdrs"


class TestRequests:
    def test_without_a_sender_are_of_the_party_that_the_profile_names(self, beta: Caller) -> None:
        a_provider("NL-ZET", platform=beta.platform)
        none: dict[str, str | None] = {"OCPI-from-country-code": None, "OCPI-from-party-id": None}
        assert beta.call("GET", f"{SENDER}/locations", to=HUB, headers=none).status == (200, 2001)
        speaks(beta, missing_sender="NL-ZET")
        reply = beta.call("GET", f"{SENDER}/locations", to=HUB, headers=none)
        assert (reply.status, reply.headers["OCPI-to-party-id"]) == ((200, 1000), "ZET")

    def test_without_a_sender_are_noted(self, beta: Caller) -> None:
        none: dict[str, str | None] = {"OCPI-from-country-code": None, "OCPI-from-party-id": None}
        for _ in range(2):
            assert beta.call("GET", f"{SENDER}/locations", to=HUB, headers=none).status == (200, 1000)
        assert proposed(beta) == {"missing_sender": ("NL-BET", 2)}

    def test_for_a_list_without_a_receiver_may_mean_the_hub(self, beta: Caller) -> None:
        assert beta.call("GET", f"{SENDER}/locations").status == (200, 2001)
        assert proposed(beta) == {"missing_receiver": ("hub", 1)}
        assert speaks(beta, missing_receiver="hub").call("GET", f"{SENDER}/locations").status == (200, 1000)

    def test_to_patch_without_a_stamp_may_be_taken(self, alfa: Caller) -> None:
        alfa.call("PUT", LOCATION, location(), to=HUB)
        assert alfa.call("PATCH", f"{LOCATION}/EVSE-1", {"status": "CHARGING"}, to=HUB).status == (200, 2001)
        assert proposed(alfa) == {"patch_stamp": ("optional", 1)}
        speaks(alfa, patch_stamp="optional")
        assert alfa.call("PATCH", f"{LOCATION}/EVSE-1", {"status": "CHARGING"}, to=HUB).status == (200, 1000)


class TestPages:
    def test_are_no_larger_than_the_partner_gives_and_lead_on(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
        page = [as_json(location(id=f"LOC-{number}")) for number in (1, 2)]
        stub.answer_by("GET", f"{AT_STUB}/locations", lambda _: envelope(page, headers={"X-Limit": "2", "X-Total-Count": "9"}))
        beta.call("GET", f"{SENDER}/locations?limit=100", to="DE-ALF")
        assert proposed(alfa_at_stub) == {"page_size": ("2", 1)}
        speaks(alfa_at_stub, page_size=2)
        reply = beta.call("GET", f"{SENDER}/locations?limit=100", to="DE-ALF")
        assert "limit=2" in stub.heard[-1].path
        beta.call("GET", path_of(reply.headers["Link"]))
        assert "offset=2" in stub.heard[-1].path


def test_a_proposal_says_when_and_in_which_message(beta: Caller) -> None:
    caller.operator("FR-OMI")
    beta.call("GET", f"{SENDER}/locations")
    flush_habits()
    [row] = ProfileProposal.objects.all()
    assert (row.correlation_id, row.evidence) == ("correlation-1", "a list asked without OCPI-to headers")
