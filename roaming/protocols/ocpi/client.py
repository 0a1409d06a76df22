"""Requests to partners and what their answers mean. No I/O here: `roaming.egress` sends what is built and returns what is read.

A partner's answer is hostile input: only the envelope is believed, after it was read as strictly as a request (reliability T3).
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec

from roaming.protocols.ocpi.intake import NotJson, read_json
from roaming.protocols.ocpi.versions import DIALECTS

# A page of a partner's list may be larger than anything a partner may send by itself.
LIST_BYTES = 8 << 20
MOST_VALUES = 1_000_000
_MOST_OF_A_MESSAGE = 255


class NotAnEnvelope(Exception):
    """The answer is no OCPI answer: redirect, HTML, garbage, or an envelope without a status code."""


class Refused(Exception):
    """The partner refuses the hub itself (HTTP 401 or 403): its token at that partner is wrong."""


class Reply(msgspec.Struct, frozen=True):
    """An OCPI answer: HTTP status, OCPI status code, message and data as plain JSON values."""

    http: int
    code: int
    message: str
    data: Any
    headers: Mapping[str, str]

    @property
    def is_success(self) -> bool:
        """Whether both layers say so (OCPI 2.2.1, status_codes: 1xxx)."""
        return 200 <= self.http < 300 and 1000 <= self.code < 2000


def authorization(*, token: str, version: str, encoding: str | None = None) -> str:
    """This function will return the value of the Authorization header: Base64 from 2.2 on unless `encoding` says `raw`.

    OCPI 2.2.1, transport_and_format §Authorization header.
    """
    dialect = DIALECTS.get(version)
    encodes = encoding == "base64" or (encoding != "raw" and (dialect is None or dialect.encodes_tokens))
    return "Token " + (base64.b64encode(token.encode()).decode() if encodes else token)


def join_url(endpoint: str, segments: Sequence[str] = (), query: Mapping[str, str] | None = None) -> str:
    """This function will put the parts of a path behind an endpoint with exactly one slash at each joint, each part percent-encoded."""
    base, _, kept = endpoint.partition("?")
    url = "/".join([base.rstrip("/"), *map(_encoded, segments)]) if segments else base
    query_text = "&".join(filter(None, [kept, *(f"{_encoded_plus(name)}={_encoded_plus(value)}" for name, value in (query or {}).items())]))
    return f"{url}?{query_text}" if query_text else url


def _encoded(text: str) -> str:
    # Most ids and names need no encoding; asking that is a tenth of doing it.
    return text if text.isalnum() and text.isascii() else quote(text, safe="")


def _encoded_plus(text: str) -> str:
    return text if text.isalnum() and text.isascii() else quote_plus(text)


def read_reply(*, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    """This function will read an answer; it raises NotAnEnvelope or Refused.

    `headers` has lower-case names. A list without a status code is met in the field and read as success.
    """
    if 300 <= status < 400:
        raise NotAnEnvelope(f"a redirect (HTTP {status}), which is not followed")
    if status in (401, 403):
        raise Refused(f"HTTP {status}")
    try:
        envelope = read_json(body, most_values=MOST_VALUES)
    except NotJson as error:
        raise NotAnEnvelope(f"HTTP {status} with a body that is no JSON ({error})") from None
    if not isinstance(envelope, dict):
        raise NotAnEnvelope(f"HTTP {status} with JSON that is no envelope")
    code, data = envelope.get("status_code"), envelope.get("data")
    if code is None and isinstance(data, list) and status == 200:
        code = 1000
    if type(code) is not int or not 1000 <= code < 5000:
        raise NotAnEnvelope(f"HTTP {status} with an envelope without a status code")
    message = envelope.get("status_message")
    return Reply(
        http=status,
        code=code,
        message=_printable(message) if isinstance(message, str) else "",
        data=data,
        headers=headers,
    )


def one_object(data: Any) -> Any:
    """This function will take a single object out of the list of one in which some partners wrap it."""
    return data[0] if isinstance(data, list) and len(data) == 1 else data


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:_MOST_OF_A_MESSAGE]
