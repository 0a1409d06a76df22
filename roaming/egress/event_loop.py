"""The face of the door out for event loops: one pooled aiohttp client per loop, the same guard, breaker and bulkhead."""

import asyncio
import socket
from time import monotonic
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from roaming.egress.addresses import Target, checked, look_up
from roaming.egress.admission import async_place
from roaming.egress.answers import MOST_HEADERS, check_head, outgoing_headers
from roaming.egress.calls import Answer, BadAnswer, Call, EgressError, TimedOut, Unreachable
from roaming.egress.outcome import admit, conclude, write_down_later
from roaming.egress.trust import trusted_certificates
from roaming.parties import directory
from roaming.parties.snapshot import Directory

_CHUNK = 64 * 1024
_CONNECT_SECONDS = 2.0
_KEPT_SECONDS = 30.0
_UNREACHABLE = (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


async def send_async(call: Call) -> Answer:
    """This function will do what `send` does inside an event loop; the directory must be kept current there (`keep_current`)."""
    attempt = admit(call, await _directory())
    answer: Answer | None = None
    error: BaseException | None = None
    try:
        with async_place(platform_id=call.platform_id):
            answer = await _send(call, attempt.target)
    except BaseException as failure:
        error = failure
        raise
    finally:
        status = conclude(attempt, answer=answer, error=error)
        if status is not None:
            write_down_later(attempt, status)
    return answer


async def close_async() -> None:
    """This function will close the client of the running loop: call it once before the loop ends."""
    client = _clients.pop(asyncio.get_running_loop(), None)
    if client is not None:
        await client.close()


async def _send(call: Call, target: Target) -> Answer:
    try:
        async with asyncio.timeout(call.deadline_seconds):
            trace = SimpleNamespace(is_sent=False, is_reused=False)
            try:
                return await _exchange(call, target, trace)
            except Unreachable:
                # Once more where the partner surely read nothing, or where a kept connection was closed already (see blocking.py).
                if trace.is_sent and not (trace.is_reused and call.purpose != "command"):
                    raise
            return await _exchange(call, target, SimpleNamespace(is_sent=False, is_reused=False))
    except TimeoutError as late:
        raise TimedOut("the deadline passed") from late


async def _exchange(call: Call, target: Target, trace: SimpleNamespace) -> Answer:
    started = monotonic()
    try:
        async with _client().request(
            call.method,
            URL(target.url, encoded=True),
            data=call.body,
            headers=outgoing_headers(call.headers),
            allow_redirects=False,
            trace_request_ctx=trace,
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            check_head(status=response.status, headers=headers, max_bytes=call.max_bytes)
            body = await _read(response, call.max_bytes)
            return Answer(status=response.status, headers=headers, body=body, duration_ms=round((monotonic() - started) * 1000))
    except EgressError:
        raise
    except aiohttp.ClientConnectorCertificateError as failure:
        raise Unreachable("the partner's certificate or TLS is not accepted") from failure
    except _UNREACHABLE as failure:
        raise Unreachable("the connection ended before an answer came" if trace.is_sent else "no connection could be opened") from failure
    except TimeoutError:
        raise
    except (aiohttp.ClientError, OSError, ValueError) as failure:
        raise BadAnswer("what came back is no complete HTTP answer") from failure


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        async for chunk in response.content.iter_chunked(_CHUNK):
            size += len(chunk)
            if size > max_bytes:
                raise BadAnswer(f"the answer is longer than {max_bytes} bytes")
            parts.append(chunk)
    except BadAnswer:
        response.close()  # the rest is not wanted: the connection is not kept
        raise
    except (aiohttp.ClientError, OSError) as failure:
        raise BadAnswer("what came back is no complete HTTP answer") from failure
    return b"".join(parts)


async def _directory() -> Directory:
    try:
        return directory.latest()
    except directory.NotYetRead:
        return await asyncio.to_thread(directory.current)


class _CheckedResolver(AbstractResolver):
    """Names are resolved when a connection opens, and every address they have is checked."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        answers = await asyncio.get_running_loop().run_in_executor(None, look_up, host, port)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in checked(answers)
        ]

    async def close(self) -> None:
        """This function will do nothing: the resolver holds nothing."""


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()


def _client() -> aiohttp.ClientSession:
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    if client is None or client.closed:
        client = _clients[loop] = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # the bulkheads bound it, platform by platform
                resolver=_CheckedResolver(),
                use_dns_cache=False,
                keepalive_timeout=_KEPT_SECONDS,
                ssl=trusted_certificates("async"),
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),  # the deadline stands around it all
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            max_headers=MOST_HEADERS,
            trace_configs=[_trace()],
        )
    return client


def _trace() -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()

    async def note_reuse(_: aiohttp.ClientSession, context: Any, __: aiohttp.TraceConnectionReuseconnParams) -> None:
        context.trace_request_ctx.is_reused = True

    async def note_sending(_: aiohttp.ClientSession, context: Any, __: aiohttp.TraceRequestHeadersSentParams) -> None:
        context.trace_request_ctx.is_sent = True

    trace.on_connection_reuseconn.append(note_reuse)
    trace.on_request_headers_sent.append(note_sending)
    return trace
