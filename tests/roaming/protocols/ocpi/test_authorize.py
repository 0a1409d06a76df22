"""POST tokens/{uid}/authorize: the provider's word, or the true reason why there is none."""

from typing import Any

import pytest

from roaming.authorizations.models import Authorization
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import a_message, as_json
from tests.wire.stub_partner import StubPartner, Told, envelope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everyone_roams")]

UID = "04A2B3C4D5E6F7"
URL = f"/ocpi/2.2.1/sender/tokens/{UID}/authorize"
AT_STUB = f"/ocpi/2.2.1/tokens/{UID}/authorize"
PLACE = {"location_id": "LOC-1", "evse_uids": ["EVSE-1"]}


def decision(allowed: str = "ALLOWED", **over: Any) -> dict[str, Any]:
    return {"allowed": allowed, "token": as_json(a_message("token")), "authorization_reference": "AUTH-77", **over}


class TestAddressedToTheProvider:
    def test_needs_no_body(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        stub.answer("POST", AT_STUB, decision())
        assert alfa.call("POST", URL, to="NL-BET").status == (200, 1000)
        assert stub.heard[0].body == b""

    @pytest.mark.parametrize(
        ("told", "status"),
        [
            (envelope(code=2004, status=404), (404, 2004)),
            (Told(status=404, body=b"nothing"), (404, 2004)),
            (envelope(code=2004), (404, 2004)),
            (envelope(code=2002, message="where?"), (200, 2002)),
            (envelope(code=3000), (200, 3000)),
            (Told(status=401), (200, 4003)),
            (Told(status=500, body=b"<html>ALLOWED</html>"), (200, 4000)),
            (Told(body=b""), (200, 4000)),
            (envelope({"allowed": "ALLOWED"}), (200, 4000)),
            (envelope({"allowed": "PERHAPS", "token": as_json(a_message("token"))}), (200, 4000)),
            (envelope({"allowed": "ALLOWED", "token": as_json(a_message("token", uid="ANOTHER"))}), (200, 4000)),
            (envelope({"allowed": "ALLOWED", "token": as_json(a_message("token", party_id="GAM"))}), (200, 4000)),
            (envelope(decision(), status=500), (200, 4000)),
            (Told(body=b'{"status_code": 1000, "data": {"allowed": "ALLOWED"'), (200, 4000)),
            (Told(status=302, headers={"Location": "http://127.0.0.2/"}), (200, 4000)),
        ],
    )
    def test_what_is_no_word_never_becomes_one(
        self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner, told: Told, status: tuple[int, int]
    ) -> None:
        stub.answer_by("POST", AT_STUB, lambda _: told)
        reply = alfa.call("POST", URL, PLACE, to="NL-BET")
        assert reply.status == status
        assert reply.data is None
        assert Authorization.objects.count() == 1

    def test_the_same_request_again_gets_the_same_answer_from_one_forward(
        self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner
    ) -> None:
        stub.answer("POST", AT_STUB, decision())
        first, second = alfa.call("POST", URL, PLACE, to="NL-BET"), alfa.call("POST", URL, PLACE, to="NL-BET")
        assert first.data == second.data
        assert len(stub.heard) == 1

    def test_another_question_under_the_same_request_id_is_2001(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        stub.answer("POST", AT_STUB, decision())
        alfa.call("POST", URL, PLACE, to="NL-BET")
        assert alfa.call("POST", URL, {"location_id": "LOC-2"}, to="NL-BET").status == (200, 2001)

    def test_an_unknown_provider_is_4001(self, alfa: Caller) -> None:
        assert alfa.call("POST", URL, PLACE, to="XX-NIX").status == (200, 4001)


class TestOpenRouting:
    def test_decides_here_where_the_provider_lets_it(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        beta_at_stub.call("PUT", f"/ocpi/2.2.1/receiver/tokens/NL/BET/{UID}", a_message("token", whitelist="ALWAYS"), to=HUB)
        reply = alfa.call("POST", URL, PLACE)
        assert (reply.status, reply.data["allowed"], reply.data["token"]["uid"]) == ((200, 1000), "ALLOWED", UID)
        assert not stub.heard_at("POST", AT_STUB)

    def test_the_first_yes_of_several_providers_counts(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        caller.provider("FR-GAM")  # its host is nobody's
        stub.answer("POST", AT_STUB, decision())
        assert alfa.call("POST", URL, PLACE).data["allowed"] == "ALLOWED"


class TestBadRequests:
    @pytest.mark.parametrize(
        ("url", "body", "named"),
        [
            (URL, {"evse_uids": ["EVSE-1"]}, "location_id"),
            (URL, {"location_id": 5}, "location_id"),
            (URL, [], "body"),
            (f"{URL}?type=CARD", None, "type"),
            (f"/ocpi/2.2.1/sender/tokens/{'x' * 37}/authorize", None, "token_uid"),
            ("/ocpi/2.2.1/sender/tokens/%C3%A4/authorize", None, "token_uid"),
            ("/ocpi/2.2.1/sender/tokens/%00/authorize", None, "token_uid"),
        ],
    )
    def test_are_2001_and_named(self, alfa: Caller, url: str, body: Any, named: str) -> None:
        reply = alfa.call("POST", url, body)
        assert reply.status == (200, 2001)
        assert named in reply.message

    def test_no_json_is_400(self, alfa: Caller) -> None:
        assert alfa.call("POST", URL, raw=b"{bad").status == (400, 2001)

    def test_a_provider_may_not_ask(self, beta: Caller) -> None:
        assert beta.call("POST", URL, PLACE).status == (404, 2000)

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
    def test_other_methods_are_405(self, alfa: Caller, method: str) -> None:
        assert alfa.call(method, URL, {}).status == (405, 2000)

    def test_a_uid_with_a_slash_stays_whole(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        stub.answer("POST", "/ocpi/2.2.1/tokens/A%2FB/authorize", decision(token=as_json(a_message("token", uid="A/B"))))
        path = "/ocpi/2.2.1/sender/tokens/A%2FB/authorize"
        assert alfa.call("POST", path, to="NL-BET", raw_path=path).status == (200, 1000)
