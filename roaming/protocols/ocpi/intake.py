"""Partner bytes become plain values, or are refused: the strict reader that both protocols share."""

from roaming.protocols.wire.intake import (
    MAX_DECIMALS,
    MAX_DEPTH,
    MAX_INTEGER_DIGITS,
    MAX_MEMBERS,
    MAX_VALUES,
    BodyTooLarge,
    EncodedBody,
    NotJson,
    WrongContentType,
    check_headers,
    read_json,
)

__all__ = [
    "MAX_DECIMALS",
    "MAX_DEPTH",
    "MAX_INTEGER_DIGITS",
    "MAX_MEMBERS",
    "MAX_VALUES",
    "BodyTooLarge",
    "EncodedBody",
    "NotJson",
    "WrongContentType",
    "check_headers",
    "read_json",
]
