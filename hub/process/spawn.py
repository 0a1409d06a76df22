"""One program as one child: in a session of its own, with a clean signal mask, and never outliving the process that started it."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: dlopen between fork and exec is not safe.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """What to execute and how it is asked to stop."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    stop_signal: signal.Signals = signal.SIGTERM
    popen_arguments: Mapping[str, Any] = field(default_factory=dict)


def spawn(*, program: Program, output: IO[bytes] | int) -> subprocess.Popen[bytes]:
    """This function will start `program` with stdout and stderr going to `output` and nothing to read on stdin.

    The child leads a session of its own: a Ctrl-C on the terminal reaches the caller only, which then stops the children in
    order. On Linux it also receives its stop signal when the calling thread ends without having stopped it (kill -9).
    Raises OSError when the program cannot be executed.
    """
    return subprocess.Popen(
        program.argv,
        env=dict(program.environment),
        cwd=program.directory,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_follow_parent(program.stop_signal),
        **program.popen_arguments,
    )


def _follow_parent(stop_signal: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()

    def after_fork() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
            if os.getppid() != parent:  # the parent ended before the line above could register for it
                os.kill(os.getpid(), stop_signal)

    return after_fork
