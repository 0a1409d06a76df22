"""The client side of one platform's connection: the handshake, and calls with the headers a hub routes by."""

import asyncio
import base64
import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import aiohttp
import msgspec

from hub.sandbox.companies import Company
from hub.sandbox.ocpi_2_2_1.documents import Document, write_role
from hub.sandbox.tally import Tally

VERSION = "2.2.1"
HUB = "HUB"
_PATIENCE = 40  # tries while the hub asks to slow down or restarts
_WRITE = msgspec.json.Encoder(decimal_format="number").encode


class HandshakeFailed(Exception):
    """The hub did not complete the registration; the message says at which step and how it answered."""


@dataclass(frozen=True)
class Reply:
    """An answer. `http` is 0 where none came; `code` is None where it was no OCPI answer."""

    http: int
    code: int | None
    data: Any
    message: str
    headers: Mapping[str, str]

    @property
    def is_success(self) -> bool:
        """Whether both layers say so."""
        return 200 <= self.http < 300 and self.code is not None and 1000 <= self.code < 2000


@dataclass
class Connection:
    """What a platform must remember to be recognised again."""

    token_of_hub: str = ""  # what the hub shows us (token B, or A before)
    token_at_hub: str = ""  # what we show the hub (token C, or A before)
    hub_party: tuple[str, str] = ("", "")
    endpoints: dict[str, str] = field(default_factory=dict)  # "module/ROLE" -> address
    is_registered: bool = False


