"""The blocking face of the door out: `requests` over pooled connections, for handshakes, pulls and single calls."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from functools import lru_cache
from time import monotonic
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from roaming.egress.addresses import Target, resolve
from roaming.egress.admission import BLOCKING_CALLS, blocking_place
from roaming.egress.answers import check_head, outgoing_headers
from roaming.egress.calls import Answer, BadAnswer, Call, EgressError, TimedOut, Unreachable
from roaming.egress.outcome import admit, conclude, write_down
from roaming.egress.trust import trusted_certificates
from roaming.egress.watchdog import Flight, flight_of
from roaming.parties import directory

_CHUNK = 64 * 1024
_CONNECT_SECONDS = 2.0
# A share of the deadline that a call may wait for its turn (reliability §3.1, deadline budget).
_QUEUE_SHARE = 0.1


def send(call: Call) -> Answer:
    """This function will make one call and return its answer before the deadline, or raise why there is none.

    It raises AddressRefused, TimedOut, Unreachable or BadAnswer. No transaction may be open: the call may take its whole deadline.
    """
    attempt = admit(call, directory.current())
    answer: Answer | None = None
    error: BaseException | None = None
    try:
        with blocking_place(platform_id=call.platform_id, purpose=call.purpose, wait_seconds=call.deadline_seconds * _QUEUE_SHARE):
            answer = _send(call, attempt.target, attempt.started)
    except BaseException as failure:
        error = failure
        raise
    finally:
        status = conclude(attempt, answer=answer, error=error)
        if status is not None:
            write_down(attempt, status)
    return answer


def _send(call: Call, target: Target, started: float) -> Answer:
    with flight_of(seconds=call.deadline_seconds - (monotonic() - started)) as flight:
        try:
            return _exchange(call, target, flight)
        except Unreachable:
            if not _may_repeat(call, flight):
                raise
        flight.begin_again()
        return _exchange(call, target, flight)


def _may_repeat(call: Call, flight: Flight) -> bool:
    """Once more where the partner surely read nothing, or where a kept connection turned out to be closed already.

    The latter may in truth have been read: a command is not repeated, all else is safe to hear twice.
    """
    if flight.remaining() <= 0:
        return False
    return not flight.is_sent or (flight.is_reused and call.purpose != "command")


def _exchange(call: Call, target: Target, flight: Flight) -> Answer:
    started = monotonic()
    _flying.flight = flight
    try:
        # The adapter and not a session: a session reads the whole body of a redirect, however long, only to offer the next request.
        response = _adapter(call.platform_id).send(
            requests.Request(call.method, target.url, data=call.body, headers=outgoing_headers(call.headers)).prepare(),
            timeout=(min(_CONNECT_SECONDS, max(flight.remaining(), 0.001)), max(flight.remaining(), 0.001)),
            stream=True,
        )
        try:
            headers = {name.lower(): value for name, value in response.headers.items()}
            check_head(status=response.status_code, headers=headers, max_bytes=call.max_bytes)
            body = b"".join(_read(response.raw, call.max_bytes))
            if flight.has_expired:  # a body without a length ends where the watchdog cut it
                raise TimedOut("the deadline passed while the answer came")
        except BaseException:
            response.raw.close()  # what is left of the answer must not be read by the next call on this connection
            raise
        response.raw.release_conn()
    except EgressError:
        raise
    except (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as failure:
        raise _named(failure, flight) from failure
    finally:
        _flying.flight = None
    return Answer(status=response.status_code, headers=headers, body=body, duration_ms=round((monotonic() - started) * 1000))


def _read(raw: urllib3.HTTPResponse, max_bytes: int) -> Iterator[bytes]:
    size = 0
    for chunk in raw.stream(_CHUNK, decode_content=False):
        size += len(chunk)
        if size > max_bytes:
            raise BadAnswer(f"the answer is longer than {max_bytes} bytes")
        yield chunk


def _named(failure: BaseException, flight: Flight) -> EgressError:
    """This function will say what a failure of the libraries means."""
    if flight.has_expired or flight.remaining() <= 0:
        return TimedOut("the deadline passed")
    causes = list(_causes(failure))
    if not flight.is_sent:
        is_tls = any(isinstance(cause, ssl.SSLError) for cause in causes)
        return Unreachable("the partner's certificate or TLS is not accepted" if is_tls else "no connection could be opened")
    ended = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)
    if any(isinstance(cause, ended) for cause in causes):
        return Unreachable("the connection ended before an answer came")
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return TimedOut("the deadline passed")
    return BadAnswer("what came back is no complete HTTP answer")


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """This function will yield an exception and those it wraps: urllib3 and requests keep them in their arguments."""
    yield failure
    for inner in (*failure.args, getattr(failure, "reason", None)):
        if isinstance(inner, BaseException):
            yield from _causes(inner)


class _Flying(threading.local):
    """The flight of the call that this thread makes."""

    flight: Flight | None = None


_flying = _Flying()


class _Connection(HTTPConnection):
    """A connection that opens at checked addresses only and shows its socket to the watchdog."""

    def _new_conn(self) -> socket.socket:
        flight = _flying.flight
        if flight is None:
            raise Unreachable("a connection was opened outside a call")
        host = self._dns_host.removeprefix("[").removesuffix("]")
        failure: OSError | None = None
        for address in resolve(host=host, port=self.port, seconds=flight.remaining()):
            try:
                sock = _connect(address, self.port, flight)
            except OSError as error:
                failure = error
                continue
            flight.has_opened = True
            return sock
        if isinstance(failure, TimeoutError) or flight.remaining() <= 0:
            raise TimedOut("no connection could be opened in time")
        raise Unreachable("no connection could be opened")

    def request(self, *args: Any, **kwargs: Any) -> None:
        flight = _flying.flight
        if flight is not None and self.sock is not None and not flight.has_opened:
            flight.is_reused = True
            flight.attach(self.sock)
        super().request(*args, **kwargs)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if _flying.flight is not None:
            _flying.flight.is_sent = True
        super().send(data)


class _TlsConnection(_Connection, HTTPSConnection):
    """The same under TLS. Host and SNI stay the name, whatever address was opened."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    """Pooled connections to one platform: no retries, no proxies or .netrc of the environment, certificates as `trust` says."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=trusted_certificates("blocking"))
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """This function will leave the certificates to the context of the pool."""


@lru_cache(maxsize=4096)
def _adapter(platform_id: int) -> _Adapter:
    return _Adapter(pool_connections=4, pool_maxsize=BLOCKING_CALLS)


def _connect(address: str, port: int, flight: Flight) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(max(min(_CONNECT_SECONDS, flight.remaining()), 0.001))
        flight.attach(sock)
        sock.connect((address, port))
        sock.settimeout(max(flight.remaining(), 0.001))  # for the handshake of TLS
    except OSError:
        sock.close()
        raise
    return sock
