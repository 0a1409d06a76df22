"""Reads the example messages of `tests/wire/<version>/`. Every field a shape knows stands in one of them, and some that none knows."""

import copy
import json
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_HERE = Path(__file__).parent


def a_message(kind: str, /, *, wire_version: str = "2.2.1", **over: Any) -> dict[str, Any]:
    """This function will return the example of that kind as plain JSON values; `over` replaces its fields (None: field left out)."""
    message = copy.deepcopy(_read(kind, wire_version))
    message.update(over)
    return {field: value for field, value in message.items() if value is not None}


@lru_cache
def _read(name: str, version: str) -> dict[str, Any]:
    path = _HERE / f"ocpi_{version.replace('.', '_')}" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(), parse_float=Decimal)
    return found


def json_of(message: Any) -> bytes:
    """This function will write a message as a partner would: numbers exact."""
    return _ENCODER.encode(message)


def as_json(message: Any) -> Any:
    """This function will return a message as `json.loads` reads it: numbers as int and float."""
    return json.loads(_ENCODER.encode(message))
