"""Puts the application together as the environment says."""

from collections.abc import Mapping

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope
from django.core.wsgi import get_wsgi_application

from hub.lane.application import Answer, Application
from hub.lane.forward import forward
from hub.lane.threads import DjangoThreads
from hub.lane.upstream import Upstream


def build_application(*, environment: Mapping[str, str]) -> Application:
    """This function will return the ASGI application. Django's settings must be there."""
    if socket := environment.get("HUB_WEB_SOCKET"):
        upstream = Upstream(path=socket)
        return Application(django=_by_socket(upstream), lane=None, close=upstream.close)
    threads = DjangoThreads(application=get_wsgi_application())
    return Application(django=threads.answer, lane=None, close=threads.close)


def _by_socket(upstream: Upstream) -> Answer:
    async def answer(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await forward(upstream=upstream, scope=scope, receive=receive, send=send)

    return answer
