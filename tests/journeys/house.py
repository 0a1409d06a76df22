"""A whole hub in processes of its own for journeys: a database, the processes of `make run`, and the operator's desk beside them."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from hub.process.configuration import PROJECT, Configuration
from hub.process.embedded import make_socket_directory
from hub.process.processes import PROCESSES, web_socket
from hub.process.spawn import Program, spawn
from hub.sandbox.office import OfficeRefused
from tests.template import migrated_template, with_database

_WAIT_SECONDS = 60


class House:
    """One running hub. `kill` and `start` take the names of hub/process/processes.py."""

    def __init__(self, *, root: Path, name: str, redis_database: int) -> None:
        self.root = root
        self.database = name
        self._server_url = os.environ["DATABASE_URL"]
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("PYTEST")},
            "DJANGO_SETTINGS_MODULE": "hub_settings.development",
            "DATABASE_URL": with_database(self._server_url, name),
            "REDIS_URL": f"{os.environ['REDIS_URL'].split('?')[0]}?db={redis_database}",
            "VAR_DIR": str(root),
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "HUB_PUBLIC_URL": self.url,
            "HUB_ALLOW_PRIVATE_TARGETS": "1",
            "AUTHORIZE_DEADLINE_SECONDS": "1",
            "WEB_WORKERS": "1",
            "WORKER_PROCESSES": "1",
            "PYTHONUNBUFFERED": "1",
        }
        self._configuration = Configuration.read(environment=self.environment)
        self._programs: dict[str, Program] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._desk: subprocess.Popen[str] | None = None

    def open(self) -> None:
        """This function will create a migrated database, start every process and wait until the hub says that it is ready."""
        self._create_database()
        for directory in (self._configuration.log, self.root / "beat"):
            directory.mkdir(parents=True, exist_ok=True)
        make_socket_directory(preferred=self._configuration.run)
        self.environment["HUB_WEB_SOCKET"] = str(web_socket(configuration=self._configuration))
        for process in PROCESSES:
            if process.name == "beat":  # a journey waits for nothing that comes by the clock
                continue
            self._programs[process.name] = Program(
                process.name,
                process.argv(self._configuration),
                self.environment,
                PROJECT,
                stale_files=process.stale_files(self._configuration),
            )
            self.start(process.name)
        self._desk = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.desk"],
            env=self.environment,
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.wait_until_ready()

    def _create_database(self) -> None:
        template = migrated_template(server_url=self._server_url)
        with psycopg.connect(self._server_url, autocommit=True) as server:
            server.execute(f'CREATE DATABASE "{self.database}" TEMPLATE "{template}"')

    def close(self) -> None:
        """This function will end every process it started, by its id, and drop the database."""
        if self._desk is not None:
            self._desk.terminate()
            self._desk.communicate()
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        for name, process in self._running.items():
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.kill(name)
        with psycopg.connect(self._server_url, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')
        shutil.rmtree(self.root, ignore_errors=True)

    def start(self, name: str) -> None:
        """This function will start one process; its output is kept below VAR_DIR/log."""
        with (self._configuration.log / f"{name}.log").open("ab") as output:
            self._running[name] = spawn(program=self._programs[name], output=output)

    def kill(self, name: str) -> None:
        """This function will kill one process and its children at once (SIGKILL to its process group)."""
        os.killpg(self._running[name].pid, signal.SIGKILL)
        self._running[name].wait()

    def wait_until_ready(self) -> None:
        """This function will wait for /readyz; it raises RuntimeError with the latest lines of the logs where that takes too long."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < deadline:
            ended = [name for name, process in self._running.items() if process.poll() is not None]
            if ended:
                raise RuntimeError(f"{ended} ended: {self.latest_lines(ended[0])}")
            if self.get("/readyz")[0] == 200:
                return
            time.sleep(0.1)
        raise RuntimeError(f"the hub is not ready: {self.get('/readyz')}\n{self.latest_lines('lane')}\n{self.latest_lines('web')}")

    def latest_lines(self, name: str) -> str:
        """This function will return the end of a process's log."""
        return (self._configuration.log / f"{name}.log").read_text(errors="replace")[-3000:]

    def get(self, path: str) -> tuple[int, bytes]:
        """This function will GET a page without a session: (status, body); status 0 where nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310  (our own hub)
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError as error:
            return 0, str(error).encode()

    def command(self, name: str, arguments: Sequence[str]) -> dict[str, Any]:
        """This function will run one of the operator's commands in the hub's environment. Raises OfficeRefused."""
        assert self._desk is not None
        assert self._desk.stdin is not None
        assert self._desk.stdout is not None
        self._desk.stdin.write(json.dumps([name, *arguments]) + "\n")
        self._desk.stdin.flush()
        answer: dict[str, Any] = json.loads(self._desk.stdout.readline(), parse_float=Decimal)
        if "refused" in answer:
            raise OfficeRefused(answer["refused"])
        return answer

    @property
    def proxy_secret(self) -> str:
        """What the TLS-terminating proxy and the hub share; the hub's settings made it at its first start."""
        kept = self.root / "proxy_secret"
        return kept.read_text().strip() if kept.exists() else ""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """This function will read the hub's database: only to look at what no door shows."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            return connection.execute(query).fetchall()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
