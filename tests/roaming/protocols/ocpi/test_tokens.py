"""Tokens: PUT, PATCH, GET, list."""

from typing import Any

import pytest

from roaming.deliveries.models import Delivery
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import a_message, as_json
from tests.wire.stub_partner import StubPartner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everyone_roams")]

UID = "04A2B3C4D5E6F7"
URL = f"/ocpi/2.2.1/receiver/tokens/NL/BET/{UID}"
LIST = "/ocpi/2.2.1/sender/tokens"
AT_STUB = f"/ocpi/2.2.1/tokens/NL/BET/{UID}"


def token(**over: Any) -> dict[str, Any]:
    return a_message("token", **over)


class TestPut:
    def test_goes_to_operators_and_to_no_provider(self, alfa: Caller, beta: Caller) -> None:
        caller.provider("FR-GAM")
        assert beta.call("PUT", URL, token(), to=HUB).status == (201, 1000)
        assert [row.receiver.party_id for row in Delivery.objects.all()] == ["ALF"]

    def test_the_type_may_be_left_out_of_the_address(self, beta: Caller) -> None:
        assert beta.call("PUT", URL, token(type="APP_USER"), to=HUB).status == (201, 1000)

    def test_a_type_that_contradicts_the_address_is_2001(self, beta: Caller) -> None:
        reply = beta.call("PUT", f"{URL}?type=OTHER", token(), to=HUB)
        assert reply.status == (200, 2001)
        assert "type" in reply.message
        assert beta.call("PUT", f"{URL}?type=CARD", token(), to=HUB).status == (200, 2001)

    def test_to_one_operator_is_forwarded_with_its_type(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("PUT", AT_STUB, status=201)
        assert beta.call("PUT", URL, token(), to="DE-ALF").status == (201, 1000)
        assert stub.heard[0].path == f"{AT_STUB}?type=RFID"
        assert stub.heard[0].json == as_json(token())

    def test_never_says_a_uid_back(self, beta: Caller) -> None:
        reply = beta.call("PUT", URL, token(uid="SECRET-" + "x" * 40, contract_id="SECRET-" + "y" * 40), to=HUB)
        assert reply.status == (200, 2001)
        assert "SECRET" not in reply.message

    def test_an_operator_may_not_push_tokens(self, alfa: Caller) -> None:
        body = token(country_code="DE", party_id="ALF")
        assert alfa.call("PUT", f"/ocpi/2.2.1/receiver/tokens/DE/ALF/{UID}", body, to=HUB).status == (404, 2000)

    def test_of_another_provider_is_404(self, beta: Caller) -> None:
        caller.provider("FR-GAM")
        assert beta.call("PUT", f"/ocpi/2.2.1/receiver/tokens/FR/GAM/{UID}", token(), to=HUB).status == (404, 2000)


class TestPatch:
    def test_merges_and_is_queued_as_it_is(self, alfa: Caller, beta: Caller) -> None:
        beta.call("PUT", URL, token(), to=HUB)
        changes = {"valid": False, "last_updated": "2026-09-02T08:00:00Z"}
        assert beta.call("PATCH", URL, changes, to=HUB).status == (200, 1000)
        assert beta.call("GET", URL, to=HUB).data == token(valid=False, last_updated="2026-09-02T08:00:00Z")
        assert Delivery.objects.get(verb="patch").payload == changes

    def test_of_an_unknown_token_is_404(self, beta: Caller) -> None:
        assert beta.call("PATCH", URL, {"valid": False, "last_updated": "2026-09-02T08:00:00Z"}, to=HUB).status == (404, 2000)

    @pytest.mark.parametrize("field", [{"uid": "OTHER"}, {"type": "OTHER"}, {"party_id": "GAM"}])
    def test_may_not_rename_the_token(self, beta: Caller, field: dict[str, str]) -> None:
        beta.call("PUT", URL, token(), to=HUB)
        reply = beta.call("PATCH", URL, {**field, "last_updated": "2026-09-02T08:00:00Z"}, to=HUB)
        assert reply.status == (200, 2001)

    def test_to_one_operator_is_forwarded(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> None:
        stub.answer("PATCH", AT_STUB)
        body = {"visual_number": None, "valid": False, "last_updated": "2026-09-02T08:00:00Z"}
        assert beta.call("PATCH", URL, body, to="DE-ALF").status == (200, 1000)
        assert stub.heard[0].json == body


class TestList:
    def test_holds_the_tokens_of_every_partner(self, alfa: Caller, beta: Caller) -> None:
        beta.call("PUT", URL, token(), to=HUB)
        reply = alfa.call("GET", LIST, to=HUB)
        assert reply.data == [token()]
        assert reply.headers["X-Total-Count"] == "1"

    def test_is_for_operators(self, beta: Caller) -> None:
        assert beta.call("GET", LIST, to=HUB).status == (404, 2000)

    def test_of_one_provider_is_asked_of_it(self, alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
        stub.answer("GET", "/ocpi/2.2.1/tokens", [as_json(token())])
        assert alfa.call("GET", LIST, to="NL-BET").data == [token()]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_other_methods_are_405(beta: Caller, method: str) -> None:
    assert beta.call(method, URL, {}, to=HUB).status == (405, 2000)
