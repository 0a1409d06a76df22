"""The whole entry on a free port, with the lane or without it, and the callers of `tests.wire` speaking to it over HTTP."""

import http.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.wsgi import get_wsgi_application

from hub.lane.application import Answer, Application
from hub.lane.hot import Hot
from hub.lane.threads import DjangoThreads
from roaming.parties import directory
from roaming.parties.models import Credential
from tests.builders.canonical_messages import NOW
from tests.hub.lane.conftest import Serve
from tests.wire import caller
from tests.wire.caller import Reply


@dataclass
class Way:
    """One running entry. `by_django` counts the requests that Django answered."""

    port: int
    by_django: int = 0

    def send(self, method: str, path: str, content: bytes, headers: Mapping[str, str], *, raw_path: str | None = None) -> Reply:
        """Does what `tests.wire.caller.send` does, over the network."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        sent = {"Content-Type": "application/json", **headers}
        connection.request(method, raw_path or path, body=content or None, headers=sent)
        answer = connection.getresponse()
        read = _Response(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()
        return caller.read_reply(read)


@dataclass
class _Response:
    status_code: int
    raw_headers: dict[str, str]
    content: bytes

    @property
    def headers(self) -> Mapping[str, str]:
        return {name: value for spelled, value in self.raw_headers.items() for name in {spelled, spelled.lower(), _proper(spelled)}}


def _proper(name: str) -> str:
    special = {"ocpi": "OCPI", "id": "ID", "x": "X"}
    first, *rest = name.split("-")
    if first == "ocpi":
        return "-".join(["OCPI", *rest])
    return "-".join(special.get(part, part.title()) for part in [first, *rest])


@contextmanager
def way_in(serve: Serve, *, lane: bool) -> Iterator[Way]:
    """Start the entry with the lane or without it; call only where commits are real."""
    threads = DjangoThreads(application=get_wsgi_application(), size=4)
    way = Way(port=0)

    async def django(scope: Any, receive: Any, send: Any) -> None:
        way.by_django += 1
        await threads.answer(scope, receive, send)

    counted: Answer = django
    directory.reread()
    application = Application(django=counted, lane=Hot(django=counted) if lane else None, close=threads.close)
    way.port = serve(application, lifespan="on")
    yield way


def everybody_is_known() -> None:
    """Callers have used their tokens before, and the lane has seen them: it then hands nothing over for that."""
    Credential.objects.filter(first_used_at=None).update(first_used_at=NOW)
    directory.reread()
