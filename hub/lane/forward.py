"""To Django's process: everything that is not answered in the lane, over a unix socket.

The request keeps its raw path and its headers, but for those of the connection (RFC 9110 §7.6.1) and those that say where a
request came from: these the lane sets itself, so that no client can.
"""

import hmac
from http import HTTPStatus

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope
from django.conf import settings

from hub.lane.answers import body_of, start_of
from hub.lane.intake import BODY_BYTES, BodyTooLarge, ClientGone, find_header, read_body
from hub.lane.refuse import send_refusal
from hub.lane.upstream import Request, Upstream, UpstreamAway, UpstreamBusy, UpstreamSilent

_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_OURS = frozenset({b"content-length", b"expect", b"forwarded", b"x-real-ip", b"x-raw-path"})
# Whole data sets that OICP partners push (oicp §1.4). Only the TLS-terminating proxy lets somebody send that much.
_DATA_SET_BYTES = 256 * 1024 * 1024
_BODILESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


async def forward(*, upstream: Upstream, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """This function will answer with what Django's process answers; 503 or 504 say that it is away or busy, or silent."""
    started = False
    try:
        body = await read_body(scope=scope, receive=receive, cap=_cap(scope))
        request = Request(method=scope["method"].encode("ascii"), head=_write_head(scope, len(body)), body=body)
        async with upstream.sent(request) as connection:
            started = True
            headers = [header for header in end_to_end(connection.headers) if header[0] != b"date"]  # the server writes it once more
            await send(start_of(status=connection.status, headers=headers))
            while (chunk := await connection.read()) is not None:
                await send(body_of(body=chunk, more=not connection.is_complete))
                if connection.is_complete:
                    return
            await send(body_of(body=b""))
    except ClientGone:
        return
    except BodyTooLarge:
        await send_refusal(scope=scope, send=send, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, limit=_cap(scope))
    except (UpstreamAway, UpstreamBusy, UpstreamSilent) as error:
        if not started:  # an answer that breaks off half way ends with its connection: uvicorn closes it
            status = HTTPStatus.GATEWAY_TIMEOUT if isinstance(error, UpstreamSilent) else HTTPStatus.SERVICE_UNAVAILABLE
            await send_refusal(scope=scope, send=send, status=status)


def _cap(scope: HTTPScope) -> int:
    secret = settings.HUB_PROXY_SECRET.encode()
    if secret and scope["path"].startswith("/api/oicp/"):
        shown = find_header(scope, b"x-proxy-secret") or b""
        if hmac.compare_digest(shown, secret):
            return _DATA_SET_BYTES
    return BODY_BYTES


def end_to_end(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """This function will return the headers that are not of one connection only, `Connection`'s own list included."""
    dropped = _HOP_BY_HOP
    for name, value in headers:
        if name == b"connection" and (listed := {part.strip().lower() for part in value.split(b",")} - {b"close", b"keep-alive"}):
            dropped = dropped | listed
    return [(name, value) for name, value in headers if name not in dropped]


def forwarded_headers(scope: HTTPScope) -> list[tuple[bytes, bytes]]:
    """This function will return the client's headers as Django may believe them.

    A name with an underscore is dropped: WSGI cannot tell `Client_Cert` from `Client-Cert`, and the forged one would win.
    """
    kept = [
        (name, value)
        for name, value in end_to_end(list(scope["headers"]))
        if name not in _OURS and b"_" not in name and not name.startswith(b"x-forwarded-")
    ]
    client = scope["client"]
    kept.append((b"x-forwarded-for", client[0].encode("ascii") if client else b""))
    kept.append((b"x-forwarded-proto", scope["scheme"].encode("ascii")))
    # WSGI servers hand on the decoded path only: an id with %2F in it would be split.
    kept.append((b"x-raw-path", scope["raw_path"]))
    return kept


def _write_head(scope: HTTPScope, length: int) -> bytes:
    query = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    parts = [scope["method"].encode("ascii"), b" ", target, b" HTTP/1.1\r\n"]
    for name, value in forwarded_headers(scope):
        parts += (name, b": ", value, b"\r\n")
    if length or scope["method"] not in _BODILESS:
        parts += (b"content-length: ", str(length).encode("ascii"), b"\r\n")
    parts.append(b"\r\n")
    return b"".join(parts)
