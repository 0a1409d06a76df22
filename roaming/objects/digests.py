"""The digest of a message: equal for equal content, however its numbers were written."""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(order="sorted")


def content_digest(message: msgspec.Struct) -> bytes:
    """This function will return the SHA-256 of a message with its decimals normalised: 7.8 and 7.80 are one content (reliability §4)."""
    builtins = msgspec.to_builtins(message, order="sorted", str_keys=True, builtin_types=(Decimal, datetime))
    return hashlib.sha256(_ENCODER.encode(_normal(builtins))).digest()


def changes_digest(path: tuple[str, ...], changes: dict[str, Any]) -> bytes:
    """This function will return the SHA-256 of a PATCH and of the part of the object it names."""
    return hashlib.sha256(_ENCODER.encode([*path, _normal(msgspec.to_builtins(changes, builtin_types=(Decimal, datetime)))])).digest()


def _normal(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {key: _normal(part) for key, part in value.items()}
    if kind is list or kind is tuple:
        return [_normal(part) for part in value]
    if kind is Decimal:
        return format(value.normalize(), "f") if value else "0"
    if kind is datetime:
        return value.astimezone(UTC)
    return value
