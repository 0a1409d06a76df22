"""What a client may send before it is cut off."""

import http.client
import socket

import pytest

from hub.lane import wire
from hub.lane.answers import send_answer
from tests.hub.lane.conftest import Serve


async def hello(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
    while (await receive()).get("more_body"):
        pass
    await send_answer(send=send, status=200, headers=[], body=b"hello")


def speak(port: int, request: bytes = b"") -> bytes:
    """Send the bytes and return all that comes until the server closes."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request)
        received = b""
        while data := connection.recv(65536):
            received += data
        return received


class TestHeaders:
    def test_of_usual_size_are_served(self, serve: Serve) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", serve(hello))
        connection.request("GET", "/", headers={"Cookie": "x" * 4000})
        assert connection.getresponse().read() == b"hello"

    def test_in_a_block_of_more_than_16_kib_are_431(self, serve: Serve) -> None:
        headers = b"".join(b"X-H%d: %s\r\n" % (number, b"v" * 1000) for number in range(17))
        assert speak(serve(hello), b"GET / HTTP/1.1\r\n" + headers + b"\r\n").startswith(b"HTTP/1.1 431 ")

    def test_one_of_more_than_8_kib_is_431(self, serve: Serve) -> None:
        assert speak(serve(hello), b"GET / HTTP/1.1\r\nX: " + b"v" * 8200 + b"\r\n\r\n").startswith(b"HTTP/1.1 431 ")

    def test_without_end_are_431_before_their_end(self, serve: Serve) -> None:
        assert speak(serve(hello), b"GET / HTTP/1.1\r\nX: " + b"v" * 17_000).startswith(b"HTTP/1.1 431 ")

    def test_a_long_request_line_is_431(self, serve: Serve) -> None:
        assert speak(serve(hello), b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 431 ")

    def test_that_are_no_headers_are_400(self, serve: Serve) -> None:
        assert speak(serve(hello), b"GET / HTTP/1.1\r\nno colon\r\n\r\n").startswith(b"HTTP/1.1 400 ")


class TestASlowClient:
    @pytest.fixture(autouse=True)
    def _impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wire, "HEADER_SECONDS", 0.05)
        monkeypatch.setattr(wire, "BODY_SECONDS", 0.05)

    def test_that_never_ends_its_headers_gets_408(self, serve: Serve) -> None:
        assert speak(serve(hello), b"GET / HTTP/1.1\r\nHost: x\r\n").startswith(b"HTTP/1.1 408 ")

    def test_that_never_ends_its_body_gets_408(self, serve: Serve) -> None:
        assert speak(serve(hello), b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc").startswith(b"HTTP/1.1 408 ")

    def test_that_never_speaks_is_closed_without_a_word(self, serve: Serve) -> None:
        assert speak(serve(hello)) == b""

    def test_keeps_an_idle_connection_between_two_requests(self, serve: Serve) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", serve(hello))
        for _ in range(2):
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"hello"
            assert connection.sock is not None
            connection.sock.settimeout(0.2)
            with pytest.raises(TimeoutError):  # the hub does not close what merely rests
                connection.sock.recv(1)
            connection.sock.settimeout(None)