class Link:
    """One platform's way to the hub."""

    def __init__(
        self, *, own_versions_url: str, roles: list[tuple[Company, str]], http: aiohttp.ClientSession, tally: Tally, connection: Connection
    ) -> None:
        self.own_versions_url = own_versions_url
        self.roles = roles
        self.http = http
        self.tally = tally
        self.connection = connection

    async def register(self, *, versions_url: str, token_a: str) -> None:
        """This method will take the whole handshake as the starter. Raises HandshakeFailed."""
        self.connection.token_at_hub = token_a
        self.connection.token_of_hub = secrets.token_urlsafe(24)
        await self._discover(versions_url)
        reply = await self.call("POST", "credentials/", body=self.credentials())
        if not reply.is_success:
            raise HandshakeFailed(f"POST credentials: {_words(reply)}")
        self._accept(reply.data)

    async def find_again(self, *, versions_url: str) -> bool:
        """This method will look the hub up again with the token of before; tells whether the hub still knows it."""
        try:
            await self._discover(versions_url)
        except HandshakeFailed:
            self.connection.is_registered = False
        return self.connection.is_registered

    async def answer_registration(self, document: Document) -> Document:
        """This method will take the receiver's part: look the hub up with the token it sent, answer with a token for it.

        Raises HandshakeFailed where the hub's own pages do not answer (OCPI 3001).
        """
        self.connection.token_at_hub = document["token"]
        await self._discover(document["url"])
        self.connection.token_of_hub = secrets.token_urlsafe(24)
        self._accept(document)
        return self.credentials()

    async def unregister(self) -> Reply:
        """This method will end the connection (DELETE credentials)."""
        reply = await self.call("DELETE", "credentials/")
        self.connection.is_registered = False
        return reply

    def credentials(self) -> Document:
        """This method will return our credentials object with the token the hub is to use."""
        return {
            "token": self.connection.token_of_hub,
            "url": self.own_versions_url,
            "roles": [write_role(company, role) for company, role in self.roles],
        }

    async def call(
        self,
        method: str,
        module: str,
        path: str = "",
        *,
        body: Document | None = None,
        sender: Company | None = None,
        receiver: str | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """This method will send one request to `module` (like `tokens/SENDER`) and wait for its answer.

        `sender` and `receiver` (`CC-PID`, HUB, or None for open routing) become the routing headers; configuration modules have none.
        """
        return await self.call_address(
            method,
            self.address(module) + path,
            kind=f"{method} {module.split('/')[0]}",
            body=body,
            sender=sender,
            receiver=receiver,
            query=query,
        )

    async def call_address(
        self,
        method: str,
        address: str,
        *,
        kind: str,
        body: Document | None = None,
        sender: Company | None = None,
        receiver: str | None = None,
        query: Mapping[str, str] | None = None,
        correlation_id: str | None = None,
    ) -> Reply:
        """This method will send one request to a full address; it waits and tries again where the hub asks for patience (429, 503)."""
        headers = self._headers(sender=sender, receiver=receiver, correlation_id=correlation_id)
        raw = None
        if body is not None:
            raw, headers["Content-Type"] = _WRITE(body), "application/json"
        for _ in range(_PATIENCE):
            reply = await self._once(method, address, headers=headers, raw=raw, query=query)
            if reply.http not in (429, 503):
                break
            self.tally.waits += 1
            await asyncio.sleep(min(float(reply.headers.get("Retry-After", "1")), 10))
        self.tally.count_sent(kind=kind, code=str(reply.code or f"HTTP {reply.http}"))
        return reply

    def address(self, module: str) -> str:
        """This method will return the hub's address of a module's side; raises KeyError where the hub does not offer it."""
        return self.connection.endpoints[module]

    def object_path(self, owner: Company, *parts: str) -> str:
        """This method will return the path below an endpoint of an object that its owner pushes."""
        return "/" + "/".join((owner.country_code, owner.party_id, *parts))

    async def _discover(self, versions_url: str) -> None:
        listed = await self.call_address("GET", versions_url, kind="GET versions")
        offered = {entry["version"]: entry["url"] for entry in listed.data or []} if listed.is_success else {}
        if VERSION not in offered:
            raise HandshakeFailed(f"GET versions: {_words(listed)}")
        details = await self.call_address("GET", offered[VERSION], kind="GET versions")
        if not details.is_success:
            raise HandshakeFailed(f"GET version details: {_words(details)}")
        self.connection.endpoints = {
            # The role of `credentials` says nothing (OCPI 2.2.1, version_information_endpoint): it is kept without one.
            entry["identifier"] + "/" + ("" if entry["identifier"] == "credentials" else entry["role"]): entry["url"].rstrip("/")
            for entry in details.data["endpoints"]
        }

    def _accept(self, document: Document) -> None:
        hubs = [role for role in document["roles"] if role["role"] == HUB]
        if not hubs:
            raise HandshakeFailed("the credentials name no party with role HUB")
        self.connection.token_at_hub = document["token"]
        self.connection.hub_party = (hubs[0]["country_code"], hubs[0]["party_id"])
        self.connection.is_registered = True

    def _headers(self, *, sender: Company | None, receiver: str | None, correlation_id: str | None) -> dict[str, str]:
        headers = {
            "Authorization": "Token " + base64.b64encode(self.connection.token_at_hub.encode()).decode(),
            "X-Request-ID": str(uuid.uuid4()),
            "X-Correlation-ID": correlation_id or str(uuid.uuid4()),
        }
        if sender is not None:
            headers["OCPI-from-country-code"], headers["OCPI-from-party-id"] = sender.country_code, sender.party_id
        if receiver is not None:
            party = self.connection.hub_party if receiver == HUB else tuple(receiver.split("-"))
            headers["OCPI-to-country-code"], headers["OCPI-to-party-id"] = party
        return headers

    async def _once(
        self, method: str, address: str, *, headers: dict[str, str], raw: bytes | None, query: Mapping[str, str] | None
    ) -> Reply:
        try:
            async with self.http.request(method, address, headers=headers, data=raw, params=query, allow_redirects=False) as response:
                return read_reply(response.status, await response.read(), response.headers)
        except (TimeoutError, aiohttp.ClientError) as error:
            return Reply(0, None, None, type(error).__name__, {})


def read_reply(status: int, body: bytes, headers: Mapping[str, str]) -> Reply:
    """This function will read an answer; amounts become Decimal, never float."""
    try:
        envelope = json.loads(body, parse_float=Decimal)
        return Reply(status, int(envelope["status_code"]), envelope.get("data"), envelope.get("status_message") or "", headers)
    except (ValueError, KeyError, TypeError):
        return Reply(status, None, None, body[:200].decode(errors="replace"), headers)


def _words(reply: Reply) -> str:
    return f"HTTP {reply.http}, {reply.code} {reply.message}".strip()
