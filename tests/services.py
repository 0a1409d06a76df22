"""A PostgreSQL and a Redis for one test run: started before Django reads its settings, gone when pytest ends.

Loaded as a plug-in (`-p tests.services`), because pytest-django sets Django up before any conftest.py is read. Each run has a
directory of its own below the temporary one, so several runs may go side by side, and beside `make run`.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.process.embedded import THROW_AWAY_SETTINGS, Postgres, Redis, make_socket_directory, postgres_in, redis_in
from hub.process.spawn import Program, spawn

_PREFIX = "roamhouse-tests-"
# What the operator's shell may hold for another hub must not reach the suite.
_FOREIGN = ("HUB_", "AUTHORIZE_", "LIVENESS_", "LANE_", "WEB_", "WORKER_")
_FOREIGN_NAMES = ("SECRET_KEY", "HOST", "PORT", "DEMO", "VERBOSE", "EXTRA_HOSTS", "FORWARDED_ALLOW_IPS")


class Services:
    """The two servers of this test run and their directory."""

    def __init__(self) -> None:
        _remove_left_behind()
        self.root = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self.root.chmod(0o711)  # PostgreSQL may run as another account, which passes through here
        sockets = make_socket_directory(preferred=self.root / "s")
        self.postgres: Postgres = postgres_in(root=self.root, sockets=sockets, settings=THROW_AWAY_SETTINGS)
        self.redis: Redis = redis_in(root=self.root, sockets=sockets, durable=False)
        self._running: list[tuple[Program, subprocess.Popen[bytes]]] = []
        self._template: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """This function will start both and export DATABASE_URL, REDIS_URL and VAR_DIR for this process and its children."""
        servers: tuple[Postgres | Redis, ...] = (self.postgres, self.redis)
        for server in servers:
            server.prepare()
            program = server.program(environment={"PATH": os.environ["PATH"], "LC_ALL": "C"})
            with (self.root / f"{program.name}.log").open("ab") as output:
                self._running.append((program, spawn(program=program, output=output)))
        for server, (program, process) in zip(servers, self._running, strict=True):
            while not server.is_ready():
                if process.poll() is not None:
                    log = (self.root / f"{program.name}.log").read_text()
                    raise pytest.UsageError(f"{program.name} did not start:\n{log}")
                time.sleep(0.01)
        for name in list(os.environ):
            if (name.startswith(_FOREIGN) or name in _FOREIGN_NAMES) and name not in ("HUB_PG_BINDIR", "HUB_REDIS_SERVER"):
                del os.environ[name]
        os.environ.update(DATABASE_URL=self.postgres.url, REDIS_URL=self.redis.url, VAR_DIR=str(self.root / "var"))

    def make_template(self) -> None:
        """This function will have the migrated database made while pytest collects (tests/template.py)."""
        command = [sys.executable, "-m", "tests.template"]
        self._template = subprocess.Popen(command, cwd=Path(__file__).parent.parent, stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        """This function will end both servers, by their process ids, and remove what they wrote."""
        if self._template is not None:
            self._template.kill()
            self._template.wait()
        for program, process in reversed(self._running):
            process.send_signal(signal.SIGQUIT if program.name == "postgres" else signal.SIGKILL)
        for _, process in self._running:
            process.wait()
        self._running = []
        shutil.rmtree(self.root, ignore_errors=True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER")  # a worker inherits the addresses; it shares PostgreSQL, and takes a Redis database
    if worker is None:
        services = Services()
        early_config.add_cleanup(services.stop)
        services.start()
        if getattr(early_config.known_args_namespace, "numprocesses", None):
            services.make_template()
    else:
        os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].split('?')[0]}?db={int(worker.removeprefix('gw')) + 1}"
        os.environ["VAR_DIR"] = f"{os.environ['VAR_DIR']}-{worker}"
    return (yield)


def _remove_left_behind() -> None:
    # A run that was killed with SIGKILL could not clean up; its servers ended with it (hub/process/spawn.py).
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = int(directory.name.removeprefix(_PREFIX).split("-")[0])
        if not Path(f"/proc/{owner}").exists():
            shutil.rmtree(directory, ignore_errors=True)
