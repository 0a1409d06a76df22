"""The one table of the hub's processes and their commands.

`make run` supervises them, a container runs one of them by `python -m hub.process <name>`: the same command in both.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hub.process.configuration import PROJECT, Configuration

_LOGGING = str(Path(__file__).with_name("logging.json"))
_MANAGE = str(PROJECT / "manage.py")


@dataclass(frozen=True)
class HubProcess:
    """One kind of process."""

    name: str
    does: str
    argv: Callable[[Configuration], list[str]]
    stop_stage: int  # stages stop one after the other: what takes requests first, what they are written to last
    stop_seconds: float
    stale_files: Callable[[Configuration], tuple[Path, ...]] = lambda _: ()  # what a killed one leaves in the way of the next
    tells_progress: bool = False  # until it is ready, what it says is for the person at the terminal
    ready_words: bytes | None = None  # a line with these words says that it is at work; None: that it started


def _lane(configuration: Configuration) -> list[str]:
    argv = [sys.executable, "-m", "uvicorn", "hub.asgi:application", "--host", configuration.host, "--port", str(configuration.port)]
    argv += ["--workers", os.environ.get("LANE_WORKERS") or str(min(os.cpu_count() or 1, 2)), "--timeout-worker-healthcheck", "30"]
    argv += ["--loop", "uvloop", "--http", "hub.lane.wire:Protocol"]
    # Longer than partners and proxies keep idle connections: else their next request races with our close, and is lost.
    argv += ["--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "8"]
    argv += ["--no-access-log", "--no-server-header", "--log-config", _LOGGING]
    # X-Forwarded-For is believed only from the proxies the operator names.
    trusted = os.environ.get("FORWARDED_ALLOW_IPS")
    return [*argv, "--proxy-headers", "--forwarded-allow-ips", trusted] if trusted else [*argv, "--no-proxy-headers"]


def _web(configuration: Configuration) -> list[str]:
    argv = [sys.executable, "-m", "granian", "hub.wsgi:application", "--interface", "wsgi", "--no-ws"]
    argv += ["--uds", str(web_socket(configuration=configuration)), "--uds-permissions", "0600"]
    argv += ["--workers", os.environ.get("WEB_WORKERS") or "2", "--blocking-threads", os.environ.get("WEB_THREADS") or "8"]
    return [
        *argv,
        "--respawn-failed-workers",
        "--respawn-interval",
        "1",
        "--workers-kill-timeout",
        "8",
        "--log-config",
        _LOGGING,
        "--log-level",
        "error",
    ]


def _celery(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--quiet", "--app", "hub.celery", *arguments, "--loglevel", "INFO"]


def _worker(_: Configuration) -> list[str]:
    # Gossip and mingle are for fleets that talk to each other; these workers only take tasks.
    return _celery("worker", "--concurrency", os.environ.get("WORKER_PROCESSES") or "2", "--without-gossip", "--without-mingle")


def _beat(configuration: Configuration) -> list[str]:
    return _celery("beat", "--schedule", str(configuration.var / "beat" / "schedule"), "--pidfile", "")


def _manage(*arguments: str) -> Callable[[Configuration], list[str]]:
    return lambda _: [sys.executable, _MANAGE, *arguments]


PROCESSES = (
    HubProcess("lane", "takes every request; answers the hot ones itself", _lane, 1, 12),
    HubProcess(
        "web", "Django: portal, admin and the rest of the protocols", _web, 2, 12, stale_files=lambda at: (web_socket(configuration=at),)
    ),
    HubProcess("dispatcher", "sends what is queued for partners", _manage("deliver_outbox"), 2, 12),
    HubProcess("worker", "background work", _worker, 2, 12, ready_words=b" ready."),
    HubProcess("beat", "the timetable", _beat, 2, 5),
)
DEMO = HubProcess(
    "demo", "the demonstration network", _manage("run_sandbox"), 0, 8, tells_progress=True, ready_words=b"demonstration network is alive"
)

# Run to their end before the processes start.
PREPARATIONS = {
    "migrate": _manage("migrate", "--no-input", "--verbosity", "0"),
    "collectstatic": _manage("collectstatic", "--no-input", "--verbosity", "0"),
}


def web_socket(*, configuration: Configuration) -> Path:
    """This function will return where Django listens for what the lane hands on."""
    return Path(os.environ.get("HUB_WEB_SOCKET") or configuration.sockets / "web.sock")


def make_room(*, name: str, configuration: Configuration) -> dict[str, str]:
    """This function will make the directories that process `name` writes to, and return the variables that name them.

    Each kind has counters of its own: containers that share VAR_DIR do not share process ids, and the counters' files are named by them.
    """
    everyone = configuration.run / "metrics"
    own = everyone / name
    own.mkdir(parents=True, exist_ok=True)
    for old in own.glob("*.db"):
        old.unlink(missing_ok=True)
    (configuration.var / "beat").mkdir(exist_ok=True)
    return {"HUB_METRICS_DIR": str(everyone), "PROMETHEUS_MULTIPROC_DIR": str(own)}


def run_in_place(*, name: str, configuration: Configuration) -> None:
    """This function will become the process or preparation `name`. Raises KeyError when the table has none of that name."""
    processes = {process.name: process for process in (*PROCESSES, DEMO)}
    argv = processes[name].argv(configuration) if name in processes else PREPARATIONS[name](configuration)
    for path in processes[name].stale_files(configuration) if name in processes else ():
        path.unlink(missing_ok=True)
    os.environ.setdefault("HUB_WEB_SOCKET", str(web_socket(configuration=configuration)))
    os.environ.update(make_room(name=name, configuration=configuration))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub_settings.production")
    os.chdir(PROJECT)
    os.execv(argv[0], argv)  # noqa: S606  (no shell is the point)
