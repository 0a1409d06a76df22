"""The way of a partner's request past the machinery that only people's pages need, with its path as it was sent.

An id may hold `%2F`, `%23` or a blank; WSGI servers hand on the decoded path, in which it falls apart. The raw path comes from the
server where it tells it, or from the lane in front (X-Raw-Path). Sessions, CSRF and page headers are for browsers: protocols skip them.
"""

import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, unquote_to_bytes

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, get_resolver

from roaming.protocols.ocpi.paths import split_joint

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_ROOMS = ("/ocpi/", "/api/oicp/")
_RAW_PATH_NAMES = ("RAW_URI", "REQUEST_URI", "HTTP_X_RAW_PATH")
_AUTHORITY = re.compile(r"https?://[^/?#]*", re.IGNORECASE)


class Entrance:
    """Middleware, first in its list: answers requests of the protocols itself, hands every other one on."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """This function will answer one request."""
        if not request.path_info.startswith(_ROOMS):
            return self._get_response(request)
        request.path_info = split_joint(one_slash_each(raw_path(request)))
        try:
            match = get_resolver("roaming.urls").resolve(request.path_info)
        except Resolver404:
            return self._get_response(request)
        request.resolver_match = match
        answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        return answer


def raw_path(request: HttpRequest) -> str:
    """This function will return the path as it was sent, percent-encoded and without its query.

    What is told beside the request is believed only where it decodes to the same path: nobody gets elsewhere by it.
    """
    decoded = request.path_info.encode()
    for told in _told(request):
        path = _AUTHORITY.sub("", told, count=1).partition("?")[0]
        if path.isascii() and unquote_to_bytes(path) == decoded:
            return path
    return quote(decoded, safe="/*:@!$&'()+,;=~")


def one_slash_each(path: str) -> str:
    """This function will collapse repeated slashes and drop the last one: partners join URLs with none, one or two (ocpi §1, note 1)."""
    return re.sub(r"/{2,}", "/", path).rstrip("/") or "/"


def _told(request: HttpRequest) -> Iterable[str]:
    scope = getattr(request, "scope", None)
    if scope is not None:
        yield scope.get("raw_path", b"").decode("latin-1")
    for name in _RAW_PATH_NAMES:
        if told := request.META.get(name):
            yield told
