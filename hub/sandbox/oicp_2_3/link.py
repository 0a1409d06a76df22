"""The client side of one OICP partner: every operation is a POST, and the certificate says who calls.

TLS ends in the hub's proxy. The simulated partners stand where the proxy stands: they hand over its secret and the fingerprint of
the certificate that they would have shown.
"""

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import aiohttp
import msgspec

from hub.sandbox.companies import Company
from hub.sandbox.oicp_2_3.documents import Document
from hub.sandbox.tally import Tally

_PATIENCE = 40  # tries while the hub asks to slow down or restarts
# A certificate that was pinned a moment ago is not known to every process of the hub yet.
_STRANGER_TRIES, _STRANGER_SECONDS = 8, 0.4
_WRITE = msgspec.json.Encoder(decimal_format="number").encode


@dataclass
class Access:
    """What a partner must remember to be recognised again: the fingerprint of its certificate (SHA-256, 64 hex digits)."""

    fingerprint: str = field(default_factory=lambda: secrets.token_hex(32))
    is_registered: bool = False


@dataclass(frozen=True)
class Reply:
    """An answer. `http` is 0 where none came; `code` is OICP's status code, None where the answer has none."""

    http: int
    code: str | None
    body: Document
    note: str = ""

    @property
    def is_done(self) -> bool:
        """Whether an acknowledgement says so."""
        return self.body.get("Result") is True


class OicpLink:
    """One partner's way to the hub."""

    def __init__(
        self,
        *,
        roles: list[tuple[Company, str]],
        http: aiohttp.ClientSession,
        tally: Tally,
        access: Access,
        hub_url: str,
        proxy_secret: str,
    ) -> None:
        self.roles = roles
        self.http = http
        self.tally = tally
        self.access = access
        self.hub_url = hub_url
        self._proxy_secret = proxy_secret

    async def post(self, path: str, body: Document, *, kind: str) -> Reply:
        """This method will send one operation (`path` below /api/oicp) and wait; it tries again where the hub asks for patience."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Proxy-Secret": self._proxy_secret,
            "X-Client-Certificate-SHA256": self.access.fingerprint,
        }
        raw = _WRITE(body)
        for attempt in range(_PATIENCE):
            reply, wait = await self._once(f"{self.hub_url}/api/oicp/{path}", headers=headers, raw=raw)
            if reply.http == 401 and attempt < _STRANGER_TRIES:
                wait = _STRANGER_SECONDS
            elif reply.http not in (429, 503):
                break
            self.tally.waits += 1
            await asyncio.sleep(wait)
        self.tally.count_sent(kind=kind, code=reply.code or f"HTTP {reply.http}")
        return reply

    async def _once(self, address: str, *, headers: Mapping[str, str], raw: bytes) -> tuple[Reply, float]:
        try:
            async with self.http.post(address, headers=headers, data=raw, allow_redirects=False) as response:
                wait = min(float(response.headers.get("Retry-After", "1")), 10)
                return read_reply(response.status, await response.read()), wait
        except (TimeoutError, aiohttp.ClientError) as error:
            return Reply(0, None, {}, type(error).__name__), 1.0


def read_reply(status: int, body: bytes) -> Reply:
    """This function will read an answer; amounts become Decimal, never float."""
    try:
        told: Any = json.loads(body, parse_float=Decimal)
        code = told.get("StatusCode") or {}
        return Reply(status, code.get("Code"), told, code.get("AdditionalInfo") or code.get("Description") or told.get("message") or "")
    except (ValueError, AttributeError):
        return Reply(status, None, {}, body[:200].decode(errors="replace"))
