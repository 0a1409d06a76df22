"""`make run`, step by step: services, schema, processes, addresses; then the supervisor keeps it alive until it is told to end."""

import importlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

from hub.process.binaries import NoBinaries
from hub.process.configuration import PROJECT, Configuration, keep_environment
from hub.process.embedded import UnableToPrepare, make_socket_directory, postgres_in, redis_in
from hub.process.lock import SUPERVISED, AlreadyRunning, HubLock, stop_left_behind
from hub.process.probe import answers
from hub.process.processes import DEMO, PREPARATIONS, PROCESSES, HubProcess, make_room, web_socket
from hub.process.spawn import Program
from hub.process.supervisor import Child, ChildFailed, StopRequested, Supervisor
from hub.process.terminal import Terminal

_SERVICE_SECONDS = 120.0  # a database that was killed may have to replay its log first
_READY_SECONDS = 90.0
_DEMO_SECONDS = 120.0
_DEMO_TRIES = 3  # the hub may still be settling when it asks first


class UnableToStart(Exception):
    """The hub cannot start; the message tells the operator why and what to do."""


def start_hub(*, configuration: Configuration, terminal: Terminal) -> int:
    """This function will start a hub, keep it alive until it is told to stop, stop it, and return the exit code of `make run`."""
    terminal.say()
    terminal.say("Roamhouse, the clearing house of EV roaming", bold=True)
    terminal.say()
    try:
        lock = HubLock(var=configuration.var)
        lock.take()
        _clear_the_ground(configuration, terminal)
        _refuse_taken_port(configuration)
        _Start(configuration, terminal).run()
    except AlreadyRunning as running:
        terminal.say(f"A hub already runs in {configuration.var} ({running}). `make stop` ends it.")
        terminal.say("For a second hub beside it, give it a place and a port: make run VAR_DIR=var2 PORT=8001")
        return 1
    except (UnableToStart, UnableToPrepare, NoBinaries) as refusal:
        terminal.say()
        terminal.say(f"The hub did not start. {refusal}")
        return 1
    except ChildFailed as failure:
        terminal.say()
        terminal.say(f"The hub did not start: {failure}. Its latest lines (all of them: {configuration.log}):")
        for line in failure.latest_lines:
            terminal.say(f"    {line}")
        return 1
    return 0


def _clear_the_ground(configuration: Configuration, terminal: Terminal) -> None:
    # Before anybody looks at the port: it may still be theirs.
    if left := stop_left_behind(var=configuration.var):
        terminal.say(f"  An earlier hub here was killed; {len(left)} of its processes were still running and were stopped.")


def _refuse_taken_port(configuration: Configuration) -> None:
    family = socket.AF_INET6 if ":" in configuration.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((configuration.host, configuration.port))
        except OSError as error:
            advice = f"Choose another port: make run PORT={configuration.port + 1}"
            raise UnableToStart(f"{configuration.host}:{configuration.port} cannot be used: {error.strerror}. {advice}") from None


