"""The lane and Django answer the same: status, headers and body of every kind of hot request, asked both ways."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from roaming.authorizations.models import Authorization
from roaming.exchanges.models import Exchange
from roaming.exchanges.record import flush
from roaming.parties.models import RoamingAgreement
from tests.builders.parties import an_agreement
from tests.hub.lane.conftest import Serve
from tests.hub.lane.way import Way, everybody_is_known, way_in
from tests.wire import caller
from tests.wire.caller import Caller, Reply
from tests.wire.messages import a_message, as_json, json_of
from tests.wire.stub_partner import StubPartner, Told, envelope, stub_partner

pytestmark = pytest.mark.django_db(transaction=True)

UID = "04A2B3C4D5E6F7"
AUTHORIZE = f"/ocpi/2.2.1/sender/tokens/{UID}/authorize"
AT_STUB = f"/ocpi/2.2.1/tokens/{UID}/authorize"
SESSION = "/ocpi/2.2.1/receiver/sessions/DE/ALF/S-{way}"
CDRS = "/ocpi/2.2.1/receiver/cdrs"
PLACE = {"location_id": "LOC-1", "evse_uids": ["EVSE-1"]}


@pytest.fixture
def ways(transactional_db: None, alone: None, serve: Serve) -> Iterator[dict[str, Way]]:
    """The same hub, entered with the lane and without it."""
    an_agreement()
    with way_in(serve, lane=True) as with_lane, way_in(serve, lane=False) as without:
        yield {"lane": with_lane, "django": without}


@pytest.fixture
def stub() -> Iterator[StubPartner]:
    with stub_partner() as partner:
        yield partner


@pytest.fixture
def partners(ways: dict[str, Way], stub: StubPartner) -> tuple[Caller, Caller]:
    """The operator DE-ALF, and the provider NL-BET at the stub, who answers ALLOWED."""
    alfa, beta = caller.operator("DE-ALF"), caller.provider("NL-BET", at=stub.host)
    stub.answer("POST", AT_STUB, {"allowed": "ALLOWED", "token": as_json(a_message("token")), "authorization_reference": "AUTH-7"})
    everybody_is_known()
    return alfa, beta


class Both:
    """Asks both ways and compares."""

    def __init__(self, ways: dict[str, Way], monkeypatch: pytest.MonkeyPatch) -> None:
        self._ways, self._patch = ways, monkeypatch
        self.by_django = 0

    def ask(self, who: Caller, method: str, path: str, body: Any = None, **how: Any) -> Reply:
        """Send it with and without the lane, under ids that differ in the way's name; return the lane's answer, once it is the same."""
        replies = {name: self._ask(name, way, who, method, path, body, how) for name, way in self._ways.items()}
        assert _seen(replies["lane"], "lane") == _seen(replies["django"], "django")
        return replies["lane"]

    def _ask(self, name: str, way: Way, who: Caller, method: str, path: str, body: Any, how: dict[str, Any]) -> Reply:
        before = way.by_django
        self._patch.setattr(caller, "send", way.send)
        headers = {"X-Request-ID": f"request-{name}", "X-Correlation-ID": f"correlation-{name}", **how.get("headers", {})}
        headers = {header: value and value.replace("{way}", name) for header, value in headers.items()}
        told = {**body, "id": body["id"].replace("{way}", name)} if isinstance(body, dict) and "id" in body else body
        reply = who.call(method, path.replace("{way}", name), told, **{**how, "headers": headers})
        if name == "lane":
            self.by_django = way.by_django - before
        return reply


def _seen(reply: Reply, name: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    headers = {
        header.lower(): value.replace(name, "{way}")
        for header, value in reply.headers.items()
        if header.lower() not in ("date", "server", "transfer-encoding", "content-length")
    }
    if "location" in headers:
        headers["location"] = headers["location"].rpartition("/")[0]
    body = json.loads(reply.body.decode().replace(name, "{way}"))
    assert body.pop("timestamp").endswith("Z")
    return reply.http, headers, body


@pytest.fixture
def both(ways: dict[str, Way], partners: tuple[Caller, Caller], monkeypatch: pytest.MonkeyPatch) -> Both:
    return Both(ways, monkeypatch)


def store_token(beta: Caller, ways: dict[str, Way], monkeypatch: pytest.MonkeyPatch, **over: Any) -> None:
    monkeypatch.setattr(caller, "send", ways["django"].send)
    assert beta.call("PUT", f"/ocpi/2.2.1/receiver/tokens/NL/BET/{UID}", a_message("token", **over), to=caller.HUB).http in (200, 201)


class TestAuthorize:
    def test_forwarded(self, both: Both, partners: tuple[Caller, Caller], stub: StubPartner) -> None:
        alfa, _ = partners
        assert both.ask(alfa, "POST", f"{AUTHORIZE}?type=RFID", PLACE, to="NL-BET").data["authorization_reference"] == "AUTH-7"
        assert both.by_django == 0
        assert {heard.headers["x-correlation-id"] for heard in stub.heard} == {"correlation-lane", "correlation-django"}
        told = ("outcome", "source", "reference", "token_uid", "location_id", "evse_uid")
        first, second = Authorization.objects.values(*told)
        assert first == second

    def test_without_body_and_ids(self, both: Both, partners: tuple[Caller, Caller]) -> None:
        alfa, _ = partners
        assert both.ask(alfa, "POST", AUTHORIZE).status == (200, 1000)

    def test_from_the_whitelist(
        self,
        both: Both,
        partners: tuple[Caller, Caller],
        ways: dict[str, Way],
        monkeypatch: pytest.MonkeyPatch,
        stub: StubPartner,
    ) -> None:
        alfa, beta = partners
        store_token(beta, ways, monkeypatch, whitelist="ALWAYS")
        assert both.ask(alfa, "POST", AUTHORIZE, PLACE).data["allowed"] == "ALLOWED"
        assert both.by_django == 0
        assert stub.heard_at("POST", AT_STUB) == []
        assert set(Authorization.objects.values_list("source", flat=True)) == {"whitelist"}

    def test_a_token_that_was_blocked_meanwhile_is_no_longer_allowed(
        self,
        both: Both,
        partners: tuple[Caller, Caller],
        ways: dict[str, Way],
        monkeypatch: pytest.MonkeyPatch,
        stub: StubPartner,
    ) -> None:
        alfa, beta = partners
        store_token(beta, ways, monkeypatch, whitelist="ALWAYS")
        both.ask(alfa, "POST", AUTHORIZE, PLACE, headers={"X-Request-ID": "first"})
        store_token(beta, ways, monkeypatch, whitelist="ALWAYS", valid=False, last_updated="2026-10-09T00:00:00Z")
        stub.answer("POST", AT_STUB, {"allowed": "BLOCKED", "token": as_json(a_message("token"))})
        assert both.ask(alfa, "POST", AUTHORIZE, PLACE).data["allowed"] == "BLOCKED"

    def test_a_card_shown_again_is_answered_from_what_still_holds(
        self, both: Both, partners: tuple[Caller, Caller], ways: dict[str, Way], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        alfa, beta = partners
        store_token(beta, ways, monkeypatch, whitelist="ALWAYS")
        for number in ("1", "2"):
            assert both.ask(alfa, "POST", AUTHORIZE, PLACE, headers={"X-Request-ID": f"{number}-{{way}}"}).data["allowed"] == "ALLOWED"
        assert both.ask(alfa, "POST", AUTHORIZE, PLACE, headers={"X-Request-ID": "2-{way}"}).data["allowed"] == "ALLOWED"
        assert both.ask(alfa, "POST", AUTHORIZE, {"location_id": "LOC-9"}, headers={"X-Request-ID": "2-{way}"}).code == 2001
        assert Authorization.objects.count() == 4
        RoamingAgreement.objects.all().delete()
        assert both.ask(alfa, "POST", AUTHORIZE, PLACE, headers={"X-Request-ID": "3-{way}"}).status == (404, 2004)
        assert both.by_django == 0

    @pytest.mark.parametrize(
        ("told", "status"),
        [
            (envelope(code=2004, status=404), (404, 2004)),
            (envelope(code=2002, message="where?"), (200, 2002)),
            (Told(body=b"<html>"), (200, 4000)),
            (Told(status=302, headers={"Location": "http://127.0.0.2/"}), (200, 4000)),
        ],
    )
    def test_what_is_no_decision(
        self,
        both: Both,
        partners: tuple[Caller, Caller],
        stub: StubPartner,
        told: Told,
        status: tuple[int, int],
    ) -> None:
        stub.answer_by("POST", AT_STUB, lambda _: told)
        assert both.ask(partners[0], "POST", AUTHORIZE, PLACE, to="NL-BET").status == status
        assert both.by_django == 0

    def test_repeated_and_reused_request_ids(self, both: Both, partners: tuple[Caller, Caller], stub: StubPartner) -> None:
        alfa, _ = partners
        first = both.ask(alfa, "POST", AUTHORIZE, PLACE, to="NL-BET")
        assert both.ask(alfa, "POST", AUTHORIZE, PLACE, to="NL-BET").data == first.data
        assert both.ask(alfa, "POST", AUTHORIZE, {"location_id": "LOC-2"}, to="NL-BET").status == (200, 2001)
        assert len(stub.heard) == 2

    def test_the_same_request_at_once_on_both_ways_is_asked_once(
        self, partners: tuple[Caller, Caller], ways: dict[str, Way], stub: StubPartner
    ) -> None:
        alfa, _ = partners
        both_are_here = threading.Barrier(3, timeout=30)
        answer = envelope({"allowed": "ALLOWED", "token": as_json(a_message("token"))})

        def answer_late(_: Any) -> Told:
            time.sleep(0.3)  # long enough for the second to come while the first is asked
            return answer

        stub.answer_by("POST", AT_STUB, answer_late)
        replies: list[Reply] = []

        def ask(way: Way) -> None:
            both_are_here.wait()
            headers = {
                "Authorization": f"Token {alfa.token}",
                "X-Request-ID": "at-once",
                "OCPI-to-country-code": "NL",
                "OCPI-to-party-id": "BET",
            }
            replies.append(way.send("POST", AUTHORIZE, json.dumps(PLACE).encode(), headers))

        threads = [threading.Thread(target=ask, args=(way,)) for way in ways.values()]
        for thread in threads:
            thread.start()
        both_are_here.wait()
        for thread in threads:
            thread.join()
        assert [reply.data for reply in replies] == [replies[0].data] * 2
        assert len(stub.heard) == 1

    @pytest.mark.parametrize(
        ("how", "status"),
        [
            ({"headers": {"Authorization": "Token wrong"}}, (401, 2000)),
            ({"headers": {"Authorization": None}}, (401, 2000)),
            ({"headers": {"OCPI-from-party-id": "XXX"}}, (200, 2001)),
            ({"headers": {"OCPI-from-party-id": None}}, (200, 2001)),
            ({"headers": {"OCPI-to-party-id": "BET"}}, (200, 2001)),
            ({"to": "XX-NIX"}, (200, 4001)),
            ({"raw": b"{bad"}, (400, 2001)),
            ({"raw": b'{"location_id": "A", "location_id": "B"}'}, (400, 2001)),
            ({"raw": b"[" * 100}, (400, 2001)),
            ({"raw": b'{"location_id": NaN}'}, (400, 2001)),
            ({"raw": b'{"evse_uids": 5}'}, (200, 2001)),
            ({"raw": b" " * (256 * 1024 + 1)}, (413, 2000)),
            ({"raw": b"{}", "headers": {"Content-Encoding": "gzip"}}, (415, 2000)),
            ({"raw": b"{}", "headers": {"Content-Type": "text/xml"}}, (415, 2000)),
        ],
    )
    def test_bad_requests(self, both: Both, partners: tuple[Caller, Caller], how: dict[str, Any], status: tuple[int, int]) -> None:
        assert both.ask(partners[0], "POST", AUTHORIZE, **how).status == status

    @pytest.mark.parametrize(
        "path", [f"{AUTHORIZE}?type=CARD", "/ocpi/2.2.1/sender/tokens/%C3%A4/authorize", "/ocpi/9.9/sender/tokens/A/authorize"]
    )
    def test_bad_addresses(self, both: Both, partners: tuple[Caller, Caller], path: str) -> None:
        both.ask(partners[0], "POST", path, PLACE)

    def test_a_provider_may_not_ask(self, both: Both, partners: tuple[Caller, Caller]) -> None:
        assert both.ask(partners[1], "POST", AUTHORIZE, PLACE).status == (404, 2000)

    def test_leaves_the_same_exchange(self, both: Both, partners: tuple[Caller, Caller]) -> None:
        both.ask(partners[0], "POST", f"{AUTHORIZE}?type=RFID", PLACE, to="NL-BET")
        flush()
        told = ("platform_id", "path", "module", "object_id", "sender", "receiver", "http_status", "protocol_status", "request_body")
        first, second = Exchange.objects.filter(direction="in").order_by("-id").values(*told)[:2]
        assert first == second


class TestSessions:
    def test_new_again_late_and_foreign(self, both: Both, partners: tuple[Caller, Caller]) -> None:
        alfa, _ = partners
        session = a_message("session", id="S-{way}")
        assert both.ask(alfa, "PUT", SESSION, session).status == (201, 1000)
        assert both.by_django == 0
        assert both.ask(alfa, "PUT", SESSION, session).headers["X-Hub-Replay"] == "1"
        assert both.ask(alfa, "PUT", SESSION, {**session, "last_updated": "2026-01-01T00:00:00Z", "kwh": 1}).message
        assert both.ask(alfa, "PUT", SESSION, {**session, "kwh": "no", "status": "GONE"}).code == 2001
        assert both.ask(alfa, "PUT", SESSION, {**session, "id": "other"}).code == 2001
        assert both.ask(alfa, "PUT", SESSION.replace("/ALF/", "/XXX/"), session).status == (404, 2000)
        assert both.ask(alfa, "PUT", SESSION, session, to="XX-NIX").status == (200, 4001)
        assert both.ask(alfa, "PUT", SESSION).status == (400, 2001)


class TestCdrs:
    def test_new_again_other_content_and_foreign(self, both: Both, partners: tuple[Caller, Caller]) -> None:
        alfa, _ = partners
        cdr = as_json(a_message("cdr", id="C-{way}", session_id=None))
        first = both.ask(alfa, "POST", CDRS, cdr)
        assert first.status == (201, 1000)
        assert both.by_django == 0
        again = both.ask(alfa, "POST", CDRS, cdr)
        assert (again.http, again.headers["Location"]) == (200, first.headers["Location"])
        assert both.ask(alfa, "POST", CDRS, {**cdr, "total_energy": 1.5}).code == 2001
        assert both.ask(alfa, "POST", CDRS, {**cdr, "party_id": "XXX"}).code == 2001
        assert both.ask(alfa, "POST", CDRS, {**cdr, "id": "D-{way}"}, to="XX-NIX").code == 4001
        assert both.ask(alfa, "POST", CDRS, raw=json_of({"id": 5})).code == 2001
