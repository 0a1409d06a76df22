"""AuthorizeStart in the lane and in Django: the same answer, the same rows, the same questions to providers, case by case."""

import http.client
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bcrypt
import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from roaming import canonical
from roaming.authorizations.models import Authorization
from roaming.exchanges.models import Exchange
from roaming.exchanges.record import flush
from roaming.parties import directory
from roaming.parties.lock import lock_platform, unlock_platform
from roaming.sessions.models import HubSession, Session
from roaming.tokens.models import KnownOwner
from roaming.tokens.receive import put_token
from tests.builders.canonical_messages import a_token
from tests.builders.parties import an_agreement
from tests.hub.lane.conftest import Serve
from tests.hub.lane.way import Way, way_in
from tests.wire import caller, oicp, oicp_partner
from tests.wire.messages import a_message, as_json
from tests.wire.oicp_partner import Partner, answers, authorized, not_authorized
from tests.wire.stub_partner import Heard, StubPartner, Told, stub_partner

pytestmark = pytest.mark.django_db(transaction=True)

START = "charging/v21/operators/DE*ALF/authorize/start"
ASKED, STORED, LEFT_OUT = "04A1B2C3D4E5F6", "04A1B2C3D4E5F7", "04A1B2C3D4E5F8"
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RECORD: tuple[str, ...] = (
    "operator_id",
    "provider_id",
    "platform_id",
    "token_uid",
    "token_type",
    "contract_id",
    "location_id",
    "evse_uid",
    "outcome",
)
_RECORD += ("source", "reference", "request_id", "correlation_id", "request_digest", "decision")
_SESSION: tuple[str, ...] = (
    "operator_id",
    "provider_id",
    "kind",
    "state",
    "evse_id",
    "token_uid",
    "token_type",
    "contract_id",
    "group_id",
    "is_offline",
)
_SESSION += ("operator_session_id", "provider_session_id", "reference", "stop_identifications", "product_id", "request_digest", "answer")
_TOLD = ("provider_id", "status", "location_id", "evse_uid", "contract_id", "authorization_reference")


