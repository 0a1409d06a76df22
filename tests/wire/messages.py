"""Reads the example messages of `tests/wire/<version>/`. Every field a shape knows stands in one of them, and some that none knows."""

import copy
import json
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def a_message(name: str, version: str = "2.2.1", **over: Any) -> dict[str, Any]:
    """This function will return the example of that name as plain JSON values; `over` replaces its fields (None: field left out)."""
    message = copy.deepcopy(_read(name, version))
    message.update(over)
    return {field: value for field, value in message.items() if value is not None}


@lru_cache
def _read(name: str, version: str) -> dict[str, Any]:
    path = _HERE / f"ocpi_{version.replace('.', '_')}" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(), parse_float=Decimal)
    return found
