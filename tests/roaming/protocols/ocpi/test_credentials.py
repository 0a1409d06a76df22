"""GET, POST, PUT and DELETE credentials: a partner registers, renews and leaves."""

from collections.abc import Iterator
from typing import Any

import pytest

from roaming.canonical import PartyId, Role
from roaming.parties import directory
from roaming.parties.invite import invite_platform
from roaming.parties.models import Credential, Endpoint, Party, Platform
from tests.builders.canonical_messages import NOW
from tests.wire.caller import Caller
from tests.wire.stub_partner import Heard, StubPartner, Told, envelope

pytestmark = pytest.mark.django_db

URL = "/ocpi/2.2.1/credentials"
OPERATOR_MODULES = (("locations", "SENDER"), ("cdrs", "SENDER"), ("tokens", "RECEIVER"))
TOKEN_B = "token-b-of-the-partner"


@pytest.fixture
def invited(db: None, stub: StubPartner) -> Caller:
    """An operator with token A whose versions are served by the stub."""
    return invite("DE-ALF", stub)


def invite(key: str, stub: StubPartner) -> Caller:
    party = PartyId.parse(key)
    invitation = invite_platform(name=f"Platform {key}", parties=[(Role.CPO, party)], protocol="ocpi", allowed_hosts=[stub.host], at=NOW)
    stub.serve_versions(*OPERATOR_MODULES)
    assert invitation.token is not None
    return Caller(key=party, platform=Platform.objects.get(id=invitation.platform.id), token=invitation.token)


def credentials(stub: StubPartner, *, token: str = TOKEN_B, url: str | None = None, **role: Any) -> dict[str, Any]:
    party = {"role": "CPO", "country_code": "DE", "party_id": "ALF", "business_details": {"name": "Alfa Charging"}, **role}
    return {"token": token, "url": url or f"{stub.url}/ocpi/versions", "roles": [party]}


class TestPost:
    def test_keeps_what_the_partner_serves(self, invited: Caller, stub: StubPartner) -> None:
        invited.call("POST", URL, credentials(stub))
        platform = Platform.objects.get(id=invited.platform.id)
        assert (platform.status, platform.version, platform.versions_url) == ("CONNECTED", "2.2.1", f"{stub.url}/ocpi/versions")
        kept = set(Endpoint.objects.filter(platform=platform).values_list("module", "interface"))
        assert kept == {*OPERATOR_MODULES, ("credentials", "SENDER")}
        entry = directory.current().platform(platform.id)
        assert entry is not None
        assert entry.outbound_token == TOKEN_B

    def test_learns_the_name_of_the_company(self, invited: Caller, stub: StubPartner) -> None:
        invited.call("POST", URL, credentials(stub))
        assert Party.objects.get(country_code="DE", party_id="ALF").name == "Alfa Charging"

    def test_may_be_repeated_while_the_answer_may_be_lost(self, invited: Caller, stub: StubPartner) -> None:
        first = invited.call("POST", URL, credentials(stub)).data["token"]
        second = invited.call("POST", URL, credentials(stub)).data["token"]
        assert first != second
        invited.token = first
        assert invited.call("GET", URL).status == (401, 2000)
        invited.token = second
        assert invited.call("GET", URL).status == (200, 1000)

    def test_takes_a_partner_that_reads_raw_tokens_only(self, invited: Caller, stub: StubPartner) -> None:
        versions, details = stub.answers["GET", "/ocpi/versions"], stub.answers["GET", "/ocpi/2.2.1"]
        stub.answer_by("GET", "/ocpi/versions", only_raw(versions))
        stub.answer_by("GET", "/ocpi/2.2.1", only_raw(details))
        assert invited.call("POST", URL, credentials(stub)).status == (200, 1000)
        assert len(stub.heard) == 3  # Base64 once, then raw for both pages
        assert Platform.objects.get(id=invited.platform.id).profile == {"token_encoding": "raw"}  # and for every later call

    def test_party_ids_compare_without_case(self, invited: Caller, stub: StubPartner) -> None:
        assert invited.call("POST", URL, credentials(stub, country_code="de", party_id="alf")).status == (200, 1000)

    def test_names_every_bad_field(self, invited: Caller, stub: StubPartner) -> None:
        reply = invited.call("POST", URL, {"token": "t", "url": "ftp://x", "roles": [{"role": "KING", "party_id": "ALF"}]})
        assert reply.status == (200, 2001)
        for path in ("url", "roles[0].role", "roles[0].country_code", "roles[0].business_details"):
            assert path in reply.message

    @pytest.mark.parametrize("raw", [b"", b"{", b"[1", b'{"token": NaN}'])
    def test_a_body_that_is_no_json_is_400(self, invited: Caller, raw: bytes) -> None:
        assert invited.call("POST", URL, raw=raw).status == (400, 2001)


