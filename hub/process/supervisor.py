"""Keeps children alive: starts them, keeps their logs, brings back what dies, and ends them in order.

One thread and one loop. Signals only wake the loop; everything is done in it, so nothing has to be locked.
"""

import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from hub.process.journal import Journal
from hub.process.spawn import Program, become_reaper, kill_family, spawn
from hub.process.terminal import Terminal

_LONGEST_PAUSE_SECONDS = 10.0
_SETTLED_SECONDS = 30.0
_TURN_SECONDS = 0.5
_CHUNK_BYTES = 262_144
_REMEMBERED_LINES = 12
_FORCED_SECONDS = 5.0
_TOLD_FAILURES = 3
# `make` passes a signal on that the terminal or a process group has sent to us already: one request, not two.
_SAME_REQUEST_SECONDS = 1.0


class StopRequested(Exception):
    """The operator asked the hub to end (Ctrl-C, SIGTERM, or a closed terminal)."""


class ChildFailed(Exception):
    """A child that had to do something ended without having done it."""

    def __init__(self, *, name: str, exit_code: int, latest_lines: list[str]) -> None:
        super().__init__(f"{name} ended with {_describe(exit_code)}")
        self.latest_lines = latest_lines


@dataclass
class Child:
    """A program under supervision, across its restarts."""

    program: Program
    journal: Journal
    stop_stage: int
    stop_seconds: float
    ready_words: bytes | None
    comes_back: bool
    tells_progress: bool
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    due_at: float = 0.0
    is_ready: bool = False
    exit_code: int | None = None
    latest_lines: list[str] = field(default_factory=list)


