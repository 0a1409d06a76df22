"""A throw-away house: PostgreSQL as production sets it (fsync on), Valkey, and the hub's own processes by their own commands."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from hub.process.configuration import PROJECT, Configuration
from hub.process.embedded import make_socket_directory, postgres_in, redis_in
from hub.process.processes import PROCESSES
from hub.process.spawn import Program, spawn

_START_SECONDS = 60.0


class NotStarted(Exception):
    """A process of the bench ended or did not answer; the message holds its latest lines."""


@dataclass
class House:
    """Services in a temporary directory. Use as a context; `start_hub` once the data is there."""

    keep_log: Path | None = None
    root: Path = field(init=False)
    port: int = field(init=False)
    has_failures: bool = False  # whether the logs are worth keeping though the run went on
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> "House":
        """This function will start PostgreSQL and Valkey and point this process's environment at them."""
        self.root = Path(tempfile.mkdtemp(prefix="roamhouse-bench-"))
        self.root.chmod(0o711)
        sockets = make_socket_directory(preferred=self.root / "s")
        self.port = free_port()
        self._stack = ExitStack()
        for server in (postgres_in(root=self.root, sockets=sockets), redis_in(root=self.root, sockets=sockets)):
            server.prepare()
            program = server.program(environment={"PATH": os.environ["PATH"], "LC_ALL": "C"})
            self._start(program, server.is_ready)
            if program.name == "postgres":
                os.environ["DATABASE_URL"] = server.url
            else:
                os.environ["REDIS_URL"] = server.url
        os.environ.update(
            DJANGO_SETTINGS_MODULE="hub_settings.development",
            VAR_DIR=str(self.root / "var"),
            HOST="127.0.0.1",
            PORT=str(self.port),
            HUB_WEB_SOCKET=str(sockets / "web.sock"),
            HUB_KEYS_FILE=str(self.root / "keys.json"),
            HUB_ALLOW_PRIVATE_TARGETS="1",
            HUB_RATE_LIMITS="off",
        )
        for name in ("HUB_PUBLIC_URL", "SECRET_KEY", "PROMETHEUS_MULTIPROC_DIR"):
            os.environ.pop(name, None)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """This function will stop what it started, by process id, and remove the directory."""
        for name in reversed(list(self._running)):
            self.stop(name)
        if self.keep_log is not None and (error is not None or self.has_failures):
            shutil.copytree(
                self.root, self.keep_log, dirs_exist_ok=True, ignore=lambda _, names: [n for n in names if not n.endswith(".log")]
            )
        shutil.rmtree(self.root, ignore_errors=True)

    @property
    def running(self) -> frozenset[str]:
        """The names of the processes that were started and not stopped."""
        return frozenset(self._running)

    def start_hub(self, **environment: str) -> None:
        """This function will start the lane and Django's processes by the commands of the hub's table, and wait until both answer."""
        configuration = Configuration.read(environment=os.environ)
        for process in PROCESSES:
            if process.name in ("lane", "web"):
                program = Program(process.name, process.argv(configuration), {**os.environ, **environment}, PROJECT)
                ready = (lambda: answers(os.environ["HUB_WEB_SOCKET"])) if process.name == "web" else (lambda: listens(self.port))
                self._start(program, ready)

    def start_dispatcher(self) -> None:
        """This function will start the dispatcher of the outbox by its own command; it has nothing to say when it is ready."""
        configuration = Configuration.read(environment=os.environ)
        process = next(process for process in PROCESSES if process.name == "dispatcher")
        self._start(Program("dispatcher", process.argv(configuration), dict(os.environ), PROJECT), lambda: True)

    def stop_hub(self) -> None:
        """This function will stop the hub's processes, so that it may be started again in another way."""
        for name in ("lane", "web"):
            self.stop(name)
        Path(os.environ["HUB_WEB_SOCKET"]).unlink(missing_ok=True)

    def start_asgi(self, application: str, **environment: str) -> int:
        """This function will serve `benchmarks.baselines:application` by one uvicorn process with the lane's settings; returns its port."""
        port = free_port()
        argv = [sys.executable, "-m", "uvicorn", f"benchmarks.baselines:{application}", "--host", "127.0.0.1", "--port", str(port)]
        argv += [
            "--loop",
            "uvloop",
            "--http",
            "httptools",
            "--no-access-log",
            "--no-server-header",
            "--no-proxy-headers",
            "--lifespan",
            "off",
        ]
        argv += ["--timeout-keep-alive", "75", "--log-level", "warning"]
        self._start(Program(f"{application}-{port}", argv, {**os.environ, **environment}, PROJECT), lambda: listens(port))
        return port

    def start_constant_view(self) -> int:
        """This function will serve the constant DRF view by granian, with workers and threads as the hub has; it returns its port."""
        port = free_port()
        argv = [sys.executable, "-m", "granian", "benchmarks.constant:application", "--interface", "wsgi", "--no-ws"]
        argv += ["--host", "127.0.0.1", "--port", str(port), "--workers", "2", "--blocking-threads", "8", "--log-level", "error"]
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        self._start(Program("constant-view", argv, environment, PROJECT), lambda: listens(port))
        return port

    def start_provider(self, answer: bytes) -> int:
        """This function will serve a provider that answers every request with `answer`: nginx where installed, else uvicorn."""
        if (nginx := shutil.which("nginx") or shutil.which("/usr/sbin/nginx")) is None:
            return self.start_asgi("provider")
        port = free_port()
        directory = self.root / f"nginx-{port}"
        directory.mkdir()
        (directory / "nginx.conf").write_text(_NGINX.format(directory=directory, port=port, answer=answer.decode().replace("'", "\\'")))
        argv = [nginx, "-p", str(directory), "-c", str(directory / "nginx.conf"), "-g", "daemon off;"]
        self._start(Program(f"provider-{port}", argv, dict(os.environ), directory), lambda: listens(port))
        return port

    def cpu_seconds(self, *names: str) -> float:
        """This function will return the processor time that the named processes and their children have used so far."""
        return sum(_cpu_seconds_of(self._running[name].pid) for name in names if name in self._running)

    def stop(self, name: str) -> None:
        """This function will end one process and wait for it."""
        process = self._running.pop(name, None)
        if process is None:
            return
        process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start(self, program: Program, is_ready: Callable[[], bool]) -> None:
        log = self.root / f"{program.name}.log"
        with log.open("ab") as output:
            process = self._running[program.name] = spawn(program=program, output=output)
        deadline = time.monotonic() + _START_SECONDS
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise NotStarted(f"{program.name}:\n" + "\n".join(log.read_text().splitlines()[-20:]))
            time.sleep(0.02)


_NGINX = """
worker_processes 1;
pid {directory}/pid;
error_log {directory}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        default_type application/json;
        location / {{ return 200 '{answer}'; }}
    }}
}}
"""


def free_port() -> int:
    """This function will return a port of loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """This function will tell whether somebody accepts connections on that port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(path: str) -> bool:
    """This function will tell whether an HTTP server answers on that unix socket."""
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(5)
            probe.connect(path)
            probe.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return probe.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False


@contextmanager
def environment_of(changes: Mapping[str, str]) -> Iterator[None]:
    """This function will change this process's environment for a block."""
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _cpu_seconds_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    except FileNotFoundError:
        return 0.0
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(_cpu_seconds_of(child) for child in children)
