"""Three operators and three providers, on 2.1.1, 2.2.1 and 2.3.0, roam with each other in every direction, over real sockets both ways."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from roaming import canonical
from roaming.canonical import PartyId
from roaming.deliveries.drain import drain
from roaming.parties import directory
from roaming.parties.models import Platform
from roaming.protocols.ocpi.dialect import encode
from roaming.protocols.ocpi.versions import DIALECTS, Dialect
from tests.builders import canonical_messages as build
from tests.builders.parties import an_agreement
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.stub_partner import Heard, StubPartner, stub_partner

pytestmark = pytest.mark.django_db(transaction=True)

VERSIONS = {"OLD": "2.1.1", "MID": "2.2.1", "NEW": "2.3.0"}
AT_STUB = "/ocpi/2.2.1"


class Partner:
    """One company on one version, at a server of its own; it calls the hub over HTTP."""

    def __init__(self, who: Caller, stub: StubPartner, hub_url: str) -> None:
        self.key, self.stub, self.version = who.key, stub, VERSIONS[who.key.party_id]
        self.dialect: Dialect = DIALECTS[self.version]
        self._token, self._hub_url = who.token, hub_url

    def call(self, method: str, path: str, body: Any = None, *, to: PartyId | None = HUB, data: bytes | None = None) -> Any:
        """This method will send a request to the hub in the partner's version and return the data of a success."""
        url = path if path.startswith("http") else f"{self._hub_url}/ocpi/{self.version}/{path}"
        sent = {"Authorization": f"Token {self._token}", "Content-Type": "application/json", "X-Request-ID": path, "X-Correlation-ID": path}
        if self.dialect.routes:
            sent |= {"OCPI-from-country-code": self.key.country_code, "OCPI-from-party-id": self.key.party_id}
            sent |= {"OCPI-to-country-code": to.country_code, "OCPI-to-party-id": to.party_id} if to else {}
        content = data if data is not None else None if body is None else json.dumps(body).encode()
        try:
            with urlopen(Request(url, content, sent, method=method), timeout=30) as answer:  # noqa: S310  (the hub on loopback)
                envelope = json.loads(answer.read())
        except HTTPError as refused:
            raise AssertionError(f"{method} {url}: HTTP {refused.code} {refused.read()!r}") from None
        assert envelope["status_code"] == 1000, (method, url, envelope)
        return envelope.get("data")

    def put(self, kind: str, message: Any, path: str, *, to: PartyId | None = HUB) -> None:
        """This method will push a message as the partner's version writes it."""
        article = getattr(self.dialect, kind)
        self.call("PUT", path, data=encode(article.write(message)), to=to)

    def heard(self, method: str, path: str) -> Heard:
        """This method will return the one request of the hub to that address."""
        [heard] = self.stub.heard_at(method, f"{AT_STUB}/{path}")
        return heard


@pytest.fixture
def partners(transactional_db: None, live_server: LiveServer, settings: Settings) -> Iterator[dict[str, list[Partner]]]:
    """Every operator and every provider, each at its own server; everyone roams with everyone."""
    settings.HUB_PUBLIC_URL = live_server.url
    an_agreement()
    with ExitStack() as stack:
        made: dict[str, list[Partner]] = {"operators": [], "providers": []}
        for name, version in VERSIONS.items():
            for side, country, make in (("operators", "DE", caller.operator), ("providers", "NL", caller.provider)):
                stub = stack.enter_context(stub_partner())
                who = make(f"{country}-{name}", at=stub.host)
                Platform.objects.filter(id=who.platform.id).update(version=version)
                made[side].append(Partner(who, stub, live_server.url))
        directory.changed()
        yield made


def card_of(provider: Partner) -> canonical.Token:
    name = provider.key.party_id
    return build.a_token(provider=provider.key, uid=f"UID{name}", contract_id=f"NL-{name}-C0000000{len(name)}", whitelist="NEVER")


def test_everyone_roams_with_everyone(partners: dict[str, list[Partner]]) -> None:
    operators, providers = partners["operators"], partners["providers"]
    announce_everything(operators, providers)
    for operator in operators:
        for provider in providers:
            authorize(operator, provider)
            start_remotely(operator, provider)
            charge(operator, provider)