class _Start:
    def __init__(self, configuration: Configuration, terminal: Terminal) -> None:
        self._configuration = configuration
        self._terminal = terminal
        configuration.log.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._supervisor = Supervisor(terminal=terminal, log=configuration.log, verbose=configuration.verbose)
        self._environment = {
            "DJANGO_SETTINGS_MODULE": "hub_settings.development",
            **os.environ,
            "VAR_DIR": str(configuration.var),
            SUPERVISED: str(configuration.var),
            "HOST": configuration.host,
            "PORT": str(configuration.port),
            "PYTHONUNBUFFERED": "1",
        }

    def run(self) -> None:
        try:
            self._start_services()
            self._prepare_application()
            self._start_processes()
            self._start_demo()
            self._tell_where_to_look()
            self._supervisor.run()
        except StopRequested:
            self._terminal.say()
        finally:
            with self._terminal.step("Stop"):
                self._supervisor.stop()

    def _start_services(self) -> None:
        configuration = self._configuration
        sockets = make_socket_directory(preferred=configuration.run)
        self._environment["HUB_WEB_SOCKET"] = str(web_socket(configuration=configuration))
        if configuration.database_url is None:
            with self._terminal.step("PostgreSQL") as step:
                postgres = postgres_in(root=configuration.var, sockets=sockets)
                postgres.prepare()
                self._start_service(postgres.program(environment=self._environment), postgres.is_ready, stop_stage=4)
                step.detail = _shown(postgres.data)
            self._environment["DATABASE_URL"] = postgres.url
            # Everything is on this machine: partners on loopback are welcome, unless the operator says otherwise.
            self._environment.setdefault("HUB_ALLOW_PRIVATE_TARGETS", "1")
        if configuration.redis_url is None:
            with self._terminal.step("Redis") as step:
                redis = redis_in(root=configuration.var, sockets=sockets)
                redis.prepare()
                self._start_service(redis.program(environment=self._environment), redis.is_ready, stop_stage=3)
                step.detail = _shown(redis.data)
            self._environment["REDIS_URL"] = redis.url
        keep_environment(configuration=configuration, environment=self._environment)

    def _start_service(self, program: Program, is_ready: Callable[[], bool], *, stop_stage: int) -> None:
        child = self._supervisor.start(program=program, stop_stage=stop_stage, stop_seconds=20)
        if not self._supervisor.wait_until(is_ready, seconds=_SERVICE_SECONDS, needs=(child,)):
            raise UnableToStart(f"{program.name} was not ready within {_SERVICE_SECONDS:.0f} s; see {self._configuration.log}.")

    def _prepare_application(self) -> None:
        with self._terminal.step("Database schema and static files"):
            self._supervisor.run_to_end(
                programs=[Program(name, argv(self._configuration), self._environment, PROJECT) for name, argv in PREPARATIONS.items()]
            )

    def _start_processes(self) -> None:
        with self._terminal.step("Processes") as step:
            children = {process.name: self._start_process(process) for process in PROCESSES}
            ready = self._supervisor.wait_until(
                lambda: (
                    all(child.is_ready for child in children.values())
                    and answers(process="lane", path="/readyz", configuration=self._configuration)
                    and answers(process="web", path="/livez", configuration=self._configuration)
                ),
                every_seconds=0.25,
                seconds=_READY_SECONDS,
                needs=(children["lane"], children["web"], children["worker"]),
            )
            if not ready:
                missing = [name for name, child in children.items() if not child.is_ready] or ["/readyz"]
                raise UnableToStart(f"{', '.join(missing)} did not answer within {_READY_SECONDS:.0f} s; see {self._configuration.log}.")
            step.detail = ", ".join(children)

    def _start_demo(self) -> None:
        if not self._configuration.demo:
            return
        with self._terminal.step("Demonstration network") as step:
            child = self._start_process(DEMO)
            settled = self._supervisor.wait_until(lambda: child.is_ready or child.failures >= _DEMO_TRIES, seconds=_DEMO_SECONDS)
            if not settled:
                step.detail = "still getting ready"
            elif not child.is_ready:
                step.is_done = False
                step.detail = f"did not start: see {_shown(self._configuration.log / 'demo.log')}"

    def _start_process(self, process: HubProcess) -> Child:
        program = Program(
            process.name,
            process.argv(self._configuration),
            self._environment | make_room(name=process.name, configuration=self._configuration),
            PROJECT,
            stale_files=process.stale_files(self._configuration),
        )
        return self._supervisor.start(
            program=program,
            stop_stage=process.stop_stage,
            stop_seconds=process.stop_seconds,
            ready_words=process.ready_words,
            tells_progress=process.tells_progress,
        )

    def _tell_where_to_look(self) -> None:
        base = (self._environment.get("HUB_PUBLIC_URL") or self._configuration.local_url).rstrip("/")
        say = self._terminal.say
        say()
        say("The hub is ready.", bold=True)
        say(f"  Portal for partners     {base}/portal/")
        say(f"  Finance and operations  {base}/admin/")
        say(f"  OCPI address            {base}/ocpi/versions")
        if self._configuration.demo and (logins := _demo_logins()):
            say()
            say("Demo logins")
            for role, email, password in logins:
                say(f"  {role:<22}  {email:<28}  {password}")
        say()
        say(f"Logs are in {_shown(self._configuration.log)}/. Ctrl-C stops everything.")


def _demo_logins() -> list[tuple[str, str, str]]:
    try:
        logins: list[tuple[str, str, str]] = importlib.import_module("hub.sandbox.demo").DEMO_LOGINS
    except (ImportError, AttributeError):  # a house without a sandbox still starts
        return []
    return logins


def _shown(path: Path) -> str:
    return str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else str(path)
