"""Puts the application together as the environment says."""

from collections.abc import Mapping

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope
from django.core.wsgi import get_wsgi_application

from hub.lane.application import Answer, Application
from hub.lane.forward import forward
from hub.lane.hot import Hot
from hub.lane.threads import DjangoThreads
from hub.lane.upstream import Upstream


def build_application(*, environment: Mapping[str, str]) -> Application:
    """This function will return the ASGI application. Django's settings must be there."""
    if socket := environment.get("HUB_WEB_SOCKET"):
        upstream = Upstream(path=socket)
        django, close = _by_socket(upstream), upstream.close
    else:
        threads = DjangoThreads(application=get_wsgi_application())
        django, close = threads.answer, threads.close
    lane = None if environment.get("HUB_LANE") == "off" else Hot(django=django)
    return Application(django=django, lane=lane, close=close)


def _by_socket(upstream: Upstream) -> Answer:
    async def answer(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await forward(upstream=upstream, scope=scope, receive=receive, send=send)

    return answer
