"""OICP partners as a test needs them: a certificate that calls the hub, and a stub that the hub calls."""

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.test import Client

from roaming import canonical
from roaming.canonical import PartyId, Role
from roaming.parties.certificates import register_oicp_partner
from roaming.parties.invite import invite_platform
from roaming.parties.models import Platform
from tests.builders.canonical_messages import NOW
from tests.wire import oicp
from tests.wire.oicp_schemas import check_answer, check_sent
from tests.wire.stub_partner import StubPartner, Told

_numbers = itertools.count()


@dataclass(frozen=True)
class Reply:
    """An answer of the hub."""

    http: int
    json: Any
    headers: Mapping[str, str] = field(repr=False)

    @property
    def code(self) -> str:
        """The status code, or nothing where the body is a fault."""
        return str((self.json.get("StatusCode") or {}).get("Code", ""))


@dataclass
class Partner:
    """One OICP partner: its id as it writes it, and its certificate."""

    key: PartyId
    platform: Platform
    fingerprint: str

    @property
    def operator_id(self) -> str:
        """Its id as an operator."""
        return f"{self.key.country_code}*{self.key.party_id}"

    @property
    def provider_id(self) -> str:
        """Its id as a provider."""
        return f"{self.key.country_code}-{self.key.party_id}"

    def post(self, path: str, body: Any, *, headers: Mapping[str, str] | None = None, raw: bytes | None = None) -> Reply:
        """This method will send a message to the hub through the proxy."""
        sent = {"X-Proxy-Secret": settings.HUB_PROXY_SECRET, "X-Client-Certificate-SHA256": self.fingerprint, **(headers or {})}
        reply = send(path, raw if raw is not None else oicp.as_bytes(body), sent)
        check_answer(path, reply.http, reply.json)
        return reply

    def start(self, **over: Any) -> Reply:
        """AuthorizeStart."""
        body = oicp.authorize_start(**{"OperatorID": self.operator_id, **over})
        return self.post(f"charging/v21/operators/{self.operator_id}/authorize/start", body)

    def stop(self, session_id: str, **over: Any) -> Reply:
        """AuthorizeStop."""
        body = oicp.authorize_stop(session_id, **{"OperatorID": self.operator_id, **over})
        return self.post(f"charging/v21/operators/{self.operator_id}/authorize/stop", body)

    def remote(self, verb: str, body: Any) -> Reply:
        """AuthorizeRemoteStart or -Stop."""
        return self.post(f"charging/v21/providers/{self.provider_id}/authorize-remote/{verb}", body)

    def reserve(self, verb: str, body: Any) -> Reply:
        """RemoteReservationStart or -Stop."""
        return self.post(f"reservation/v11/providers/{self.provider_id}/reservation-{verb}-request", body)

    def cdr(self, body: Any) -> Reply:
        """ChargeDetailRecord."""
        return self.post(f"cdrmgmt/v22/operators/{self.operator_id}/charge-detail-record", body)

    def get_cdrs(self, query: str = "", **over: Any) -> Reply:
        """GetChargeDetailRecords."""
        body = {"ProviderID": self.provider_id, "From": "2026-10-01T00:00:00Z", "To": "2026-12-15T00:00:00Z", **over}
        return self.post(f"cdrmgmt/v22/providers/{self.provider_id}/get-charge-detail-records-request{query}", body)

    def push_evses(self, *records: Any, action: str = "fullLoad") -> Reply:
        """PushEvseData."""
        body = oicp.evse_push(*records, action=action, operator=self.operator_id)
        return self.post(f"evsepush/v23/operators/{self.operator_id}/data-records", body)

    def push_statuses(self, *statuses: tuple[str, str], action: str = "fullLoad") -> Reply:
        """PushEvseStatus."""
        body = oicp.status_push(*statuses, action=action, operator=self.operator_id)
        return self.post(f"evsepush/v21/operators/{self.operator_id}/status-records", body)

    def pull_evses(self, query: str = "", **over: Any) -> Reply:
        """PullEvseData."""
        body = {"ProviderID": self.provider_id, "GeoCoordinatesResponseFormat": "DecimalDegree", **over}
        return self.post(f"evsepull/v23/providers/{self.provider_id}/data-records{query}", body)

    def pull_statuses(self, suffix: str = "", **over: Any) -> Reply:
        """The three status pulls."""
        body = {"ProviderID": self.provider_id, **over}
        return self.post(f"evsepull/v21/providers/{self.provider_id}/status-records{suffix}", body)

    def push_cards(self, *cards: Any, action: str = "fullLoad") -> Reply:
        """PushAuthenticationData."""
        body = oicp.card_push(*cards, action=action, provider=self.provider_id)
        return self.post(f"authdata/v21/providers/{self.provider_id}/push-request", body)

    def push_products(self, *products: Any, action: str = "fullLoad", provider: str = "*") -> Reply:
        """PushPricingProductData."""
        body = oicp.product_push(*products, action=action, provider=provider)
        return self.post(f"dynamicpricing/v10/operators/{self.operator_id}/pricing-products", body)

    def notify(self, kind: str, session_id: str, **over: Any) -> Reply:
        """ChargingNotifications."""
        return self.post("notificationmgmt/v11/charging-notifications", oicp.notification(kind, session_id, **over))


