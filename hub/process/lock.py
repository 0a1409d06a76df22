"""One supervisor per VAR_DIR, and what a killed one left behind."""

import fcntl
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

# In the environment of every supervised process, with the VAR_DIR as its value. A command that an operator starts has it not.
SUPERVISED = "HUB_SUPERVISED_IN"


class AlreadyRunning(Exception):
    """Another supervisor holds this VAR_DIR."""

    def __init__(self, *, pid: int) -> None:
        super().__init__(f"process {pid}")
        self.pid = pid


class HubLock:
    """The file VAR_DIR/hub.lock: locked while a supervisor lives (the kernel frees it, however it ends), with its process id."""

    def __init__(self, *, var: Path) -> None:
        var.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(var / "hub.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> None:
        """This function will lock until this process ends. Raises AlreadyRunning."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(pid=self._read_pid()) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def find_holder(self) -> int | None:
        """This function will return the process id of the supervisor that holds the lock, or None."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._read_pid()
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        return None

    def _read_pid(self) -> int:
        while not (content := os.pread(self._descriptor, 20, 0).strip()):
            time.sleep(0.01)  # the holder writes its id right after it locked
        return int(content)


def list_left_behind(*, var: Path) -> list[int]:
    """This function will return the ids of processes that a supervisor of this VAR_DIR started and that still run.

    Applications are known by their environment. PostgreSQL and Valkey may rewrite theirs, and are known by their program and
    working directory.
    """
    marker = f"{SUPERVISED}={var}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = _serves(entry, var) or marker in (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # it ended meanwhile, or belongs to somebody else
        if is_ours and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return sorted(found)


def stop_left_behind(*, var: Path, seconds: float = 15) -> list[int]:
    """This function will stop what a killed supervisor of this VAR_DIR left running, and return the ids.

    PostgreSQL is asked for a fast shutdown, never killed while it can still answer: its data stay clean.
    """
    found = list_left_behind(var=var)
    _stop(found, postgres_signal=signal.SIGINT, other_signal=signal.SIGTERM, seconds=seconds)
    _stop([pid for pid in found if _is_alive(pid)], postgres_signal=signal.SIGQUIT, other_signal=signal.SIGKILL, seconds=seconds)
    return found


def _stop(pids: list[int], *, postgres_signal: signal.Signals, other_signal: signal.Signals, seconds: float) -> None:
    for pid in pids:
        if not _is_postgres(pid):
            _signal(pid, other_signal)
        elif _parent(pid) not in pids:  # PostgreSQL's server tells its own children; a signal to them means other things
            _signal(pid, postgres_signal)
    _wait_until_gone(pids, seconds=seconds)


def _serves(entry: Path, var: Path) -> bool:
    program = Path(os.readlink(entry / "exe")).name
    directory = os.readlink(entry / "cwd")
    return (program == "postgres" and directory == str(var / "postgres")) or ("-server" in program and directory == str(var / "redis"))


def _wait_until_gone(pids: Iterable[int], *, seconds: float) -> None:
    give_up_at = time.monotonic() + seconds
    while any(_is_alive(pid) for pid in pids) and time.monotonic() < give_up_at:
        time.sleep(0.05)


def _is_postgres(pid: int) -> bool:
    try:
        return Path(os.readlink(f"/proc/{pid}/exe")).name.startswith("postgres")
    except OSError:
        return False


def _is_alive(pid: int) -> bool:
    return _state(pid)[0] not in ("Z", "")


def _parent(pid: int) -> int:
    return int(_state(pid)[1] or 0)


def _state(pid: int) -> tuple[str, str]:
    try:
        letter, parent, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", ""
    return letter, parent


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
