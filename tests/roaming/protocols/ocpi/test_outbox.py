"""What leaves for an OCPI receiver through the outbox, and what its answers mean."""

from typing import Any

import pytest

from roaming.canonical import PartyId, Role
from roaming.deliveries.drain import drain
from roaming.deliveries.models import Delivery
from roaming.egress.calls import Answer
from roaming.gateways import Outcome, Parcel
from roaming.parties import directory
from roaming.parties.models import Platform
from roaming.protocols.ocpi.gateway import OcpiGateway
from tests.builders.parties import an_agreement
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import a_message, as_json
from tests.wire.stub_partner import StubPartner, envelope

pytestmark = [pytest.mark.django_db(transaction=True)]

RECEIVER = "/ocpi/2.2.1/receiver"
AT_STUB = "/ocpi/2.2.1"


@pytest.fixture
def alfa(transactional_db: None) -> Caller:
    """The operator DE-ALF."""
    return caller.operator("DE-ALF")


@pytest.fixture
def beta(transactional_db: None, stub: StubPartner) -> Caller:
    """The provider NL-BET at the stub, with an agreement."""
    beta = caller.provider("NL-BET", at=stub.host)
    an_agreement()
    return beta


class TestLetters:
    def test_a_session_and_its_cdr_leave_from_their_operator(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("PUT", f"{AT_STUB}/sessions/DE/ALF/SESSION-1")
        stub.answer("POST", f"{AT_STUB}/cdrs", status=201)
        alfa.call("PUT", f"{RECEIVER}/sessions/DE/ALF/SESSION-1", a_message("session"), to="NL-BET")
        alfa.call("POST", f"{RECEIVER}/cdrs", a_message("cdr"), to=HUB)
        assert drain() == {"delivered": 2}
        assert {heard.headers["ocpi-from-party-id"] for heard in stub.heard} == {"ALF"}
        assert [heard.json for heard in stub.heard_at("PUT", f"{AT_STUB}/sessions/DE/ALF/SESSION-1")] == [as_json(a_message("session"))]
        assert [heard.json for heard in stub.heard_at("POST", f"{AT_STUB}/cdrs")] == [as_json(a_message("cdr"))]

    def test_a_patch_leaves_as_a_patch(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("PUT", f"{AT_STUB}/locations/DE/ALF/LOC-1")
        stub.answer("PATCH", f"{AT_STUB}/locations/DE/ALF/LOC-1/EVSE-1")
        alfa.call("PUT", f"{RECEIVER}/locations/DE/ALF/LOC-1", a_message("location"), to=HUB)
        drain()
        changes = {"status": "CHARGING", "last_updated": "2026-09-03T08:00:00Z"}
        alfa.call("PATCH", f"{RECEIVER}/locations/DE/ALF/LOC-1/EVSE-1", changes, to=HUB)
        drain()
        assert [heard.json for heard in stub.heard_at("PATCH", f"{AT_STUB}/locations/DE/ALF/LOC-1/EVSE-1")] == [changes]

    def test_a_receiver_that_never_had_the_object_gets_the_whole(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("PUT", f"{AT_STUB}/locations/DE/ALF/LOC-1")
        alfa.call("PUT", f"{RECEIVER}/locations/DE/ALF/LOC-1", a_message("location"), to=HUB)
        drain()
        stub.heard.clear()
        alfa.call(
            "PATCH", f"{RECEIVER}/locations/DE/ALF/LOC-1/EVSE-1", {"status": "CHARGING", "last_updated": "2026-09-03T08:00:00Z"}, to=HUB
        )
        assert drain() == {"retried": 1}  # the stub has no such object: 404
        Delivery.objects.filter(state="waiting").update(not_before="2026-01-01T00:00:00Z")
        assert drain() == {"delivered": 1}
        [whole] = stub.heard_at("PUT", f"{AT_STUB}/locations/DE/ALF/LOC-1")
        assert whole.json["evses"][0]["status"] == "CHARGING"

    def test_a_token_leaves_with_its_type(self, beta: Caller, stub: StubPartner) -> None:
        alfa = caller.operator("FR-OMI", at=stub.host)
        stub.answer("PUT", f"{AT_STUB}/tokens/NL/BET/04A2B3C4D5E6F7")
        beta.call("PUT", f"{RECEIVER}/tokens/NL/BET/04A2B3C4D5E6F7", a_message("token"), to=HUB)
        assert drain() == {"delivered": 1}
        assert stub.heard[0].path.endswith("?type=RFID")
        assert stub.heard[0].headers["ocpi-to-party-id"] == alfa.key.party_id

    def test_a_raw_token_leaves_where_the_partner_wants_it_so(self, alfa: Caller, beta: Caller, stub: StubPartner) -> None:
        Platform.objects.filter(id=beta.platform.id).update(profile={"token_encoding": "raw"})
        stub.answer("PUT", f"{AT_STUB}/tariffs/DE/ALF/AC-1")
        alfa.call("PUT", f"{RECEIVER}/tariffs/DE/ALF/AC-1", a_message("tariff"), to=HUB)
        drain()
        assert stub.heard[0].headers["authorization"] == "Token token-of-the-hub-at-NLBET"


class TestJudge:
    @pytest.mark.parametrize(
        ("verb", "attempts", "status", "body", "kind"),
        [
            ("put", 0, 200, 1000, "delivered"),
            ("put", 0, 201, 1001, "delivered"),
            ("put", 0, 200, b"", "delivered"),
            ("put", 0, 200, b"<html>", "retry"),
            ("put", 0, 200, 2001, "rejected"),
            ("put", 0, 200, 3000, "retry"),
            ("put", 0, 404, b"", "rejected"),
            ("put", 0, 401, b"", "retry"),
            ("put", 0, 500, b"", "retry"),
            ("put", 0, 502, 1000, "retry"),
            ("post", 3, 200, 2001, "rejected"),
            ("patch", 0, 404, 2000, "retry"),
            ("patch", 0, 200, 2001, "retry"),
            ("patch", 0, 404, b"", "retry"),
            ("patch", 1, 200, 2001, "rejected"),
        ],
    )
    def test_reads_both_layers(self, beta: Caller, verb: str, attempts: int, status: int, body: Any, kind: str) -> None:
        told = body if isinstance(body, bytes) else envelope(code=body).body
        assert judge(beta, Answer(status=status, headers={}, body=told, duration_ms=1), verb=verb, attempts=attempts).kind == kind

    @pytest.mark.parametrize(("told", "seconds"), [("120", 120.0), ("99999", 3600.0), ("soon", None), ("", None)])
    def test_waits_as_long_as_the_receiver_asks_up_to_an_hour(self, beta: Caller, told: str, seconds: float | None) -> None:
        outcome = judge(beta, Answer(status=429, headers={"retry-after": told}, body=b"", duration_ms=1))
        assert (outcome.kind, outcome.retry_after_seconds) == ("retry", seconds)


def judge(receiver: Caller, answer: Answer, *, verb: str = "put", attempts: int = 0) -> Outcome:
    """This function will let the gateway judge an answer about a location."""
    table = directory.current()
    platform, party = table.platform(receiver.platform.id), table.party(receiver.key)
    assert platform is not None
    assert party is not None
    parcel = Parcel(
        id=1,
        platform=platform,
        receiver=party,
        receiver_role=Role.EMSP,
        sender=PartyId("DE", "HUB"),
        is_broadcast=True,
        module="locations",
        verb=verb,
        object_type="location",
        object_row=1,
        object_path="",
        payload=None,
        correlation_id="c",
        attempts=attempts,
        is_merged=False,
    )
    return OcpiGateway(platform).judge(parcel, answer)
