"""What the person at the terminal sees: one line per step, then only what needs attention.

Also readable in a pipe or a file: no colours, no line is rewritten there. Standard library only: it also shows the installation.
"""

import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

_GREEN, _YELLOW, _RED, _DIM, _BOLD, _PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
_COLOURS = {"warning": _YELLOW, "error": _RED, "critical": _RED, "info": _DIM}
# select() says "writable" for a pipe when this much fits: a write up to this size does not block.
_SAFE_WRITE_BYTES = 4096
_LONGEST_TEXT = 400


@dataclass
class Step:
    """A step under way; the block that runs it may set `detail`, or say that it went on without being done."""

    title: str
    detail: str = ""
    is_done: bool = True


class Terminal:
    """Writes for people to one stream. A reader that stops reading loses lines; the hub never waits for it."""

    def __init__(self, *, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._is_tty = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._has_colour = self._is_tty and "NO_COLOR" not in os.environ
        unicode = (stream.encoding or "").lower().replace("-", "") == "utf8"
        self._running_mark, self._done_mark, self._failed_mark = ("…", "✓", "✗") if unicode else ("..", "ok", "failed:")
        self._open_step: str | None = None

    @contextmanager
    def step(self, title: str, *, is_long: bool = False) -> Iterator[Step]:
        """This function will show `title` as under way, then as done with the time it took, or as failed when the block raises.

        In a pipe only a long step is announced before it is done.
        """
        step = Step(title)
        started_at = time.monotonic()
        self._open(f"  {self._running_mark} {title}", is_long=is_long)
        try:
            yield step
        except BaseException:
            self._close(f"  {self._paint(_RED, self._failed_mark)} {step.title}")
            raise
        mark = self._paint(_GREEN, self._done_mark) if step.is_done else self._paint(_YELLOW, self._failed_mark)
        seconds = f"{time.monotonic() - started_at:.1f} s"
        self._close(f"  {mark} {step.title:<34} {self._paint(_DIM, f'{seconds:>7}   {step.detail}'.rstrip())}")

    def say(self, text: str = "", *, bold: bool = False) -> None:
        """This function will write one line."""
        line = self._paint(_BOLD, text) if bold else text
        if self._open_step is not None:  # keep the step under way as the lowest line
            self._write(f"\r\x1b[2K{line}\n{self._open_step}")
        else:
            self._write(f"{line}\n")

    def tell(self, *, source: str, level: str, text: str) -> None:
        """This function will write what the process `source` reported."""
        # A partner's words may be in it: nothing in them may move the cursor or fill the screen.
        safe = "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST_TEXT])
        self.say(f"{self._paint(_DIM, f'{source:>10} |')} {self._paint(_COLOURS.get(level, _PLAIN), safe)}")

    def _open(self, line: str, *, is_long: bool) -> None:
        if self._is_tty:
            self._open_step = line
            self._write(line)
        elif is_long:
            self._write(f"{line}\n")

    def _close(self, line: str) -> None:
        if self._open_step is not None:
            self._open_step = None
            self._write("\r\x1b[2K")
        self._write(f"{line}\n")

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._has_colour else text

    def _write(self, text: str) -> None:
        data = text.encode(self._stream.encoding or "utf-8", errors="replace")
        try:
            descriptor = self._stream.fileno()
            for start in range(0, len(data), _SAFE_WRITE_BYTES):
                if not select.select([], [descriptor], [], 0)[1]:
                    return
                os.write(descriptor, data[start : start + _SAFE_WRITE_BYTES])
        except OSError:
            return  # the terminal is gone; the logs in VAR_DIR/log go on