def announce_everything(operators: list[Partner], providers: list[Partner]) -> None:
    for operator in operators:
        name, owner = operator.key.party_id, "/".join(operator.key)
        for provider in providers:
            provider.stub.answer("PUT", f"{AT_STUB}/locations/{owner}/LOC-{name}")
            provider.stub.answer("PUT", f"{AT_STUB}/tariffs/{owner}/T-{name}")
        place = build.a_location(operator=operator.key, id=f"LOC-{name}")
        operator.put("location", place, f"receiver/locations/{owner}/LOC-{name}")
        operator.put("tariff", build.a_tariff(operator=operator.key, id=f"T-{name}"), f"receiver/tariffs/{owner}/T-{name}")
    for provider in providers:
        owner, card = "/".join(provider.key), card_of(provider)
        for operator in operators:
            operator.stub.answer("PUT", f"{AT_STUB}/tokens/{owner}/{card.uid}")
        provider.put("token", card, f"receiver/tokens/{owner}/{card.uid}")
    assert drain() == {"delivered": 3 * 3 * 3}
    for operator in operators:
        name, owner = operator.key.party_id, "/".join(operator.key)
        for provider in providers:
            told = provider.heard("PUT", f"locations/{owner}/LOC-{name}").json
            assert ("publish" in told, "country_code" in told) == (provider.version != "2.1.1",) * 2
            price = provider.heard("PUT", f"tariffs/{owner}/T-{name}").json["elements"][0]["price_components"][0]["price"]
            assert price == 0.39
            card = operator.heard("PUT", f"tokens/{'/'.join(provider.key)}/{card_of(provider).uid}").json
            assert card["auth_id" if operator.version == "2.1.1" else "contract_id"] == card_of(provider).contract_id


def authorize(operator: Partner, provider: Partner) -> None:
    card = card_of(provider)
    decision = canonical.AuthorizationDecision(
        allowed=canonical.Allowed.ALLOWED, provider=provider.key, token=card, reference=f"REF-{operator.key.party_id}"
    )
    told = json.loads(encode(provider.dialect.authorization.write(decision)))
    provider.stub.answer("POST", f"{AT_STUB}/tokens/{card.uid}/authorize", told)
    place = {"location_id": f"LOC-{operator.key.party_id}"}
    answer = operator.call("POST", f"sender/tokens/{card.uid}/authorize", place, to=None)
    assert answer["allowed"] == "ALLOWED"
    assert answer.get("authorization_reference") == (
        None if "2.1.1" in (operator.version, provider.version) else told["authorization_reference"]
    )


def start_remotely(operator: Partner, provider: Partner) -> None:
    """The provider starts a session; the operator says yes at once, and after the charge point did, in its own words."""
    place, response_url = f"LOC-{operator.key.party_id}", f"{provider.stub.url}/results/{operator.key.party_id}"
    operator.stub.answer("POST", f"{AT_STUB}/commands/START_SESSION", {"result": "ACCEPTED", "timeout": 30})
    provider.stub.answer("POST", f"/results/{operator.key.party_id}")
    token = json.loads(encode(provider.dialect.token.write(card_of(provider))))
    body = {"response_url": response_url, "token": token, "location_id": place}
    if provider.version != "2.1.1":
        body["authorization_reference"] = f"START-{operator.key.party_id}"
    assert provider.call("POST", "receiver/commands/START_SESSION", body, to=None)["result"] == "ACCEPTED"
    asked = operator.stub.heard_at("POST", f"{AT_STUB}/commands/START_SESSION")[-1].json
    assert asked["location_id"] == place
    assert asked["response_url"] != response_url
    operator.call("POST", asked["response_url"], {"result": "ACCEPTED"}, to=None)
    assert drain() == {"delivered": 1}
    [result] = provider.stub.heard_at("POST", f"/results/{operator.key.party_id}")
    assert result.json["result"] == "ACCEPTED"


def charge(operator: Partner, provider: Partner) -> None:
    """A session, its end, and the CDR, each in the provider's version."""
    name, owner = provider.key.party_id, "/".join(operator.key)
    card = card_of(provider)
    token = build.a_cdr_token(provider=provider.key, uid=card.uid, contract_id=card.contract_id)
    begun = timezone.now() + timedelta(minutes=1)
    place: dict[str, Any] = {"location_id": f"LOC-{operator.key.party_id}", "start_date_time": begun, "last_updated": begun}
    session = build.a_session(operator=operator.key, provider=provider.key, id=f"S-{name}", cdr_token=token, **place)
    provider.stub.answer("PUT", f"{AT_STUB}/sessions/{owner}/S-{name}")
    operator.put("session", session, f"receiver/sessions/{owner}/S-{name}", to=None)
    cdr = build.a_cdr(operator=operator.key, provider=provider.key, id=f"CDR-{name}", session_id=f"S-{name}", cdr_token=token)
    provider.stub.answer("POST", f"{AT_STUB}/cdrs", status=201)
    operator.call("POST", "receiver/cdrs", data=encode(operator.dialect.cdr.write(cdr)), to=None)
    assert drain() == {"delivered": 2}
    heard = provider.heard("PUT", f"sessions/{owner}/S-{name}").json
    billed = provider.stub.heard_at("POST", f"{AT_STUB}/cdrs")[-1].json
    assert billed["id"] == cdr.id
    if provider.version == "2.1.1":
        assert (heard["auth_id"], heard["location"]["id"]) == (card.contract_id, place["location_id"])
        assert billed["total_cost"] == 7.8
    else:
        assert (heard["cdr_token"]["uid"], heard["location_id"]) == (card.uid, place["location_id"])
        if operator.version == "2.1.1":  # it could not carry the reference: the hub remembered it
            assert heard["authorization_reference"] == f"START-{operator.key.party_id}"
        assert billed["total_cost"]["excl_vat" if provider.version == "2.2.1" else "before_taxes"] == 7.8