@dataclass
class Cast:
    """P asks; M is an online provider, N an offline one, O speaks OCPI; each door in turn."""

    ways: dict[str, Way]
    p: Partner
    m: Partner
    n: Partner
    m_stub: StubPartner
    o_stub: StubPartner

    def ask(self, *, by_lane: bool = True, again: bool = False, raw: bytes | None = None, path: str = START, **over: Any) -> dict[str, Any]:
        """Ask through both doors, each from the same state (`again`: twice); return the lane's answer once all is the same."""
        body = raw if raw is not None else oicp.as_bytes(oicp.authorize_start(**over))
        seen = {}
        for name, way in self.ways.items():
            _forget()
            first = [Authorization.objects.count(), Session.objects.count(), Exchange.objects.filter(direction="in").count()]
            before = way.by_django
            replies = [self._post(way, path, body) for _ in range(2 if again else 1)]
            assert json.loads(replies[0][2]) == json.loads(replies[-1][2])
            assert way.by_django - before == (0 if name == "lane" and by_lane else len(replies))
            seen[name] = (*replies[-1], *self._left(*first))
        for by_lane_now, by_django_now in zip(_alike(seen["lane"]), _alike(seen["django"]), strict=True):
            assert by_lane_now == by_django_now
        told: dict[str, Any] = json.loads(seen["lane"][2])
        return {"http": seen["lane"][0], **told}

    def _post(self, way: Way, path: str, body: bytes) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", way.port)
        headers = {"X-Proxy-Secret": "a-secret-of-the-proxy", "X-Client-Certificate-SHA256": self.p.fingerprint}
        connection.request("POST", f"/api/oicp/{path}", body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        content = answer.read().decode()
        connection.close()
        kept = {
            name.lower(): value
            for name, value in answer.getheaders()
            if name.lower() not in ("date", "server", "content-length", "transfer-encoding")
        }
        assert _GUID.fullmatch(kept.pop("process-id"))
        return answer.status, dict(sorted(kept.items())), content

    def _left(self, authorizations: int, sessions: int, exchanges: int) -> tuple[Any, ...]:
        heard = [(one.path, one.body) for stub in (self.m_stub, self.o_stub) for one in stub.heard]
        for stub in (self.m_stub, self.o_stub):
            stub.heard.clear()
        flush()
        exchange = ("platform_id", "path", "http_status", "protocol_status", "request_body", "error")
        return (
            sorted(heard),
            list(Authorization.objects.order_by("at").values_list(*_RECORD))[authorizations:],
            list(HubSession.objects.values_list(*_SESSION)),
            [bool(place) for place in HubSession.objects.values_list("place", flat=True)],
            list(Session.objects.order_by("id").values_list(*_TOLD))[sessions:],
            list(KnownOwner.objects.values_list("uid_hash", "provider_id")),
            list(Exchange.objects.filter(direction="in").order_by("id").values_list(*exchange))[exchanges:],
        )


def _forget() -> None:
    HubSession.objects.all().delete()
    KnownOwner.objects.all().delete()
    flush()


def _alike(seen: Any) -> list[str]:
    """Session ids are new each time: the first one met is number 1, and so on."""
    numbers: dict[str, str] = {}
    return [_GUID.sub(lambda found: numbers.setdefault(found[0], f"guid {len(numbers)}"), repr(part)) for part in seen]


@pytest.fixture
def cast(transactional_db: None, alone: None, serve: Serve, settings: Settings) -> Iterator[Cast]:
    settings.HUB_PROXY_SECRET = "a-secret-of-the-proxy"
    settings.HUB_ALLOW_PRIVATE_TARGETS = True
    settings.HUB_RATE_LIMITS = False
    an_agreement()
    with stub_partner() as m_stub, stub_partner() as o_stub:
        p, m, n = oicp_partner.operator("DE-ALF"), oicp_partner.provider("NL-BET", at=m_stub), oicp_partner.provider("NL-OFF")
        caller.provider("FR-OCP", at=o_stub.host)
        with way_in(serve, lane=True) as with_lane, way_in(serve, lane=False) as without:
            yield Cast({"lane": with_lane, "django": without}, p, m, n, m_stub, o_stub)


def _store(uid: str, whitelist: canonical.Whitelist, **over: Any) -> None:
    told: dict[str, Any] = {"uid": uid, "type": "RFID", "contract_id": f"FR-OCP-C{uid[-8:]}-9", "valid": True, **over}
    token = a_token(country_code="FR", party_id="OCP", whitelist=whitelist, last_updated=timezone.now(), **told)
    put_token(token=token, audience=None, at=timezone.now(), correlation_id="")


def test_every_kind_of_question_ends_the_same_through_both_doors(cast: Cast) -> None:
    cast.p.push_evses(oicp.an_evse())
    token = {**as_json(a_message("token")), "uid": STORED, "country_code": "FR", "party_id": "OCP"}
    cast.o_stub.answer(
        "POST", f"/ocpi/2.2.1/tokens/{STORED}/authorize", {"allowed": "ALLOWED", "token": token, "authorization_reference": "R"}
    )
    cast.o_stub.answer("POST", f"/ocpi/2.2.1/tokens/{ASKED}/authorize", code=2004, status=404)

    # Nobody knows the card: everybody is asked, and who says yes is remembered.
    yes = authorized(EMPPartnerSessionID="M1", AuthorizationStopIdentifications=[oicp.mifare(STORED)])

    def after_the_others(_: Heard) -> Told:
        time.sleep(0.1)  # else whether the other was asked at all is a matter of chance
        return Told(body=oicp.as_bytes(yes))

    cast.m_stub.answer_by("POST", f"/api/oicp/{START}", after_the_others)
    told = cast.ask(CPOPartnerSessionID="P1", again=True)
    assert (told["AuthorizationStatus"], told["ProviderID"], told["EMPPartnerSessionID"]) == ("Authorized", "NL-BET", "M1")
    answers(cast.m_stub, START, not_authorized("200"))
    assert cast.ask()["StatusCode"]["Code"] == "106"
    assert cast.ask(path=START.replace("*", "%2A"), OperatorID="DEALF", EvseID=None)["StatusCode"]["Code"] == "106"

    # One provider's card: it alone is asked, or the hub decides from what it stored.
    _store(STORED, canonical.Whitelist.NEVER)
    told = cast.ask(Identification=oicp.mifare(STORED.lower()))
    assert (told["ProviderID"], told["StatusCode"]["Code"]) == ("FR-OCP", "000")
    _store(LEFT_OUT, canonical.Whitelist.ALWAYS, group_id="G1")
    assert cast.ask(Identification=oicp.mifare(LEFT_OUT))["ProviderID"] == "FR-OCP"
    _store(LEFT_OUT, canonical.Whitelist.ALWAYS, valid=False)
    assert cast.ask(Identification=oicp.mifare(LEFT_OUT))["StatusCode"]["Code"] == "200"

    assert {"NL-BET", "FR-OCP"} == {f"{told.provider.country_code}-{told.provider.party_id}" for told in Session.objects.all()}

    # Contracts: one that a stored token bears, one of an online provider, one of nobody.
    _store(LEFT_OUT, canonical.Whitelist.ALLOWED)
    assert cast.ask(Identification=oicp.plug_and_charge(f"FR-OCP-C{LEFT_OUT[-8:]}-9"))["ProviderID"] == "FR-OCP"
    assert cast.ask(Identification=oicp.plug_and_charge())["StatusCode"]["Code"] == "200"
    assert cast.ask(Identification=oicp.plug_and_charge("XX-NIX-C12345678-9"))["StatusCode"]["Code"] == "210"

    # Uploaded cards; a PIN is compared beside the event loop.
    pin = {
        "QRCodeIdentification": {
            "EvcoID": "NL-OFF-C12345678-9",
            "HashedPIN": {"Value": bcrypt.hashpw(b"1234", bcrypt.gensalt(4)).decode(), "Function": "Bcrypt"},
        }
    }
    assert cast.n.push_cards(oicp.mifare(), pin).code == "000"
    assert cast.ask()["ProviderID"] == "NL-OFF"
    shown = {"QRCodeIdentification": {"EvcoID": "NL-OFF-C12345678-9", "PIN": "1234"}}
    assert cast.ask(by_lane=False, Identification=shown)["ProviderID"] == "NL-OFF"


def test_what_is_wrong_is_refused_alike(cast: Cast) -> None:
    assert cast.ask(raw=b"{bad")["http"] == 400
    assert cast.ask(raw=b'{"OperatorID": "DE*ALF", "OperatorID": "DE*ALF"}')["http"] == 400
    assert cast.ask(raw=b" " * (256 * 1024 + 1))["http"] == 413
    assert cast.ask(raw=b"")["http"] == 400
    assert cast.ask(Identification=oicp.remote())["validationErrors"]
    assert cast.ask(Identification=None)["validationErrors"]
    assert cast.ask(EvseID="nowhere")["validationErrors"]
    assert cast.ask(OperatorID="DE*XXX")["StatusCode"]["Code"] == "017"
    assert cast.ask(by_lane=False, path=START.replace("ALF", "NIX"))["StatusCode"]["Code"] == "300"


def test_a_lock_counts_for_the_very_next_question(cast: Cast) -> None:
    answers(cast.m_stub, START, authorized())
    assert cast.ask()["ProviderID"] == "NL-BET"
    lock_platform(platform=cast.m.platform, at=timezone.now())
    assert cast.ask()["AuthorizationStatus"] == "NotAuthorized"
    unlock_platform(platform=cast.m.platform, at=timezone.now())
    lock_platform(platform=cast.p.platform, at=timezone.now())
    directory.reread()
    assert cast.ask(by_lane=False)["StatusCode"]["Code"] == "017"
