"""Small servers on loopback that say whatever a test wants, byte by byte, and canaries that must hear nothing."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Peer:
    """A server that answers every request on a connection by `behave`, and keeps what it was asked."""

    def __init__(self, behave: Callable[[socket.socket], None], *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._behave = behave
        self._tls = tls
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]
        self.host = f"{host}:{self.port}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"
        self._ends = threading.Event()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """This function will stop listening and drop every connection."""
        self._ends.set()
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self) -> None:
        while not self._ends.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            while request := _read_request(connection):
                self.requests.append(request)
                self._behave(connection)
        connection.close()


@contextmanager
def peer(behave: Callable[[socket.socket], None] | bytes, **options: object) -> Iterator[Peer]:
    """This function will run a server that answers with these bytes, or as `behave` does."""
    if isinstance(behave, bytes):
        answer = behave

        def say(connection: socket.socket) -> None:
            connection.sendall(answer)

        behave = say
    server = Peer(behave, **options)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.close()


def say_and_close(answer: bytes) -> Callable[[socket.socket], None]:
    """This function will return a behaviour that answers and hangs up."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    return behave


def drip(answer: bytes, *, seconds_per_byte: float = 0.05) -> Callable[[socket.socket], None]:
    """This function will return a behaviour that sends a byte at a time: no read ever times out."""

    def behave(connection: socket.socket) -> None:
        for place in range(len(answer)):
            connection.sendall(answer[place : place + 1])
            time.sleep(seconds_per_byte)

    return behave


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            while len(body) < int(value):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