def send(path: str, content: bytes, headers: Mapping[str, str], *, method: str = "POST") -> Reply:
    """This function will send bytes to a path of OICP."""
    response: Any = Client().generic(method, f"/api/oicp/{path}", content, content_type="application/json", headers=dict(headers))
    read = json.loads(response.content, parse_float=Decimal) if response.content else {}
    return Reply(http=response.status_code, json=read, headers=response.headers)


def partner(*roles: str, at: StubPartner | None = None, services: tuple[str, ...] = (), name: str = "") -> Partner:
    """This function will register an OICP partner: `CPO:DE:ALF`, …; `services` of it are served by the stub."""
    parties = [(Role(role.split(":")[0]), PartyId(*role.split(":")[1:])) for role in roles]
    number = next(_numbers)
    fingerprint = hashlib.sha256(f"certificate {number}".encode()).hexdigest()
    hosts = [at.host] if at else []
    invitation = invite_platform(name=name or f"{roles[0]} #{number}", parties=parties, protocol="oicp", allowed_hosts=hosts, at=NOW)
    urls = dict.fromkeys(services, at.url) if at else {}
    register_oicp_partner(platform=invitation.platform, sha256=fingerprint, urls=urls, at=NOW)
    return Partner(key=parties[0][1], platform=invitation.platform, fingerprint=fingerprint)


def operator(
    key: str = "DE-ALF", *, at: StubPartner | None = None, services: tuple[str, ...] = ("authorization", "reservation")
) -> Partner:
    """This function will register an operator."""
    party = canonical.PartyId.parse(key)
    return partner(f"CPO:{party.country_code}:{party.party_id}", at=at, services=services)


def provider(
    key: str = "NL-BET", *, at: StubPartner | None = None, services: tuple[str, ...] = ("authorization", "cdr", "notification")
) -> Partner:
    """This function will register a provider; without a stub it is offline."""
    party = canonical.PartyId.parse(key)
    return partner(f"EMSP:{party.country_code}:{party.party_id}", at=at, services=services)


def answers(stub: StubPartner, path: str, body: Any) -> None:
    """This function will let the stub answer a path of OICP with this body from now on."""
    stub.answers["POST", f"/api/oicp/{path}"] = lambda _: Told(body=oicp.as_bytes(body), headers={"Content-Type": "application/json"})


def heard(stub: StubPartner, path: str) -> list[Any]:
    """This function will return what the stub heard at a path of OICP; each message must be as the specification has it."""
    told = [one.json for one in stub.heard if one.path == f"/api/oicp/{path}"]
    for body in told:
        check_sent(path, body)
    return told


def authorized(provider_id: str = "NL-BET", **over: Any) -> dict[str, Any]:
    """AuthorizationStart that says yes."""
    return {"AuthorizationStatus": "Authorized", "ProviderID": provider_id, "StatusCode": {"Code": "000"}, **over}


def not_authorized(code: str = "102") -> dict[str, Any]:
    """AuthorizationStart that says no."""
    return {"AuthorizationStatus": "NotAuthorized", "StatusCode": {"Code": code}}


def acknowledged(code: str = "000", **over: Any) -> dict[str, Any]:
    """An Acknowledgement."""
    return {"Result": code == "000", "StatusCode": {"Code": code}, **over}
