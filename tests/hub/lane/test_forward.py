"""To Django's process over its unix socket, and to Django in threads: the same request arrives, the same answer leaves."""

import asyncio
import http.client
import json
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse

import pytest
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope

from hub.lane import intake, upstream
from hub.lane.forward import forward
from hub.lane.threads import DjangoThreads
from hub.lane.upstream import Upstream
from tests.hub.lane.conftest import Serve

Ask = Callable[..., http.client.HTTPResponse]


def mirror(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
    """Answers with what reached it."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    seen = {
        name: value
        for name, value in environ.items()
        if isinstance(value, str) and (name.startswith(("HTTP_", "CONTENT_")) or name.isupper())
    }
    answer = json.dumps({**seen, "body": len(body)}).encode()
    start_response(
        "201 Created", [("Content-Type", "application/json"), ("X-Twice", "a"), ("X-Twice", "b"), ("Content-Length", str(len(answer)))]
    )
    return [answer]


def flood(environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
    """Streams 3 MB without telling its length."""
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    for _ in range(48):
        yield b"x" * 65536


@pytest.fixture(params=["socket", "threads"])
def ask(request: pytest.FixtureRequest, serve: Serve, tmp_path: Path) -> Iterator[Ask]:
    """`ask(wsgi_application, method, path, ...)` through either way."""
    connections: list[http.client.HTTPConnection] = []

    def through(
        application: Any, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> http.client.HTTPResponse:
        if request.param == "threads":
            port = serve(DjangoThreads(application=application).answer)
        else:
            serve_socket(application, tmp_path / "web.sock", request)
            port = serve(by_socket(tmp_path / "web.sock"))
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connections.append(connection)
        connection.request(method, path, body=body, headers=headers or {})
        return connection.getresponse()

    yield through
    for connection in connections:
        connection.close()


def by_socket(path: Path, size: int = 4) -> Any:
    way = Upstream(path=str(path), size=size)

    async def application(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await forward(upstream=way, scope=scope, receive=receive, send=send)

    return application


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer, WSGIServer):
    """The standard library's WSGI server on a unix socket."""

    daemon_threads = True

    def server_bind(self) -> None:
        socketserver.UnixStreamServer.server_bind(self)
        self.server_name, self.server_port = "localhost", 80
        self.setup_environ()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, _ = super().get_request()
        return connection, ("socket", 0)


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve_socket(application: Any, path: Path, request: pytest.FixtureRequest) -> None:
    """Run a WSGI application behind a unix socket, as granian does."""
    server = UnixServer(str(path), Quiet)
    server.set_app(application)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    request.addfinalizer(stop)


class TestARequest:
    def test_arrives_with_method_path_query_headers_and_body(self, ask: Ask) -> None:
        answer = ask(
            mirror, "PUT", "/ocpi/a%2Fb?x=1&y=%20", body=b"12345", headers={"OCPI-to-party-id": "BET", "Content-Type": "application/json"}
        )
        seen = json.loads(answer.read())
        assert (seen["REQUEST_METHOD"], seen["PATH_INFO"], seen["QUERY_STRING"]) == ("PUT", "/ocpi/a/b", "x=1&y=%20")
        assert (seen["HTTP_OCPI_TO_PARTY_ID"], seen["CONTENT_TYPE"], seen["body"]) == ("BET", "application/json", 5)

    def test_tells_the_path_as_it_came(self, ask: Ask) -> None:
        seen = json.loads(ask(mirror, "GET", "/ocpi/a%2Fb?x=1", headers={"X-Raw-Path": "/forged"}).read())
        assert seen["HTTP_X_RAW_PATH"] == "/ocpi/a%2Fb"

    def test_of_chunks_arrives_with_a_length(self, ask: Ask) -> None:
        seen = json.loads(ask(mirror, "POST", "/", body=iter([b"abc", b"def"])).read())
        assert (seen["CONTENT_LENGTH"], seen["body"]) == ("6", 6)

    def test_cannot_say_where_it_came_from(self, ask: Ask) -> None:
        forged = {
            "X-Forwarded-For": "10.1.1.1",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "evil",
            "X-Real-IP": "10.1.1.1",
            "Forwarded": "for=10.1.1.1",
        }
        seen = json.loads(ask(mirror, "GET", "/", headers=forged).read())
        assert (seen["HTTP_X_FORWARDED_FOR"], seen["HTTP_X_FORWARDED_PROTO"]) == ("127.0.0.1", "http")
        assert not {"HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP", "HTTP_FORWARDED"} & set(seen)

    def test_cannot_smuggle_a_header_under_another_spelling(self, ask: Ask) -> None:
        seen = json.loads(
            ask(mirror, "GET", "/", headers={"X-Client-Certificate-SHA256": "good", "X_Client_Certificate_SHA256": "evil"}).read()
        )
        assert seen["HTTP_X_CLIENT_CERTIFICATE_SHA256"] == "good"

    def test_leaves_the_headers_of_its_connection_behind(self, ask: Ask) -> None:
        seen = json.loads(
            ask(mirror, "GET", "/", headers={"Connection": "keep-alive, X-Private", "X-Private": "1", "TE": "trailers"}).read()
        )
        assert not {"HTTP_X_PRIVATE", "HTTP_TE", "HTTP_KEEP_ALIVE"} & set(seen)

    def test_over_the_cap_is_413(self, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
        assert ask(mirror, "POST", "/", headers={"Content-Length": str(intake.BODY_BYTES + 1)}).status == 413

    def test_of_chunks_over_the_cap_is_413_for_a_client_that_writes_on_too(self, ask: Ask) -> None:
        chunks = (b"x" * 1_000_000 for _ in range(20))
        answer = ask(mirror, "POST", "/", body=chunks)
        assert (answer.status, answer.read()) == (413, b"413 Request Entity Too Large: the body is longer than 16777216 bytes\n")

    def test_over_the_cap_is_refused_in_the_envelope_of_ocpi_with_its_ids(self, ask: Ask) -> None:
        ids = {"X-Request-ID": "r-1", "X-Correlation-ID": "c-1", "OCPI-from-country-code": "DE", "OCPI-from-party-id": "ALF"}
        answer = ask(mirror, "PUT", "/ocpi/2.2.1/locations", headers={"Content-Length": str(intake.BODY_BYTES + 1), **ids})
        told = json.loads(answer.read())
        assert (answer.status, told["status_code"], told["status_message"]) == (413, 2000, "the body is longer than 16777216 bytes")
        assert [answer.headers[name] for name in ("X-Request-ID", "X-Correlation-ID", "OCPI-to-party-id")] == ["r-1", "c-1", "ALF"]

    def test_over_the_cap_is_refused_in_the_words_of_oicp(self, ask: Ask) -> None:
        answer = ask(mirror, "POST", "/api/oicp/x", headers={"Content-Length": str(intake.BODY_BYTES + 1)})
        assert (answer.status, json.loads(answer.read())["message"]) == (413, "the body is longer than 16777216 bytes")


class TestAnAnswer:
    def test_comes_back_with_status_headers_and_body(self, ask: Ask) -> None:
        answer = ask(mirror, "GET", "/")
        assert (answer.status, answer.headers.get_all("x-twice"), answer.headers["content-type"]) == (201, ["a", "b"], "application/json")

    def test_tells_its_date_once(self, serve: Serve, tmp_path: Path, request: pytest.FixtureRequest) -> None:
        serve_socket(mirror, tmp_path / "web.sock", request)
        connection = http.client.HTTPConnection("127.0.0.1", serve(by_socket(tmp_path / "web.sock")))
        connection.request("GET", "/")
        assert len(connection.getresponse().headers.get_all("date") or []) == 1

    def test_to_head_has_no_body(self, ask: Ask) -> None:
        answer = ask(mirror, "HEAD", "/")
        assert (answer.status, answer.read()) == (201, b"")

    def test_of_unknown_length_is_streamed(self, ask: Ask) -> None:
        assert len(ask(flood, "GET", "/").read()) == 48 * 65536


class TestDjangosProcess:
    def test_away_is_503(self, serve: Serve, tmp_path: Path) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", serve(by_socket(tmp_path / "nobody.sock")))
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")

    def test_away_is_3000_for_who_speaks_ocpi(self, serve: Serve, tmp_path: Path) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", serve(by_socket(tmp_path / "nobody.sock")))
        connection.request("GET", "/ocpi/versions", headers={"X-Request-ID": "r-1"})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["x-request-id"], json.loads(answer.read())["status_code"]) == (503, "r-1", 3000)

    def test_that_answers_nothing_is_504(self, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(upstream, "READ_SECONDS", 0.05)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "web.sock"))
            listener.listen()
            connection = http.client.HTTPConnection("127.0.0.1", serve(by_socket(tmp_path / "web.sock")))
            connection.request("GET", "/")
            assert connection.getresponse().status == 504

    def test_with_no_free_connection_is_503(self, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(upstream, "WAIT_SECONDS", 0.05)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "web.sock"))
            listener.listen()
            port = serve(by_socket(tmp_path / "web.sock", size=1))
            first, second = (http.client.HTTPConnection("127.0.0.1", port) for _ in range(2))
            first.request("GET", "/")
            held, _ = listener.accept()
            second.request("GET", "/")
            assert second.getresponse().status == 503
            held.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            assert first.getresponse().status == 204
            held.close()

    def test_that_breaks_off_half_way_breaks_the_answer_off(self, serve: Serve, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "web.sock"))
            listener.listen()
            connection = http.client.HTTPConnection("127.0.0.1", serve(by_socket(tmp_path / "web.sock")))
            connection.request("GET", "/")
            held, _ = listener.accept()
            held.recv(65536)
            held.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            held.close()
            with pytest.raises(http.client.IncompleteRead):
                connection.getresponse().read()

    def test_restarted_between_two_requests_is_asked_over_a_new_connection(self, tmp_path: Path) -> None:
        path = tmp_path / "web.sock"

        async def story() -> list[bytes]:
            way = Upstream(path=str(path))
            request = upstream.Request(method=b"GET", head=b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", body=b"")
            bodies = []
            for word in (b"one", b"two"):
                server = await asyncio.start_unix_server(partial(_say, word), path)
                async with way.sent(request) as connection:
                    bodies.append(await connection.read() or b"")
                server.close()
                for task in asyncio.all_tasks() - {asyncio.current_task()}:
                    task.cancel()
                os.unlink(path)
            way.close()
            return bodies

        assert asyncio.run(story()) == [b"one", b"two"]


async def _say(word: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + word)
        await reader.read()
    finally:
        writer.close()