class TestPostThatFails:
    """Nothing changes, and token A stays good."""

    @pytest.fixture(autouse=True)
    def token_a_stays_good(self, invited: Caller) -> Iterator[None]:
        yield
        assert invited.call("GET", "/ocpi/versions").status == (200, 1000)
        platform = Platform.objects.get(id=invited.platform.id)
        assert (platform.status, platform.version) == ("PLANNED", "")
        assert not Endpoint.objects.filter(platform=platform).exists()
        assert not Credential.objects.filter(platform=platform, direction="out").exists()

    @pytest.mark.parametrize("host", ["127.0.0.2", "internal.example", "2130706433", "[::ffff:127.0.0.2]"])
    def test_a_host_that_nobody_approved_is_3001_and_not_called(self, invited: Caller, stub: StubPartner, host: str) -> None:
        assert invited.call("POST", URL, credentials(stub, url=f"http://{host}/ocpi/versions")).status == (200, 3001)
        assert stub.heard == []

    def test_a_refused_token_b_is_3001(self, invited: Caller, stub: StubPartner) -> None:
        stub.answer("GET", "/ocpi/versions", status=401, code=2000)
        reply = invited.call("POST", URL, credentials(stub))
        assert reply.status == (200, 3001)
        assert TOKEN_B not in reply.message

    @pytest.mark.parametrize(
        "told",
        [
            Told(status=200, body=b"<html>secret</html>"),
            Told(status=200, body=b"{}"),
            Told(status=302, headers={"Location": "http://127.0.0.2/"}),
            Told(status=500, body=b"oops"),
            envelope("no list"),
            envelope([{"version": "2.2.1"}]),
            envelope([], code=3000),
        ],
    )
    def test_garbage_instead_of_versions_is_3001(self, invited: Caller, stub: StubPartner, told: Told) -> None:
        stub.answer_by("GET", "/ocpi/versions", lambda _: told)
        reply = invited.call("POST", URL, credentials(stub))
        assert reply.status == (200, 3001)
        assert "secret" not in reply.message

    def test_details_on_a_foreign_host_is_3001(self, invited: Caller, stub: StubPartner) -> None:
        stub.answer("GET", "/ocpi/versions", [{"version": "2.2.1", "url": "http://127.0.0.2/ocpi/2.2.1"}])
        assert invited.call("POST", URL, credentials(stub)).status == (200, 3001)

    def test_one_endpoint_on_a_foreign_host_is_3001(self, invited: Caller, stub: StubPartner) -> None:
        endpoints = [
            {"identifier": "credentials", "role": "SENDER", "url": f"{stub.url}/ocpi/2.2.1/credentials"},
            {"identifier": "tokens", "role": "RECEIVER", "url": "http://127.0.0.2/tokens"},
        ]
        stub.answer("GET", "/ocpi/2.2.1", {"version": "2.2.1", "endpoints": endpoints})
        reply = invited.call("POST", URL, credentials(stub))
        assert reply.status == (200, 3001)
        assert "tokens RECEIVER" in reply.message


class TestPut:
    @pytest.fixture
    def registered(self, invited: Caller, stub: StubPartner) -> Caller:
        """The operator after its registration."""
        invited.token = invited.call("POST", URL, credentials(stub)).data["token"]
        invited.call("GET", URL)
        stub.heard.clear()
        return invited

    def test_asks_for_the_endpoints_anew(self, registered: Caller, stub: StubPartner) -> None:
        stub.serve_versions(("sessions", "SENDER"))
        registered.call("PUT", URL, credentials(stub))
        kept = set(Endpoint.objects.filter(platform=registered.platform).values_list("module", flat=True))
        assert kept == {"sessions", "credentials"}


class TestDelete:
    def test_kills_both_tokens_and_ends_the_connection(self, alfa: Caller) -> None:
        assert alfa.call("DELETE", URL).status == (200, 1000)
        assert alfa.call("DELETE", URL).status == (401, 2000)
        platform = Platform.objects.get(id=alfa.platform.id)
        assert platform.status != "CONNECTED"
        assert not Endpoint.objects.filter(platform=platform).exists()
        assert not Credential.objects.filter(platform=platform, direction="out").exists()


class TestOtherMethods:
    def test_patch_is_405(self, alfa: Caller) -> None:
        assert alfa.call("PATCH", URL, {}).status == (405, 2000)

    def test_get_repeats_the_token_of_the_request_however_it_was_sent(self, alfa: Caller) -> None:
        assert alfa.call("GET", URL).data["token"] == alfa.token
        assert alfa.call("GET", URL, headers={"Authorization": f"Token {alfa.token}"}).data["token"] == alfa.token


def only_raw(answerer: Any) -> Any:
    def answer(heard: Heard) -> Told:
        if heard.headers["authorization"] != f"Token {TOKEN_B}":
            return Told(status=401)
        told: Told = answerer(heard)
        return told

    return answer
