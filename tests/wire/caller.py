"""A partner that calls the hub's doors: its parties, its token, and the headers that a hub routes by."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.test import Client

from roaming import canonical
from roaming.parties.credentials import issue_inbound_token, store_outbound_token
from roaming.parties.models import Credential, Party, Platform
from tests.builders.canonical_messages import NOW
from tests.builders.parties import a_platform, a_provider, an_operator, platform_of

HUB = canonical.PartyId("DE", "HUB")


@dataclass(frozen=True)
class Reply:
    """An answer of the hub, with its envelope read."""

    http: int
    code: int
    data: Any
    message: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def status(self) -> tuple[int, int]:
        """HTTP status and OCPI status code."""
        return self.http, self.code


@dataclass
class Caller:
    """A partner's platform with one party that speaks for it."""

    key: canonical.PartyId
    platform: Platform
    token: str

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        to: canonical.PartyId | str | None = None,
        headers: Mapping[str, str | None] | None = None,
        raw: bytes | None = None,
        raw_path: str | None = None,
    ) -> Reply:
        """This method will send a request to the hub. `to` is the receiver; a header told as None is left out."""
        receiver = canonical.PartyId.parse(to) if isinstance(to, str) else to
        sent: dict[str, str | None] = {
            "Authorization": "Token " + base64.b64encode(self.token.encode()).decode(),
            "X-Request-ID": "request-1",
            "X-Correlation-ID": "correlation-1",
            "OCPI-from-country-code": self.key.country_code,
            "OCPI-from-party-id": self.key.party_id,
        }
        if receiver is not None:
            sent |= {"OCPI-to-country-code": receiver.country_code, "OCPI-to-party-id": receiver.party_id}
        sent |= dict(headers or {})
        content = raw if raw is not None else b"" if body is None else json.dumps(body, default=_number).encode()
        return send(method, path, content, {name: value for name, value in sent.items() if value is not None}, raw_path=raw_path)


def send(method: str, path: str, content: bytes, headers: Mapping[str, str], *, raw_path: str | None = None) -> Reply:
    """This function will send these bytes to the hub; `raw_path` is the path as a server that tells it would."""
    extra: dict[str, Any] = {} if raw_path is None else {"RAW_URI": raw_path}
    told = {name.lower(): value for name, value in headers.items()}
    kind = told.pop("content-type", "application/json")
    response = Client().generic(method, path, content, content_type=kind, headers=told, **extra)
    return read_reply(response)


def read_reply(response: Any) -> Reply:
    """This function will read an answer of the hub; every one of them is an envelope."""
    envelope = json.loads(response.content, parse_float=Decimal)
    return Reply(
        http=response.status_code,
        code=envelope["status_code"],
        data=envelope.get("data"),
        message=envelope.get("status_message", ""),
        headers=response.headers,
        body=response.content,
    )


def operator(key: str = "DE-ALF", *, at: str | None = None) -> Caller:
    """This function will store a registered operator; `at` is the host of its own endpoints (a stub partner)."""
    return _registered(an_operator(key, platform=_platform(f"operator {key}", at), base_url=at and f"http://{at}/ocpi/2.2.1"))


def provider(key: str = "NL-BET", *, at: str | None = None) -> Caller:
    """This function will store a registered provider; `at` is the host of its own endpoints (a stub partner)."""
    return _registered(a_provider(key, platform=_platform(f"provider {key}", at), base_url=at and f"http://{at}/ocpi/2.2.1"))


def _platform(name: str, at: str | None) -> Platform:
    if at is None:
        return a_platform(name)
    return a_platform(name, allowed_hosts=[at], versions_url=f"http://{at}/ocpi/versions")


def _registered(party: Party) -> Caller:
    platform = platform_of(party)
    store_outbound_token(platform=platform, token=f"token-of-the-hub-at-{party.country_code}{party.party_id}", at=NOW)
    token = issue_inbound_token(platform=platform, kind=Credential.Kind.SESSION, at=NOW)
    return Caller(key=party.key, platform=platform, token=token)


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(type(value))
