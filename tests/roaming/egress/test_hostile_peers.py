"""Hostile answers, over both faces: each ends as one of four named refusals, none stretches the deadline."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from roaming.egress import BadAnswer, Call, TimedOut, Unreachable, send
from roaming.egress.admission import BLOCKING_CALLS, blocking_place
from roaming.egress.blocking import _adapter
from roaming.egress.trust import trusted_certificates
from roaming.exchanges.models import Exchange
from roaming.exchanges.record import flush
from tests.builders.parties import a_platform
from tests.roaming.egress.conftest import Send
from tests.roaming.egress.hostile import OK, drip, peer, say_and_close

# The deadline of these calls, and what a machine under load may add. The peers would go on for minutes.
DEADLINE = 0.5
SLACK = 5.0


class TestAnswers:
    def test_gives_status_headers_and_body_back(self, call: Send) -> None:
        with peer(b"HTTP/1.1 201 Created\r\nLocation: /x\r\nContent-Length: 5\r\n\r\nhello") as server:
            answer = call(f"{server.url}/cdrs?x=%2F", method="PUT")
        assert (answer.status, answer.headers["location"], answer.body) == (201, "/x", b"hello")
        request = server.requests[0]
        assert request.startswith(b"PUT /cdrs?x=%2F HTTP/1.1\r\n")
        assert b"authorization: token shown" in request.lower()
        assert b"accept-encoding: identity" in request.lower()
        assert f"host: {server.host}".encode() in request.lower()
        assert request.endswith(b'{"a": 1}')

    def test_keeps_connections_open_between_calls(self, call: Send) -> None:
        with peer(OK) as server:
            platform = a_platform(allowed_hosts=[server.host]).id
            for _ in range(3):
                call(server.url, platform=platform)
        assert (len(server.requests), server.connections) == (3, 1)

    def test_reads_a_chunked_body_and_none(self, call: Send) -> None:
        with peer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") as server:
            assert call(server.url).body == b"abcde"
        with peer(b"HTTP/1.1 204 No Content\r\n\r\n") as server:
            assert call(server.url).body == b""

    def test_business_refusals_and_server_errors_are_answers(self, call: Send) -> None:
        for status in (400, 401, 404, 405, 500, 503):
            with peer(b"HTTP/1.1 %d Told\r\nContent-Length: 0\r\n\r\n" % status) as server:
                assert call(server.url).status == status

    def test_records_the_exchange_without_secrets(self, call: Send) -> None:
        with peer(b'HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{"status_code": 1000, "uid": "04AABBCC"}') as server:
            platform = a_platform(allowed_hosts=[server.host]).id
            call(
                f"{server.url}/2.2.1/tokens/04AABBCC/authorize",
                platform=platform,
                body=b'{"token": "secret"}',
                headers={
                    "Authorization": "Token shown",
                    "X-Correlation-ID": "c-1",
                    "OCPI-to-country-code": "NL",
                    "OCPI-to-party-id": "BET",
                },
            )
        flush()
        row = Exchange.objects.get(platform_id=platform)
        assert (row.direction, row.path, row.http_status, row.protocol_status) == ("out", "/2.2.1/tokens/***/authorize", 200, 1000)
        assert (row.receiver, row.correlation_id, row.module) == ("NL-BET", "c-1", "tokens")
        for text in (row.request_body, row.response_body):
            assert "secret" not in text
            assert "04AABBCC" not in text


class TestDeadline:
    @pytest.mark.parametrize(
        "behave",
        [
            drip(b"HTTP/1.1 200 OK\r\n" + b"X-Slow: very\r\n" * 400 + b"\r\n"),
            drip(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b" " * 2000),
            drip(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 2000),
            drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
            lambda _: time.sleep(60),
        ],
        ids=["headers", "body", "body without length", "continue", "silence"],
    )
    def test_no_peer_stretches_it(self, call: Send, behave: object) -> None:
        with peer(behave) as server:  # type: ignore[arg-type]
            began = time.monotonic()
            with pytest.raises(TimedOut):
                call(server.url, deadline_seconds=DEADLINE)
            assert time.monotonic() - began < DEADLINE + SLACK

    def test_a_peer_that_never_finishes_the_handshake_of_tls_does_not(self, call: Send) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        with listener:
            host = f"127.0.0.1:{listener.getsockname()[1]}"
            with pytest.raises(TimedOut):
                call(f"https://{host}/", deadline_seconds=DEADLINE)

    def test_the_next_call_on_that_platform_is_not_harmed(self, call: Send) -> None:
        speeds = iter([0.5, 0.0])

        def behave(connection: socket.socket) -> None:
            drip(OK, seconds_per_byte=next(speeds))(connection)

        with peer(behave) as server:
            platform = a_platform(allowed_hosts=[server.host]).id
            with pytest.raises(TimedOut):
                call(server.url, platform=platform, deadline_seconds=DEADLINE)
            assert call(server.url, platform=platform).body == b"{}"


class TestBadAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            b"garbage\r\n\r\n",
            b"<html>\r\n\r\n",
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(200)) + b"\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"X-Same: y\r\n" * 200 + b"\r\n",
            b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 100_000 + b"\r\n\r\n",
        ],
        ids=lambda answer: repr(answer[:40]),
    )
    def test_what_is_no_usable_answer_is_named_so(self, call: Send, answer: bytes) -> None:
        with peer(say_and_close(answer)) as server, pytest.raises(BadAnswer):
            call(server.url)

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(self, call: Send, status: int) -> None:
        with peer(OK, host="127.0.0.2") as canary:
            # Its body never comes: what a redirect says is not read.
            answer = b"HTTP/1.1 %d Moved\r\nLocation: %s/\r\nContent-Length: 9\r\n\r\n" % (status, canary.url.encode())
            with peer(answer) as server, pytest.raises(BadAnswer, match="redirect"):
                call(server.url, hosts=[server.host, canary.host])
            assert canary.connections == 0

    def test_an_endless_answer_is_cut_at_the_cap(self, call: Send) -> None:
        sent = 0

        def flood(connection: socket.socket) -> None:
            nonlocal sent
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                connection.sendall(b"x" * 65536)
                sent += 65536

        with peer(flood) as server, pytest.raises(BadAnswer, match="longer than 1048576"):
            call(server.url)
        assert sent < 32 << 20

    def test_the_cap_itself_still_passes(self, call: Send) -> None:
        with peer(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000) as server:
            assert len(call(server.url, max_bytes=1000).body) == 1000
            with pytest.raises(BadAnswer):
                call(server.url, max_bytes=999)

    def test_the_leftovers_of_a_bad_answer_are_not_the_next_answer(self, call: Send) -> None:
        answers = iter([b"HTTP/1.1 302 Moved\r\nLocation: /x\r\nContent-Length: 60\r\n\r\n" + OK, OK])
        with peer(lambda connection: connection.sendall(next(answers))) as server:
            platform = a_platform(allowed_hosts=[server.host]).id
            with pytest.raises(BadAnswer):
                call(server.url, platform=platform)
            assert call(server.url, platform=platform).status == 200
        assert server.connections == 2


class TestUnreachable:
    def test_nobody_listens(self, call: Send) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            host = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(Unreachable):
            call(f"http://{host}/")

    def test_the_connection_ends_before_an_answer(self, call: Send) -> None:
        with peer(lambda connection: connection.shutdown(socket.SHUT_RDWR)) as server, pytest.raises(Unreachable):
            call(server.url)
        assert len(server.requests) == 1

    def test_a_kept_connection_that_was_closed_is_opened_anew(self, call: Send) -> None:
        # The peer says nothing about closing, and closes only when the second request comes.
        answers = iter([OK, None, OK])

        def behave(connection: socket.socket) -> None:
            answer = next(answers)
            if answer is None:
                connection.shutdown(socket.SHUT_RDWR)
            else:
                connection.sendall(answer)

        with peer(behave) as server:
            platform = a_platform(allowed_hosts=[server.host]).id
            assert [call(server.url, platform=platform).status for _ in range(2)] == [200, 200]
            assert len(server.requests) == 3

    def test_but_a_command_is_not_sent_twice(self, call: Send) -> None:
        answers = iter([OK, None])

        def behave(connection: socket.socket) -> None:
            answer = next(answers)
            if answer is None:
                connection.shutdown(socket.SHUT_RDWR)
            else:
                connection.sendall(answer)

        with peer(behave) as server:
            platform = a_platform(allowed_hosts=[server.host]).id
            call(server.url, platform=platform, purpose="command")
            with pytest.raises(Unreachable):
                call(server.url, platform=platform, purpose="command")
            assert len(server.requests) == 2

    def test_a_credential_whose_seal_is_broken_is_not_sent(self, call: Send) -> None:
        with peer(OK) as server, pytest.raises(Unreachable, match="credential"):
            call(server.url, headers={"Authorization": "Token "})
        assert server.connections == 0

    def test_a_locked_platform_is_not_called(self, call: Send) -> None:
        with peer(OK) as server, pytest.raises(Unreachable, match="locked"):
            call(server.url, platform=a_platform(allowed_hosts=[server.host], is_locked=True).id)
        assert server.connections == 0


class TestTls:
    @pytest.fixture
    def certificates(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A certificate of our own for 127.0.0.1, which the machine is told to trust."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "partner")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        (tmp_path / "roots.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (tmp_path / "key.pem").write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return tmp_path

    def server_side(self, certificates: Path) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / "roots.pem", certificates / "key.pem")
        return context

    @pytest.fixture
    def trusting(self, certificates: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "roots.pem"))
        _forget_trust()
        yield
        _forget_trust()

    @pytest.mark.usefixtures("trusting")
    def test_a_trusted_certificate_of_that_name_is_accepted(self, call: Send, certificates: Path) -> None:
        with peer(OK, tls=self.server_side(certificates)) as server:
            assert call(f"https://localhost:{server.port}/").status == 200

    @pytest.mark.usefixtures("trusting")
    def test_a_trusted_certificate_of_another_name_is_not(self, call: Send, certificates: Path) -> None:
        with peer(OK, tls=self.server_side(certificates)) as server, pytest.raises(Unreachable, match="certificate"):
            call(f"https://127.0.0.1:{server.port}/")
        assert server.requests == []

    def test_an_unknown_issuer_is_not(self, call: Send, certificates: Path) -> None:
        with peer(OK, tls=self.server_side(certificates)) as server, pytest.raises(Unreachable, match="certificate"):
            call(f"https://localhost:{server.port}/")
        assert server.requests == []


def _forget_trust() -> None:
    trusted_certificates.cache_clear()
    _adapter.cache_clear()


class TestFairness:
    def test_a_full_bulkhead_refuses_authorisations_at_once(self, db: None) -> None:
        with peer(OK) as server:
            platform = a_platform(allowed_hosts=[server.host]).id
            leave = threading.Event()
            entered = threading.Barrier(BLOCKING_CALLS + 1)

            def stay() -> None:
                with blocking_place(platform_id=platform, purpose="push", wait_seconds=0):
                    entered.wait()
                    leave.wait()

            threads = [threading.Thread(target=stay) for _ in range(BLOCKING_CALLS)]
            for thread in threads:
                thread.start()
            entered.wait()
            one = Call(platform, "authorize", "GET", server.url, {}, None, 60.0)
            with pytest.raises(Unreachable, match="too many"):
                send(one)
            leave.set()
            for thread in threads:
                thread.join()
            assert send(one).status == 200
