"""Commands: to the operator with the hub's address for the result, and the result back to the provider."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from roaming.deliveries.models import Delivery
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import a_message, as_json
from tests.wire.stub_partner import StubPartner, Told, envelope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everyone_roams")]

URL = "/ocpi/2.2.1/receiver/commands"
AT_STUB = "/ocpi/2.2.1/commands"
ACCEPTED = {"result": "ACCEPTED", "timeout": 30}


@pytest.fixture
def beta(db: None) -> Caller:
    """The provider NL-BET, which takes results at its own host."""
    return caller.provider("NL-BET", at="beta.example")


def start(**over: Any) -> dict[str, Any]:
    body = {"response_url": "http://beta.example/results/1?x=%2F", "token": as_json(a_message("token")), "location_id": "LOC-1"}
    return {**body, "evse_uid": "EVSE-1", **over}


class TestPost:
    @pytest.mark.parametrize("path", [f"{URL}/START_SESSION", f"{URL}//START_SESSION", f"{URL}START_SESSION", f"{URL}/START_SESSION/"])
    def test_takes_every_joint(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner, path: str) -> None:
        stub.answer("POST", f"{AT_STUB}/START_SESSION", ACCEPTED)
        assert beta.call("POST", path, start(), to="DE-ALF").status == (200, 1000)

    @pytest.mark.parametrize("to", [None, HUB])
    def test_open_routing_finds_the_operator_of_the_location(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner, to: Any) -> None:
        alfa_at_stub.call("PUT", "/ocpi/2.2.1/receiver/locations/DE/ALF/LOC-1", a_message("location"), to=HUB)
        stub.answer("POST", f"{AT_STUB}/START_SESSION", ACCEPTED)
        reply = beta.call("POST", f"{URL}/START_SESSION", start(), to=to)
        assert (reply.status, reply.headers["OCPI-from-party-id"]) == ((200, 1000), "ALF")

    def test_open_routing_of_an_unknown_location_is_2003(self, beta: Caller) -> None:
        assert beta.call("POST", f"{URL}/START_SESSION", start()).status == (200, 2003)

    @pytest.mark.parametrize(
        ("command", "body", "answer"),
        [
            ("STOP_SESSION", {"session_id": "SESSION-9"}, "UNKNOWN_SESSION"),
            ("CANCEL_RESERVATION", {"reservation_id": "R-9"}, "REJECTED"),
        ],
    )
    def test_about_something_unknown_is_answered_here(self, beta: Caller, command: str, body: Any, answer: Any) -> None:
        reply = beta.call("POST", f"{URL}/{command}", {"response_url": "http://beta.example/results/1", **body})
        assert reply.status == (200, 1000)
        assert (reply.data["result"], reply.data["timeout"]) == (answer, 0)

    @pytest.mark.parametrize("command", ["STOP_SESSION", "RESERVE_NOW", "CANCEL_RESERVATION", "UNLOCK_CONNECTOR"])
    def test_every_command_passes(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner, command: str) -> None:
        body = start(
            session_id="SESSION-1",
            reservation_id="R-1",
            expiry_date="2026-10-05T18:00:00Z",
            connector_id="1",
            response_url="http://beta.example/r",
        )
        stub.answer("POST", f"{AT_STUB}/{command}", {"result": "REJECTED", "timeout": 5, "message": [{"language": "en", "text": "No"}]})
        reply = beta.call("POST", f"{URL}/{command}", body, to="DE-ALF")
        assert (reply.status, reply.data["result"], reply.data["message"][0]["text"]) == ((200, 1000), "REJECTED", "No")

    @pytest.mark.parametrize(
        ("told", "code"),
        [
            (envelope(code=2003), 2003),
            (envelope({"result": "PERHAPS", "timeout": 1}), 4000),
            (envelope({"result": "ACCEPTED"}), 4000),
            (Told(status=401), 4003),
            (Told(status=500, body=b"<html>"), 4000),
        ],
    )
    def test_errors_of_the_operator(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner, told: Told, code: int) -> None:
        stub.answer_by("POST", f"{AT_STUB}/START_SESSION", lambda _: told)
        assert beta.call("POST", f"{URL}/START_SESSION", start(), to="DE-ALF").status == (200, code)

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.2/x", "http://elsewhere.example/x", "ftp://beta.example/x", "http://beta.example@127.0.0.2/"]
    )
    def test_an_address_that_is_not_the_providers_own_is_2001(
        self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner, url: str
    ) -> None:
        reply = beta.call("POST", f"{URL}/START_SESSION", start(response_url=url), to="DE-ALF")
        assert reply.status == (200, 2001)
        assert "response_url" in reply.message
        assert stub.heard == []

    def test_names_every_bad_field(self, beta: Caller) -> None:
        reply = beta.call("POST", f"{URL}/RESERVE_NOW", {"token": {}, "response_url": 5}, to="DE-ALF")
        assert reply.status == (200, 2001)
        for path in ("response_url", "expiry_date", "reservation_id", "location_id", "token.uid"):
            assert path in reply.message

    def test_an_unknown_command_is_2001(self, beta: Caller) -> None:
        assert beta.call("POST", f"{URL}/DANCE", start(), to="DE-ALF").status == (200, 2001)

    def test_to_an_unknown_operator_is_4001_and_to_one_that_is_away_4003(self, alfa_at_stub: Caller, beta: Caller) -> None:
        assert beta.call("POST", f"{URL}/START_SESSION", start(), to="XX-NIX").status == (200, 4001)
        alfa_at_stub.platform.status = "OFFLINE"
        alfa_at_stub.platform.save()
        assert beta.call("POST", f"{URL}/START_SESSION", start(), to="DE-ALF").status == (200, 4003)

    def test_an_operator_may_not_command(self, alfa: Caller) -> None:
        assert alfa.call("POST", f"{URL}/START_SESSION", start(), to=HUB).status == (404, 2000)

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
    def test_other_methods_are_405(self, beta: Caller, method: str) -> None:
        assert beta.call(method, f"{URL}/START_SESSION", {}).status == (405, 2000)


class TestResult:
    @pytest.fixture
    def callback(self, alfa_at_stub: Caller, beta: Caller, stub: StubPartner) -> str:
        """The path at which the hub waits for the result of a START_SESSION."""
        stub.answer("POST", f"{AT_STUB}/START_SESSION", ACCEPTED)
        beta.call("POST", f"{URL}/START_SESSION", start(), to="DE-ALF")
        told: str = stub.heard[0].json["response_url"]
        return urlsplit(told).path

    @pytest.mark.parametrize("body", [{"result": "ACCEPTED"}, {"data": {"result": "ACCEPTED"}, "status_code": 1000}])
    def test_is_queued_for_the_provider_once(self, alfa_at_stub: Caller, callback: str, body: Any) -> None:
        headers: dict[str, str | None] = {"OCPI-from-country-code": None, "OCPI-from-party-id": None}
        assert alfa_at_stub.call("POST", callback, body, headers=headers).status == (200, 1000)
        again = alfa_at_stub.call("POST", callback, body)
        assert (again.status, again.headers["X-Hub-Replay"]) == ((200, 1000), "1")
        [queued] = Delivery.objects.filter(module="commands")
        assert (queued.receiver.party_id, queued.sender and queued.sender.party_id) == ("BET", "ALF")

    @pytest.mark.parametrize("key", ["unknown", "%00", "x" * 300])
    def test_at_an_unknown_address_is_404(self, alfa: Caller, key: str) -> None:
        assert alfa.call("POST", f"/ocpi/callbacks/{key}", {"result": "ACCEPTED"}).status == (404, 2000)

    @pytest.mark.parametrize("body", [{"result": "PERHAPS"}, {}, [], {"data": {"result": 1}}])
    def test_that_is_none_is_2001(self, alfa_at_stub: Caller, callback: str, body: Any) -> None:
        assert alfa_at_stub.call("POST", callback, body).status == (200, 2001)

    def test_needs_a_token(self, alfa_at_stub: Caller, callback: str) -> None:
        assert alfa_at_stub.call("POST", callback, {"result": "ACCEPTED"}, headers={"Authorization": None}).status == (401, 2000)
