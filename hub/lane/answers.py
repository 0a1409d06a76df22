"""Answers that the door gives before any protocol is spoken."""

from collections.abc import Sequence

from asgiref.typing import ASGISendCallable, HTTPResponseBodyEvent, HTTPResponseStartEvent

Headers = Sequence[tuple[bytes, bytes]]


async def send_answer(*, send: ASGISendCallable, status: int, headers: Headers, body: bytes) -> None:
    """This function will send one whole answer and add its length."""
    await send(start_of(status=status, headers=[*headers, (b"content-length", str(len(body)).encode())]))
    await send(body_of(body=body))


def start_of(*, status: int, headers: Headers) -> HTTPResponseStartEvent:
    """This function will make the message that begins an answer."""
    return {"type": "http.response.start", "status": status, "headers": headers, "trailers": False}


def body_of(*, body: bytes, more: bool = False) -> HTTPResponseBodyEvent:
    """This function will make the message that carries (a part of) an answer's body."""
    return {"type": "http.response.body", "body": body, "more_body": more}
