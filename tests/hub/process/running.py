"""A whole hub as an operator starts it, in a place of its own."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hub.process.configuration import PROJECT
from hub.process.lock import SUPERVISED

_PATIENCE_SECONDS = 90.0


class RunningHub:
    """One `make run`, without make."""

    def __init__(self, *, var: Path) -> None:
        self.var = var
        self.port = _free_port()
        self._output = var.parent / "terminal"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """This function will start the hub and return once it says that it is ready."""
        outside = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "HUB_PG_BINDIR", "LANG")}
        place = {"VAR_DIR": str(self.var), "PORT": str(self.port), "DEMO": "0"}
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "hub.process", "run"],
                cwd=PROJECT,
                env=outside | place,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until(lambda: "The hub is ready." in self.terminal or self.process.poll() is not None)
        assert self.process.poll() is None, self.terminal

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The supervisor."""
        assert self._process is not None
        return self._process

    @property
    def terminal(self) -> str:
        """What a person has seen so far."""
        return self._output.read_text()

    def end(self, *, number: signal.Signals) -> int:
        """This function will send a signal to the supervisor and return its exit code once it has ended."""
        self.process.send_signal(number)
        return self.process.wait(_PATIENCE_SECONDS)

    def get(self, path: str) -> tuple[int, bytes]:
        """This function will ask the hub over HTTP; status 0 where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def reason_for_not_ready(self) -> str | None:
        """This function will return the reason that /readyz gives, or None when the hub is ready."""
        status, body = self.get("/readyz")
        return None if status == 200 else str(json.loads(body or b"{}").get("reason", "no answer"))

    def pid_of(self, name: str) -> int:
        """This function will return the id of a supervised process by its name in the table; it waits for it."""
        while not (found := self._children(name)):
            assert self.process.poll() is None, self.terminal
            time.sleep(0.1)
        return found[0]

    def everything(self) -> list[int]:
        """This function will return the ids of all processes of this hub, however deep, the supervisor included."""
        marker = f"VAR_DIR={self.var}".encode()
        return [
            pid
            for pid in _pids()
            if marker in _read(f"/proc/{pid}/environ").split(b"\0") or str(self.var).encode() in _read(f"/proc/{pid}/cmdline")
        ]

    def _children(self, name: str) -> list[int]:
        wanted = {f"HUB_PROCESS={name}".encode(), f"{SUPERVISED}={self.var}".encode()}
        return [pid for pid in _pids() if _parent(pid) == self.process.pid and wanted <= set(_read(f"/proc/{pid}/environ").split(b"\0"))]


@contextlib.contextmanager
def frozen(pids: list[int]) -> Iterator[None]:
    """This function will stop processes from doing anything at all while the block runs."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # the first to wake may end another
                os.kill(pid, signal.SIGCONT)


def list_family(pid: int) -> list[int]:
    """This function will return a process and its children."""
    return [pid, *(child for child in _pids() if _parent(child) == pid)]


def wait_until(condition: Callable[[], bool]) -> None:
    """This function will return once `condition` holds; after a long patience it fails."""
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def _parent(pid: int) -> int:
    return int((_read(f"/proc/{pid}/stat").rpartition(b")")[2].split() or [b"", b"0"])[1])


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""
