"""A partner made of one thread: it answers what a test told it to, and remembers what it was asked.

It speaks HTTP over a real socket on loopback, so that what a test sees is what left the hub.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

OCPI_TIME = "2026-10-05T12:00:00Z"


@dataclass(frozen=True)
class Heard:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Told:
    """What to answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answerer = Callable[[Heard], Told]


class StubPartner:
    """A partner at `host` with `answers` by (method, path without query). Without one it answers 404."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.host = f"127.0.0.1:{server.server_port}"
        self.url = f"http://{self.host}"
        self.heard: list[Heard] = []
        self.answers: dict[tuple[str, str], Answerer] = {}

    def answer(self, method: str, path: str, data: Any = None, *, code: int = 1000, status: int = 200, **headers: str) -> None:
        """This method will answer that address with an OCPI envelope from now on."""
        self.answers[method, path] = lambda _: envelope(data, code=code, status=status, headers=headers)

    def answer_raw(self, method: str, path: str, body: bytes, *, status: int = 200, **headers: str) -> None:
        """This method will answer that address with these bytes from now on."""
        self.answers[method, path] = lambda _: Told(status=status, body=body, headers=headers)

    def answer_by(self, method: str, path: str, answerer: Answerer) -> None:
        """This method will let `answerer` decide from now on."""
        self.answers[method, path] = answerer

    def heard_at(self, method: str, path: str) -> list[Heard]:
        """This method will return what was asked of that address, oldest first."""
        return [heard for heard in self.heard if heard.method == method and heard.path.partition("?")[0] == path]

    def serve_versions(self, *modules: tuple[str, str], version: str = "2.2.1") -> str:
        """This method will offer one version with these (module, interface) and return the address of the versions list."""
        offered = [{"identifier": "credentials", "role": "SENDER", "url": f"{self.url}/ocpi/{version}/credentials"}]
        offered += [{"identifier": module, "role": role, "url": f"{self.url}/ocpi/{version}/{module}"} for module, role in modules]
        self.answer("GET", "/ocpi/versions", [{"version": version, "url": f"{self.url}/ocpi/{version}"}])
        self.answer("GET", f"/ocpi/{version}", {"version": version, "endpoints": offered})
        return f"{self.url}/ocpi/versions"

    def _answer(self, heard: Heard) -> Told:
        self.heard.append(heard)
        answerer = self.answers.get((heard.method, heard.path.partition("?")[0]))
        return answerer(heard) if answerer else envelope(None, code=2000, status=404)


def envelope(
    data: Any = None, *, code: int = 1000, status: int = 200, message: str | None = None, headers: Mapping[str, str] | None = None
) -> Told:
    """This function will return an OCPI answer."""
    body: dict[str, Any] = {"status_code": code, "timestamp": OCPI_TIME}
    if data is not None:
        body["data"] = data
    if message is not None:
        body["status_message"] = message
    told = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in (headers or {}).items()}}
    return Told(status=status, body=json.dumps(body, default=float).encode(), headers=told)


@contextmanager
def stub_partner() -> Iterator[StubPartner]:
    """This function will run a partner on a free port of 127.0.0.1 until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    partner = StubPartner(server)
    server.partner = partner  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="stub partner", daemon=True)
    thread.start()
    try:
        yield partner
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # the hub hung up at its deadline: that is what some tests are about
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        heard = Heard(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        told = self.server.partner._answer(heard)  # type: ignore[attr-defined]
        self.send_response(told.status)
        for name, value in told.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(told.body)))
        self.end_headers()
        self.wfile.write(told.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  (http.server's names)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests print nothing."""
