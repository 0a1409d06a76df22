"""Django in this process, in a bounded pool of threads: for one machine without a second process (HUB_WEB_SOCKET unset)."""

import asyncio
import io
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope

from hub.lane.answers import body_of, start_of
from hub.lane.forward import forwarded_headers
from hub.lane.intake import BODY_BYTES, BodyTooLarge, ClientGone, read_body
from hub.lane.refuse import send_refusal

_FLUSH_BYTES = 64 * 1024
_IN_CGI = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


class DjangoThreads:
    """Runs a WSGI application for ASGI requests; at most `size` at once, the others wait in order."""

    def __init__(self, *, application: WSGIApplication, size: int = 8) -> None:
        self._application = application
        self._pool = ThreadPoolExecutor(max_workers=size, thread_name_prefix="django")

    async def answer(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """This function will answer with what the WSGI application answers, streamed piece by piece."""
        try:
            body = await read_body(scope=scope, receive=receive)
        except ClientGone:
            return
        except BodyTooLarge:
            await send_refusal(scope=scope, send=send, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, limit=BODY_BYTES)
            return
        loop = asyncio.get_running_loop()

        def send_now(message: Any) -> None:
            asyncio.run_coroutine_threadsafe(_send(send, message), loop).result()

        await loop.run_in_executor(self._pool, self._run, environ_of(scope, body), send_now)

    def close(self) -> None:
        """This function will wait for the requests in hand."""
        self._pool.shutdown()

    def _run(self, environ: dict[str, Any], send_now: Callable[[Any], None]) -> None:
        start: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            start[:] = [start_of(status=int(status[:3]), headers=encoded)]
            return lambda data: None

        answer: Iterable[bytes] = self._application(environ, start_response)
        try:
            parts: list[bytes] = []
            for part in answer:
                parts.append(part)
                if sum(map(len, parts)) >= _FLUSH_BYTES:
                    send_now([*start, body_of(body=b"".join(parts), more=True)])
                    start.clear()
                    parts.clear()
            send_now([*start, body_of(body=b"".join(parts))])
        finally:
            if close := getattr(answer, "close", None):
                close()


def environ_of(scope: HTTPScope, body: bytes) -> dict[str, Any]:
    """This function will write the request as PEP 3333 asks; RAW_URI holds the path as it came."""
    server = scope["server"] or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 80),
        "REMOTE_ADDR": scope["client"][0] if scope["client"] else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in [*forwarded_headers(scope), (b"content-length", str(len(body)).encode("ascii"))]:
        key = _IN_CGI.get(name) or "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ


async def _send(send: ASGISendCallable, messages: list[Any]) -> None:
    for message in messages:
        await send(message)
