"""The log of one process: JSON lines in VAR_DIR/log/<name>.log, and what of it deserves a place on the terminal."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_LARGEST_BYTES = 20_000_000
_LONGEST_LINE_BYTES = 65_536
_SHOWN = ("warning", "error", "critical")
_POSTGRES = re.compile(r"^(LOG|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT): +")
_VALKEY = re.compile(r"^\d+:[A-Z] \d+ \w+ \d{4} [\d:.]+ ([.\-*#]) ")
_POSTGRES_LEVELS = {"WARNING": "warning", "ERROR": "error", "FATAL": "error", "PANIC": "critical"}


@dataclass(frozen=True)
class Event:
    """One line that a process wrote."""

    level: str
    text: str

    @property
    def is_shown(self) -> bool:
        """Whether a person should see it without asking for everything."""
        return self.level in _SHOWN


class Journal:
    """Receives what a process writes, keeps it as JSON lines, and hands out the events."""

    def __init__(self, *, path: Path, name: str) -> None:
        self._path = path
        self._name = name
        self._file = path.open("ab", buffering=0)
        self._rest = b""

    def take(self, data: bytes, *, at: datetime) -> list[tuple[bytes, Event | None]]:
        """This function will keep `data` and return its complete lines, each with its event where one must be shown.

        The ordinary line of an application is JSON at level info: it is passed on unparsed.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE_BYTES:
            lines, self._rest = [*lines, self._rest], b""
        return list(self._keep(lines, at))

    def close(self, *, at: datetime) -> list[tuple[bytes, Event | None]]:
        """This function will keep an unfinished last line and close the file."""
        last = list(self._keep([self._rest] if self._rest else [], at))
        self._file.close()
        return last

    def _keep(self, lines: list[bytes], at: datetime) -> Iterator[tuple[bytes, Event | None]]:
        kept: list[bytes] = []
        for line in filter(None, map(bytes.rstrip, lines)):
            if line.startswith(b"{"):
                kept.append(line)
                is_ordinary = b'"level": "info"' in line or b'"level": "debug"' in line
                yield line, None if is_ordinary else _read_event(line)
            else:
                event = _read_foreign(line.decode(errors="replace"))
                kept.append(self._write_line(event, at))
                yield line, event
        if kept:
            self._make_room()
            self._file.write(b"\n".join(kept) + b"\n")

    def _write_line(self, event: Event, at: datetime) -> bytes:
        stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps({"at": stamp, "level": event.level, "logger": self._name, "event": event.text}).encode()

    def _make_room(self) -> None:
        if self._file.tell() > _LARGEST_BYTES:
            self._file.close()
            self._path.replace(self._path.with_suffix(".log.1"))
            self._file = self._path.open("ab", buffering=0)


def _read_event(line: bytes) -> Event:
    try:
        content = json.loads(line)
        return Event(level=str(content.get("level", "info")), text=str(content.get("event") or content.get("error") or content))
    except ValueError:  # a line that was cut
        return Event(level="info", text=line.decode(errors="replace"))


def _read_foreign(line: str) -> Event:
    if found := _POSTGRES.match(line):
        return Event(level=_POSTGRES_LEVELS.get(found[1], "info"), text=line)
    if found := _VALKEY.match(line):
        # Valkey's own warnings (`#`) at start are advice on kernel settings, of no use to a newcomer.
        return Event(level="info", text=line[found.end() :])
    return Event(level="info", text=line)
