"""What the demonstration's partners remember over a restart: VAR_DIR/sandbox.json, readable by its owner only (it holds tokens)."""

import os
import secrets
from pathlib import Path

import msgspec

from hub.sandbox.ocpi_2_2_1.link import Connection


class Memory(msgspec.Struct):
    """Everything kept. `stages` are the steps of the first start that are done."""

    seed: int
    month: str
    ports: dict[str, int] = {}
    tokens_a: dict[str, str] = {}
    platform_ids: dict[str, int] = {}
    connections: dict[str, Connection] = {}
    stages: list[str] = []
    lived_until: str = ""
    starts: int = 0


def load_memory(path: Path) -> Memory | None:
    """This function will read what was kept, or return None at the first start."""
    return msgspec.json.decode(path.read_bytes(), type=Memory) if path.exists() else None


def save_memory(path: Path, memory: Memory) -> None:
    """This function will replace the file in one step, so that a process killed in between loses nothing."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(memory)))
    os.replace(draft, path)
