"""A protocol that only these tests speak, and a receiver that keeps what it hears: the outbox knows no protocol."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from roaming import canonical
from roaming.canonical import PartyId
from roaming.egress import Answer, Call
from roaming.gateways import Declined, Forward, Forwarded, Outcome, Parcel, register_gateway
from roaming.parties.snapshot import PlatformEntry

PROTOCOL = "stub"


class StubGateway:
    """Sends the parcel itself as JSON: 2xx is delivered, 4xx refused, all else comes again."""

    meanwhile: ClassVar[list[Callable[[], object]]] = []  # what others do while the next objects are read

    def __init__(self, platform: PlatformEntry) -> None:
        self.platform = platform

    def prepare(self, parcel: Parcel) -> Call | None:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        if parcel.object_type == "gone":
            return None
        if parcel.object_type == "unwritable":
            raise ValueError("a bug of the dialect")
        body = {
            "module": parcel.module,
            "verb": parcel.verb,
            "type": parcel.object_type,
            "row": parcel.object_row,
            "path": parcel.object_path,
            "payload": parcel.payload,
            "merged": parcel.is_merged,
            "attempts": parcel.attempts,
            "sender": str(parcel.sender),
            "receiver": str(parcel.receiver.key),
        }
        return Call(
            platform_id=parcel.platform.id,
            purpose="push",
            method="POST",
            url=self.platform.endpoints[parcel.module, "RECEIVER"],
            headers={"Authorization": "Token stub"},
            body=json.dumps(body).encode(),
            deadline_seconds=5.0,
        )

    def judge(self, parcel: Parcel, answer: Answer) -> Outcome:
        if 200 <= answer.status < 300:
            return Outcome("delivered", f"HTTP {answer.status}")
        if 400 <= answer.status < 500:
            return Outcome("rejected", f"HTTP {answer.status}")
        asked = answer.headers.get("retry-after")
        return Outcome("retry", f"HTTP {answer.status}", retry_after_seconds=float(asked) if asked else None)

    def authorize(
        self, request: canonical.AuthorizationRequest, *, receiver: PartyId, deadline_seconds: float
    ) -> canonical.AuthorizationDecision:
        raise Declined(2000)

    async def authorize_async(
        self, request: canonical.AuthorizationRequest, *, receiver: PartyId, deadline_seconds: float
    ) -> canonical.AuthorizationDecision:
        raise Declined(2000)

    def send_command(
        self,
        command: canonical.Command | canonical.ProfileRequest,
        *,
        sender: PartyId,
        receiver: PartyId,
        response_url: str,
        correlation_id: str,
        deadline_seconds: float,
    ) -> canonical.CommandResponse:
        raise Declined(2000)

    def forward(self, request: Forward) -> Forwarded:
        raise Declined(2000)

    def probe(self) -> Call | None:
        url = self.platform.versions_url
        return Call(self.platform.id, "probe", "GET", url, {"Authorization": "Token stub"}, None, 2.0)


def register() -> None:
    """This function will let the stub speak for every platform of its protocol."""
    register_gateway(PROTOCOL, StubGateway)


class Receiver:
    """An HTTP server on loopback that answers by `status` and keeps every message with the order in which it came."""

    def __init__(self, status: Callable[[dict[str, Any]], int] = lambda _: 200, *, port: int = 0) -> None:
        self.heard: list[dict[str, Any]] = []
        self.in_flight = self.most_in_flight = 0
        self.headers: dict[str, str] = {}
        lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    receiver.heard.append(message)
                    receiver.in_flight += 1
                    receiver.most_in_flight = max(receiver.most_in_flight, receiver.in_flight)
                answer = status(message)
                with lock:
                    receiver.in_flight -= 1
                self.send_response(answer)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def rows(self) -> list[int]:
        """The rows of the objects it heard of, in order."""
        return [message["row"] for message in self.heard]

    def close(self) -> None:
        """This function will stop the server."""
        self._server.shutdown()
        self._server.server_close()
