"""What the hub is compared with: the same work without a hub. Each is a bare ASGI application for uvicorn.

`constant` answers a fixed envelope; `proxy` forwards to PROVIDER_URL with aiohttp and hands the answer back, and does nothing else:
no authentication, no routing, no record; `provider` is the stub that answers every authorisation with ALLOWED.
"""

import os
from typing import Any

import aiohttp

ANSWER = (
    b'{"data":{"allowed":"ALLOWED","token":{"country_code":"NL","party_id":"BET","uid":"0123456789ABCD","type":"RFID",'
    b'"contract_id":"NLBETC12345678","issuer":"Beta","valid":true,"whitelist":"NEVER","last_updated":"2026-10-01T10:00:00Z"},'
    b'"authorization_reference":"REF0123456789"},"status_code":1000,"timestamp":"2026-10-01T10:00:00Z"}'
)
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]


async def constant(scope: Any, receive: Any, send: Any) -> None:
    """This function will answer every request with the fixed envelope."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


provider = constant


class _Proxy:
    """A reverse proxy in twenty lines."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._url = os.environ.get("PROVIDER_URL", "")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"] if name not in (b"host", b"content-length")}
        async with self._session.request(scope["method"], self._url + scope["path"], data=body, headers=headers) as answer:
            content = await answer.read()
            kept = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items() if name.lower() == "content-type"]
        await send({"type": "http.response.start", "status": answer.status, "headers": [*kept, (b"content-length", b"%d" % len(content))]})
        await send({"type": "http.response.body", "body": content})


proxy = _Proxy()
