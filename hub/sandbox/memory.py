"""What the demonstration's partners remember over a restart: VAR_DIR/sandbox.json, readable by its owner only (it holds tokens)."""

import os
import secrets
from datetime import datetime
from pathlib import Path

import msgspec

from hub.sandbox.life import OpenVisit
from hub.sandbox.ocpi_2_2_1.link import Connection
from hub.sandbox.oicp_2_3.link import Access


class Memory(msgspec.Struct):
    """Everything kept. `stages` are the steps of the first start that are done; `month` is the one that was played."""

    seed: int
    month: str
    ports: dict[str, int]
    tokens_a: dict[str, str] = {}
    platform_ids: dict[str, int] = {}
    connections: dict[str, Connection] = {}
    accesses: dict[str, Access] = {}
    stages: list[str] = []
    under_way: list[OpenVisit] = []
    lived_until: datetime | None = None


def load_memory(path: Path) -> Memory | None:
    """This function will read what was kept, or return None at the first start."""
    return msgspec.json.decode(path.read_bytes(), type=Memory) if path.exists() else None


def save_memory(path: Path, memory: Memory) -> None:
    """This function will replace the file in one step, so that a process killed in between loses nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(memory)))
    os.replace(draft, path)
