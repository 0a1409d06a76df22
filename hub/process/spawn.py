"""One program as one child: in a session of its own, with a clean signal mask, and never outliving the process that started it."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
# Loaded before any fork: dlopen between fork and exec is not safe.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

# In the environment of every supervised process: its name in the table.
PROCESS_NAME = "HUB_PROCESS"
_LONGEST_LINEAGE = 20


@dataclass(frozen=True)
class Program:
    """What to execute and how it is asked, then forced, to stop."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    stop_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL
    stale_files: Sequence[Path] = ()  # removed before each start
    popen_arguments: Mapping[str, Any] = field(default_factory=dict)


def spawn(*, program: Program, output: IO[bytes] | int) -> subprocess.Popen[bytes]:
    """This function will start `program` with stdout and stderr going to `output` and nothing to read on stdin.

    The child leads a session of its own: a Ctrl-C on the terminal reaches the caller only, which then stops the children in
    order. On Linux it also receives its stop signal when the calling thread ends without having stopped it (kill -9).
    Raises OSError when the program cannot be executed.
    """
    for path in program.stale_files:
        path.unlink(missing_ok=True)
    return subprocess.Popen(
        program.argv,
        env={**program.environment, PROCESS_NAME: program.name},
        cwd=program.directory,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_follow_parent(os.getpid(), program.stop_signal),  # noqa: PLW1509  (the callers have one thread)
        **program.popen_arguments,
    )


def follow_parent() -> None:
    """This function will have the kernel send SIGTERM to this process when its parent ends, as when `make` is killed."""
    _follow_parent(os.getppid(), signal.SIGTERM)()


def become_reaper() -> None:
    """This function will make this process the parent of what its children leave behind, so that it can end that too (Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_family(*, leader: int, name: str) -> None:
    """This function will kill what the ended child `name` left: the process group `leader` (0: none), and strays that fell to us."""
    if leader:
        _kill(os.killpg, leader)
    for _ in range(_LONGEST_LINEAGE):
        strays = _list_strays(name)
        for pid in strays:
            _kill(os.kill, pid)
        if not strays:
            return
        time.sleep(0.01)  # the children of these fall to us next


def _list_strays(name: str) -> list[int]:
    marker = f"{PROCESS_NAME}={name}".encode()
    strays = []
    for thread in Path("/proc/self/task").glob("*"):
        for pid in (thread / "children").read_text().split():
            try:  # (a zombie's environment is empty)
                if marker in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                    strays.append(int(pid))
            except OSError:
                continue  # it ended meanwhile
    return strays


def _kill(send: Callable[[int, int], None], target: int) -> None:
    try:
        send(target, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _follow_parent(parent: int, stop_signal: signal.Signals) -> Callable[[], None]:
    def after_fork() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
            if os.getppid() != parent:  # the parent ended before the line above could register for it
                os.kill(os.getpid(), stop_signal)

    return after_fork
