"""The body of a request, read whole and bounded.

Bodies are read to their end before anybody works on them: a slow client then holds a few bytes of memory, never one of Django's
threads. How long a client may take is the business of `wire.py`.
"""

from asgiref.typing import ASGIReceiveCallable, HTTPScope

BODY_BYTES = 16 * 1024 * 1024  # the door's own cap; the protocols refuse earlier, by module


class BodyTooLarge(Exception):
    """The body is longer than the cap."""


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


async def read_body(*, scope: HTTPScope, receive: ASGIReceiveCallable, cap: int = BODY_BYTES) -> bytes:
    """This function will return the whole body. Raises BodyTooLarge (at once where the client tells its length) or ClientGone."""
    length = find_header(scope, b"content-length")
    if length is not None and (not length.isdigit() or int(length) > cap):
        raise BodyTooLarge
    message = await receive()
    if message["type"] != "http.request":
        raise ClientGone
    if not message.get("more_body"):
        if len(message["body"]) > cap:
            raise BodyTooLarge
        return message["body"]
    parts = [message["body"]]
    size = len(message["body"])
    while message.get("more_body"):
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        parts.append(message["body"])
        size += len(message["body"])
        if size > cap:
            raise BodyTooLarge
    return b"".join(parts)


def find_header(scope: HTTPScope, name: bytes) -> bytes | None:
    """This function will return the first header of that lower-case name, or None."""
    for key, value in scope["headers"]:
        if key == name:
            return value
    return None
