"""What every canonical object shares: it is frozen, open for unknown fields, and has one stored form.

The stored form is UTF-8 JSON with sorted keys, decimals as strings and instants in UTC with `Z`. Seals are computed over these
bytes and never over a re-serialisation, so the form may grow but what was stored is never rewritten.
"""

from datetime import datetime
from typing import Any, TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


class Open(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An object of the wire. `extensions` keeps fields that its type does not name, as they came (OCPI 2.3.0 refuses none)."""

    extensions: dict[str, Any] = {}


class Provenance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a message came from: protocol (`ocpi`, `oicp`), its version, when the hub received it."""

    protocol: str
    version: str
    received_at: datetime | None = None


_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {}


def encode(message: msgspec.Struct) -> bytes:
    """This function will return the stored form of a canonical object."""
    return _ENCODER.encode(message)


def decode(body: bytes | memoryview, kind: type[S]) -> S:
    """This function will read the stored form back; it raises msgspec.ValidationError where `body` is no `kind`."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.json.Decoder(kind)
    result: S = decoder.decode(body)
    return result


def to_builtins(message: msgspec.Struct) -> dict[str, Any]:
    """This function will return the stored form as a dictionary of plain JSON values (for a jsonb column)."""
    result: dict[str, Any] = msgspec.to_builtins(message, order="sorted", str_keys=True)
    return result


def from_builtins(document: dict[str, Any], kind: type[S]) -> S:
    """This function will read what `to_builtins` wrote; it raises msgspec.ValidationError where `document` is no `kind`."""
    return msgspec.convert(document, kind)