class Supervisor:
    """Runs the loop. The clock is `time.monotonic`: pauses must not jump when the wall clock does."""

    def __init__(self, *, terminal: Terminal, log: Path, verbose: bool) -> None:
        self._terminal = terminal
        self._log = log
        self._verbose = verbose
        self._children: list[Child] = []
        self._selector = selectors.DefaultSelector()
        self._stops_requested = 0
        self._latest_request_at = 0.0
        self._hurried_at = 2
        self._is_stopping = False
        self._listen_to_signals()
        become_reaper()

    def start(
        self,
        *,
        program: Program,
        stop_stage: int,
        stop_seconds: float,
        ready_words: bytes | None = None,
        comes_back: bool = True,
        tells_progress: bool = False,
    ) -> Child:
        """This function will start `program` and, where it `comes_back`, start it again whenever it ends."""
        journal = Journal(path=self._log / f"{program.name}.log", name=program.name)
        child = Child(program, journal, stop_stage, stop_seconds, ready_words, comes_back, tells_progress)
        self._children.append(child)
        self._spawn(child)
        return child

    def run_to_end(self, *, programs: Sequence[Program], stop_seconds: float = 10) -> None:
        """This function will run `programs` once, side by side, the others being kept alive meanwhile.

        Raises ChildFailed, StopRequested.
        """
        children = [self.start(program=program, stop_stage=0, stop_seconds=stop_seconds, comes_back=False) for program in programs]
        self.wait_until(lambda: all(child.exit_code is not None for child in children))
        self._turn(0)  # what they wrote last
        for child in children:
            self._children.remove(child)
            if child.exit_code:
                raise ChildFailed(name=child.program.name, exit_code=child.exit_code, latest_lines=child.latest_lines)

    def wait_until(
        self,
        condition: Callable[[], bool],
        *,
        seconds: float = float("inf"),
        every_seconds: float = 0.0,
        needs: tuple[Child, ...] = (),
    ) -> bool:
        """This function will run the loop until `condition` holds, and return whether it does before `seconds` have passed.

        `condition` is asked after each turn, but not more often than `every_seconds`. Raises StopRequested, and ChildFailed
        when one of `needs` has ended more than twice before.
        """
        give_up_at = time.monotonic() + seconds
        ask_at = 0.0
        while True:
            if time.monotonic() >= ask_at:
                if condition():
                    return True
                ask_at = time.monotonic() + every_seconds
            for child in needs:
                if child.failures > 2:
                    raise ChildFailed(name=child.program.name, exit_code=child.exit_code or 0, latest_lines=child.latest_lines)
            if time.monotonic() > give_up_at:
                return False
            self._turn(0.05)
            if self._stops_requested:
                raise StopRequested

    def run(self) -> None:
        """This function will keep everything alive until it raises StopRequested."""
        while not self._stops_requested:
            self._turn(_TURN_SECONDS)
        raise StopRequested

    def stop(self) -> None:
        """This function will end every child and all that they started, one stage after the other; a second request hurries."""
        self._is_stopping = True
        self._hurried_at = self._stops_requested + 1
        for stage in sorted({child.stop_stage for child in self._children}):
            members = [child for child in self._children if child.stop_stage == stage]
            self._end(members, lambda child: child.program.stop_signal, seconds=max(child.stop_seconds for child in members))
            self._end(members, lambda child: child.program.kill_signal, seconds=_FORCED_SECONDS)
            self._end(members, lambda _: signal.SIGKILL, seconds=_FORCED_SECONDS)
        for child in self._children:
            kill_family(leader=0, name=child.program.name)
        self._reap()
        self._selector.close()

    def _end(self, members: list[Child], number: Callable[[Child], signal.Signals], *, seconds: float) -> None:
        for child in members:
            for each in (number(child), signal.SIGCONT):  # a process that somebody froze must wake to hear the first
                self._signal(child, each)
        give_up_at = time.monotonic() + seconds
        while any(child.process for child in members) and time.monotonic() < give_up_at:
            if self._stops_requested >= self._hurried_at and number(members[0]) == members[0].program.stop_signal:
                return
            self._turn(0.05)

    def _turn(self, longest_seconds: float) -> None:
        now = time.monotonic()
        due = [child.due_at - now for child in self._children if child.process is None and child.due_at]
        for key, _ in self._selector.select(max(0.0, min([longest_seconds, *due]))):
            key.data()
        self._reap()
        if not self._is_stopping:
            for child in self._children:
                if child.process is None and child.due_at and child.due_at <= time.monotonic():
                    self._spawn(child)

    def _spawn(self, child: Child) -> None:
        reading, writing = os.pipe()
        try:
            process = spawn(program=child.program, output=writing)
        except OSError as error:  # out of memory or processes: as if it had ended at once
            os.close(reading)
            self._terminal.tell(source=child.program.name, level="error", text=f"cannot be started: {error}")
            self._plan_return(child)
            return
        finally:
            os.close(writing)
        os.set_blocking(reading, False)
        child.process, child.started_at, child.due_at = process, time.monotonic(), 0.0
        child.is_ready, child.exit_code = child.ready_words is None, None
        self._selector.register(reading, selectors.EVENT_READ, lambda: self._read(child, reading))

    def _read(self, child: Child, reading: int) -> None:
        try:
            data = os.read(reading, _CHUNK_BYTES)
        except BlockingIOError:
            return
        if not data:  # the child and all that inherited its output have ended
            self._selector.unregister(reading)
            os.close(reading)
            return
        for line, event in child.journal.take(data, at=datetime.now(UTC)):
            is_progress = child.tells_progress and not child.is_ready
            child.is_ready = child.is_ready or (child.ready_words is not None and child.ready_words in line)
            text = event.text if event else line.decode(errors="replace")
            child.latest_lines = [*child.latest_lines[1 - _REMEMBERED_LINES :], text]
            if self._verbose or (event is not None and (event.is_shown or is_progress)):
                self._terminal.tell(source=child.program.name, level=event.level if event else "info", text=text)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for child in self._children:
                if child.process is not None and child.process.pid == pid:
                    child.process.returncode = os.waitstatus_to_exitcode(status)
                    self._ended(child, child.process.returncode)

    def _ended(self, child: Child, exit_code: int) -> None:
        # What it forked must not hold on to its socket, port or shared memory when it starts again.
        kill_family(leader=child.process.pid if child.process else 0, name=child.program.name)
        child.process, child.exit_code = None, exit_code
        if not child.comes_back or self._is_stopping or self._stops_requested:
            return
        self._plan_return(child)
        if child.failures <= _TOLD_FAILURES:
            last = "; further ends stand in its log only" if child.failures == _TOLD_FAILURES else ""
            words = f"ended with {_describe(exit_code)}; it is started again{last}"
            self._terminal.tell(source=child.program.name, level="warning", text=words)

    def _plan_return(self, child: Child) -> None:
        now = time.monotonic()
        child.failures = 1 if now - child.started_at > _SETTLED_SECONDS else child.failures + 1
        child.due_at = now + min(_LONGEST_PAUSE_SECONDS, 0.25 * 2 ** (child.failures - 1))

    def _signal(self, child: Child, number: signal.Signals) -> None:
        if child.process is not None:
            try:
                os.kill(child.process.pid, number)
            except ProcessLookupError:
                pass

    def _listen_to_signals(self) -> None:
        receiving, sending = socket.socketpair()
        for end in (receiving, sending):
            end.setblocking(False)
        signal.set_wakeup_fd(sending.fileno(), warn_on_full_buffer=False)
        self._wake_up = (receiving, sending)
        self._selector.register(receiving, selectors.EVENT_READ, lambda: receiving.recv(4096))
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._request_stop)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # `nohup make run` outlives its terminal
            signal.signal(signal.SIGHUP, self._request_stop)

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self._stops_requested or now - self._latest_request_at > _SAME_REQUEST_SECONDS:
            self._stops_requested += 1
        self._latest_request_at = now


def _describe(exit_code: int) -> str:
    return f"signal {signal.Signals(-exit_code).name}" if exit_code < 0 else f"exit code {exit_code}"
