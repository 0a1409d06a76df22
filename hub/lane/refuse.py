"""Refusals of the lane itself, before any door was asked: each in the words of the protocol that the path belongs to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from uuid import uuid4

import msgspec
from asgiref.typing import ASGISendCallable, HTTPScope

from hub.lane.answers import send_answer
from hub.lane.visit import read_headers
from roaming.protocols.ocpi.addressing import FROM_COUNTRY, FROM_PARTY, answer_headers, find_pair, read_ids
from roaming.protocols.ocpi.envelope import CLIENT_ERROR, SERVER_ERROR, write_success
from roaming.protocols.oicp.refusals import write_message

_SENTENCES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body is longer than {limit} bytes",
    HTTPStatus.SERVICE_UNAVAILABLE: "the hub cannot answer at the moment",
    HTTPStatus.GATEWAY_TIMEOUT: "the hub did not answer in time",
}
_JSON = (b"content-type", b"application/json")


async def send_refusal(*, scope: HTTPScope, send: ASGISendCallable, status: HTTPStatus, limit: int = 0) -> None:
    """This function will refuse a request with `status` 413 (of a body above `limit` bytes), 503 or 504.

    The connection stays: what the client still sends of its body is read and dropped, for who is cut off while it sends sees a reset
    and never the answer. `wire.py` bounds how long that may take.
    """
    sentence = _SENTENCES[status].format(limit=limit)
    headers = [(b"cache-control", b"no-store")]
    if status is not HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        headers.append((b"retry-after", b"1"))
    if scope["path"].startswith("/ocpi/"):
        told, body = _in_ocpi(scope, status, sentence)
    elif scope["path"].startswith("/api/oicp/"):
        told, body = [_JSON, (b"process-id", str(uuid4()).encode())], msgspec.json.encode(write_message(sentence))
    else:
        told, body = [(b"content-type", b"text/plain; charset=utf-8")], f"{status.value} {status.phrase}: {sentence}\n".encode()
    await send_answer(send=send, status=status, headers=[*headers, *told], body=body)


def _in_ocpi(scope: HTTPScope, status: HTTPStatus, sentence: str) -> tuple[Sequence[tuple[bytes, bytes]], bytes]:
    given = read_headers(scope)
    told = answer_headers(ids=read_ids(given), requester=find_pair(given, FROM_COUNTRY, FROM_PARTY), responder=None)
    code = CLIENT_ERROR if status < HTTPStatus.INTERNAL_SERVER_ERROR else SERVER_ERROR
    headers = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in told.items()]
    return [_JSON, *headers], write_success(at=datetime.now(UTC), code=code, message=sentence)
