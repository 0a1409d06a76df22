"""Partner bytes become plain values here, or are refused: nothing that a body can hold gets past this room by accident.

The usual body is decoded by msgspec. What msgspec lets through and we do not (a key twice, a number no column holds, NUL, a tower of
brackets) leaves traces in the bytes that are cheap to look for; a body that shows one is read again by the slow, strict reader.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

MAX_DEPTH = 32
MAX_MEMBERS = 512
MAX_VALUES = 100_000
MAX_INTEGER_DIGITS = 18
# More decimals than any quantity of the trade has; without a bound `1e-999999` would be a megabyte once written out.
MAX_DECIMALS = 30


class NotJson(Exception):
    """The body is no JSON, or JSON that two readers could read differently. HTTP 400."""


class BodyTooLarge(Exception):
    """The body is longer than its module allows. HTTP 413."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is longer than {limit} bytes")


class EncodedBody(Exception):
    """The request has a Content-Encoding; the hub unpacks nothing. HTTP 415."""


class WrongContentType(Exception):
    """The body is not announced as application/json. HTTP 415."""


def read_json(body: bytes, *, most_values: int = MAX_VALUES) -> Any:
    """This function will return the JSON value in `body`: dict, list, str, int, bool, None, and Decimal for every number with a point.

    It raises NotJson for malformed JSON, NaN, Infinity, numbers beyond 18 integer digits, a key twice in one object, NUL, lone
    surrogates, more than 32 levels, 512 members in one object or `most_values` values.
    """
    try:
        value = _DECODER.decode(body)
    except RecursionError:
        raise NotJson(f"more than {MAX_DEPTH} levels") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise NotJson(str(error).partition(" - at ")[0]) from None
    if _is_suspicious(body, value):
        value = _read_strictly(body, most_values)
    return value


def check_headers(*, headers: Mapping[str, str], has_body: bool) -> None:
    """This function will raise EncodedBody or WrongContentType where the headers announce a body the hub does not read.

    `headers` has lower-case names. GET and DELETE have no body and may announce what they like (OCPI 2.2.1, transport_and_format
    §JSON HTTP API: the content type is demanded of requests with a body).
    """
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise EncodedBody(f"Content-Encoding {encoding[:20]!r} is not accepted: send the body as it is")
    if has_body:
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in ("application/json", "", "text/json") and not kind.endswith("+json"):
            raise WrongContentType("the body must be announced as application/json")


def _number(text: str) -> Decimal:
    # The text is a valid JSON number with a point or an exponent.
    value = Decimal(text)
    if value and (value.adjusted() >= MAX_INTEGER_DIGITS or _exponent(value) < -MAX_DECIMALS):
        raise ValueError(f"a number has more than {MAX_INTEGER_DIGITS} digits before or {MAX_DECIMALS} behind the point")
    return value if value else _zero(value)


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _zero(value: Decimal) -> Decimal:
    # 0e999 is zero; kept as written only where that is short.
    return value if -MAX_DECIMALS <= _exponent(value) <= 0 else Decimal(0)


_DECODER = msgspec.json.Decoder(float_hook=_number)
_ENCODER = msgspec.json.Encoder()
_DIGITS_MARKED = bytes(ord("0") if chr(byte).isdigit() else ord(" ") for byte in range(128)) + b" " * 128
_LONG_INTEGER = b"0" * (MAX_INTEGER_DIGITS + 1)


def _is_suspicious(body: bytes, value: Any) -> bool:
    # A repeated key is dropped by the decoder, so the value written again has fewer `":` than the body. That comparison can be
    # fooled only by escapes (a quote written \u0022) or by space before a colon, so those are suspicious by themselves.
    members = body.count(b'":')
    return (
        b"\\u" in body
        or b" :" in body
        or b"\n:" in body
        or b"\t:" in body
        or b"\r:" in body
        or body.count(b"{") + body.count(b"[") > MAX_DEPTH
        or members > MAX_MEMBERS
        or len(body) > MAX_VALUES
        or _LONG_INTEGER in body.translate(_DIGITS_MARKED)
        or members != _ENCODER.encode(value).count(b'":')
    )


def _read_strictly(body: bytes, most_values: int) -> Any:
    try:
        value = json.loads(body, object_pairs_hook=_object, parse_float=_number, parse_int=_integer)
    except RecursionError:
        raise NotJson(f"more than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise NotJson(str(error)) from None
    _measure(value, most_values)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice[:64]!r} stands twice in one object")
    return members


def _integer(text: str) -> int:
    if len(text) - text.startswith("-") > MAX_INTEGER_DIGITS:
        raise ValueError(f"a number has more than {MAX_INTEGER_DIGITS} digits")
    return int(text)


def _measure(value: Any, most_values: int) -> None:
    level, depth, count = [value], 0, 0
    while level:
        depth += 1
        below: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is dict:
                if len(item) > MAX_MEMBERS:
                    raise NotJson(f"an object has more than {MAX_MEMBERS} members")
                if any("\0" in name for name in item):
                    raise NotJson("a key holds the character NUL")
                below.extend(item.values())
            elif kind is list:
                below.extend(item)
            elif kind is str and "\0" in item:
                raise NotJson("a text holds the character NUL")
        count += len(below)
        if count > most_values:
            raise NotJson(f"more than {most_values} values")
        if below and depth > MAX_DEPTH:
            raise NotJson(f"more than {MAX_DEPTH} levels")
        level = below


def read_large_json(body: bytes) -> Any:
    """This function will do what `read_json` does for bodies of any number of values: whole data sets that a partner pushes.

    Only what two readers could read differently is looked for; how much there is, the limit on the body's bytes decides.
    """
    try:
        value = _DECODER.decode(body)
    except RecursionError:
        raise NotJson("too many levels") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise NotJson(str(error).partition(" - at ")[0]) from None
    escapes = b"\\u" in body or any(space in body for space in (b" :", b"\n:", b"\t:", b"\r:"))
    if escapes or body.count(b'":') != _ENCODER.encode(value).count(b'":') or _LONG_INTEGER in body.translate(_DIGITS_MARKED):
        value = _read_strictly(body, len(body))
    return value
