"""What is kept of what a process writes, and what a person is shown of it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.process.journal import Journal

AT = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


def _kept(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_json_line_is_kept_as_it_came(tmp_path: Path) -> None:
    line = b'{"at": "2026-10-01T12:00:00.000Z", "level": "info", "logger": "roaming", "event": "sealed"}'
    told = Journal(path=tmp_path / "web.log", name="web").take(line + b"\n", at=AT)
    assert told == [(line, None)]
    assert (tmp_path / "web.log").read_bytes() == line + b"\n"


def test_a_warning_is_for_a_person_too(tmp_path: Path) -> None:
    line = b'{"at": "2026-10-01T12:00:00.000Z", "level": "warning", "logger": "roaming", "event": "partner is late"}\n'
    [(_, event)] = Journal(path=tmp_path / "web.log", name="web").take(line, at=AT)
    assert event is not None
    assert (event.is_shown, event.text) == (True, "partner is late")


def test_other_words_become_json_with_their_level(tmp_path: Path) -> None:
    journal = Journal(path=tmp_path / "postgres.log", name="postgres")
    told = journal.take(b"LOG:  ready\nFATAL:  the disk is full\n", at=AT)
    assert [event.is_shown for _, event in told if event] == [False, True]
    assert _kept(tmp_path / "postgres.log") == [
        {"at": "2026-10-01T12:00:00.000Z", "level": "info", "logger": "postgres", "event": "LOG:  ready"},
        {"at": "2026-10-01T12:00:00.000Z", "level": "error", "logger": "postgres", "event": "FATAL:  the disk is full"},
    ]


def test_a_line_that_arrives_in_pieces_is_one_line(tmp_path: Path) -> None:
    journal = Journal(path=tmp_path / "demo.log", name="demo")
    assert journal.take(b"The demonstration ", at=AT) == []
    [(line, _)] = journal.take(b"network is alive\n", at=AT)
    assert line == b"The demonstration network is alive"


def test_a_log_that_has_grown_large_makes_room(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_bytes(b"x" * 20_000_001)
    Journal(path=path, name="web").take(b"after\n", at=AT)
    assert [line["event"] for line in _kept(path)] == ["after"]
    assert path.with_suffix(".log.1").stat().st_size == 20_000_001
