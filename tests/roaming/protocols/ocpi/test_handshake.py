"""The handshake that the hub starts: `connect_platform`."""

import base64
import json
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from roaming.canonical import PartyId, Role
from roaming.parties import directory
from roaming.parties.invite import invite_platform
from roaming.parties.models import Credential, Platform
from tests.builders.canonical_messages import NOW
from tests.wire.caller import Caller
from tests.wire.stub_partner import Heard, StubPartner, Told, envelope

pytestmark = pytest.mark.django_db

TOKEN_A, TOKEN_C = "token-a-of-the-partner", "token-c-of-the-partner"


@pytest.fixture
def invited(db: None, stub: StubPartner) -> Platform:
    """A provider's platform that will not register itself."""
    invitation = invite_platform(
        name="Beta", parties=[(Role.EMSP, PartyId("NL", "BET"))], protocol="ocpi", allowed_hosts=[stub.host], at=NOW
    )
    stub.serve_versions(("tokens", "SENDER"), ("cdrs", "RECEIVER"))
    return Platform.objects.get(id=invitation.platform.id)


def credentials(stub: StubPartner, party_id: str = "BET") -> dict[str, Any]:
    role = {"role": "EMSP", "country_code": "NL", "party_id": party_id, "business_details": {"name": "Beta"}}
    return {"token": TOKEN_C, "url": f"{stub.url}/ocpi/versions", "roles": [role]}


def connect(invited: Platform, stub: StubPartner, **over: Any) -> dict[str, Any]:
    told = {"platform": invited.id, "versions_url": f"{stub.url}/ocpi/versions", "token": TOKEN_A, **over}
    output = StringIO()
    call_command("connect_platform", **told, json=True, stdout=output)
    answer: dict[str, Any] = json.loads(output.getvalue())
    return answer


class TestConnect:
    def test_connects_with_the_partners_token_a_and_keeps_token_c(self, invited: Platform, stub: StubPartner) -> None:
        stub.answer("POST", "/ocpi/2.2.1/credentials", credentials(stub))
        assert connect(invited, stub) == {"platform": invited.id, "version": "2.2.1", "status": "CONNECTED"}
        assert [(heard.method, heard.path) for heard in stub.heard] == [
            ("GET", "/ocpi/versions"),
            ("GET", "/ocpi/2.2.1"),
            ("POST", "/ocpi/2.2.1/credentials"),
        ]
        presented = "Token " + base64.b64encode(TOKEN_A.encode()).decode()
        assert {heard.headers["authorization"] for heard in stub.heard} == {presented}
        entry = directory.current().platform(invited.id)
        assert entry is not None
        assert (entry.outbound_token, entry.status, entry.version) == (TOKEN_C, "CONNECTED", "2.2.1")

    def test_sends_credentials_of_the_hub_alone(self, invited: Platform, stub: StubPartner) -> None:
        stub.answer("POST", "/ocpi/2.2.1/credentials", credentials(stub))
        connect(invited, stub)
        sent = stub.heard[-1].json
        assert sent["url"] == f"{settings.HUB_PUBLIC_URL}/ocpi/versions"
        assert [(role["role"], role["party_id"]) for role in sent["roles"]] == [("HUB", "HUB")]

    @pytest.mark.django_db(transaction=True)
    def test_token_b_is_good_while_the_partner_answers_and_afterwards(self, invited: Platform, stub: StubPartner) -> None:
        seen: list[Any] = []

        def answer(heard: Heard) -> Told:
            beta = Caller(key=PartyId("NL", "BET"), platform=invited, token=heard.json["token"])
            seen.extend([beta.call("GET", "/ocpi/versions").status, beta])
            connections.close_all()  # of this thread: the stub answers in one of its own
            return envelope(credentials(stub))

        stub.answer_by("POST", "/ocpi/2.2.1/credentials", answer)
        connect(invited, stub)
        status, beta = seen
        assert status == (200, 1000)
        assert beta.call("GET", "/ocpi/2.2.1/credentials").status == (200, 1000)

    def test_the_first_token_a_of_the_invitation_is_dead_afterwards(self, invited: Platform, stub: StubPartner) -> None:
        stub.answer("POST", "/ocpi/2.2.1/credentials", credentials(stub))
        connect(invited, stub)
        assert not Credential.objects.filter(platform=invited, direction="in", kind="A", expires_at=None).exists()


class TestRefusals:
    @pytest.mark.parametrize(
        "told",
        [
            envelope(code=2001),
            envelope(status=405, code=2000),
            Told(status=401),
            Told(body=b"<html>"),
            envelope({"token": "x"}),
        ],
    )
    def test_a_partner_that_refuses_leaves_the_platform_as_it_was(self, invited: Platform, stub: StubPartner, told: Told) -> None:
        stub.answer_by("POST", "/ocpi/2.2.1/credentials", lambda _: told)
        with pytest.raises(CommandError) as refusal:
            connect(invited, stub)
        assert refusal.value.returncode == 1
        assert "POST credentials" in str(refusal.value)
        invited.refresh_from_db()
        assert (invited.status, invited.version) == ("PLANNED", "")
        assert not Credential.objects.filter(platform=invited, direction="out").exists()

    def test_claims_of_others_are_refused(self, invited: Platform, stub: StubPartner) -> None:
        stub.answer("POST", "/ocpi/2.2.1/credentials", credentials(stub, party_id="GAM"))
        with pytest.raises(CommandError, match="EMSP:NL:GAM"):
            connect(invited, stub)

    def test_a_partner_of_another_version_is_refused(self, invited: Platform, stub: StubPartner) -> None:
        stub.answer("GET", "/ocpi/versions", [{"version": "2.0", "url": f"{stub.url}/ocpi/2.0"}])
        with pytest.raises(CommandError, match=r"2\.0"):
            connect(invited, stub)

    def test_a_host_that_is_not_allowed_is_not_called(self, invited: Platform, stub: StubPartner) -> None:
        with pytest.raises(CommandError, match="not one of the hosts"):
            connect(invited, stub, versions_url="http://127.0.0.2/ocpi/versions")
        assert stub.heard == []

    def test_an_unknown_platform_is_refused(self, invited: Platform, stub: StubPartner) -> None:
        with pytest.raises(CommandError, match="no OCPI platform"):
            connect(invited, stub, platform=10**9)
