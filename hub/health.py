"""Is the process alive, is the hub ready, what do its counters say: /livez, /readyz, /metrics.

Neither of the first two may hang when something else does: a frozen PostgreSQL makes /readyz say so, in two to three seconds,
and leaves /livez alone. Both are plain functions, so that the lane answers them without Django.
"""

import hmac
import ipaddress
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from roaming.parties.keys import KeyRingUnusable, key_ring

# libpq takes no shorter one than two seconds.
_CONNECT_SECONDS = 2
_ANSWER_SECONDS = 3.0
# Probes of several watchers share one answer.
_FRESH_SECONDS = 1.0


@dataclass(frozen=True)
class Readiness:
    """Whether the hub can do its work, else the first reason why not."""

    reason: str | None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return 200 if self.reason is None else 503

    @property
    def body(self) -> bytes:
        """The JSON answer."""
        return json.dumps({"status": "ready"} if self.reason is None else {"status": "not ready", "reason": self.reason}).encode()


class Probe:
    """Runs the checks in a thread of their own, one at a time: a check that hangs holds up neither its callers nor a second one."""

    def __init__(self, *, check: Callable[[], str | None], patience_seconds: float = _ANSWER_SECONDS) -> None:
        self._check = check
        self._patience_seconds = patience_seconds
        self._lock = threading.Lock()
        self._running: threading.Event | None = None
        self._latest = Readiness(reason="not checked yet")
        self._checked_at = float("-inf")

    def read(self) -> Readiness:
        """This function will return the state of at most a second ago, or say within three seconds that no answer came."""
        with self._lock:
            if time.monotonic() - self._checked_at < _FRESH_SECONDS:
                return self._latest
            if self._running is None:
                self._running = threading.Event()
                threading.Thread(target=self._run, args=(self._running,), name="readiness", daemon=True).start()
            running = self._running
        if running.wait(self._patience_seconds):
            return self._latest
        return Readiness(reason="the database does not answer")

    def _run(self, done: threading.Event) -> None:
        try:
            found = Readiness(reason=self._check())
        except Exception as error:  # whatever it is, the hub is not ready, and the probe must live on
            found = Readiness(reason=f"the check failed: {type(error).__name__}")
        with self._lock:
            self._latest, self._checked_at, self._running = found, time.monotonic(), None
        done.set()


def find_reason() -> str | None:
    """This function will return the first reason why the hub cannot do its work, or None."""
    try:
        key_ring()
    except KeyRingUnusable as refusal:
        return str(refusal)
    parameters = connection.get_connection_params()
    arguments = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname") if parameters.get(name)}
    try:
        # A connection of its own: the application's may all be waiting for the same database.
        with psycopg.connect(**arguments, connect_timeout=_CONNECT_SECONDS, autocommit=True) as own:
            applied = set(own.execute("SELECT app, name FROM django_migrations").fetchall())
    except psycopg.errors.UndefinedTable:
        return "the database has no schema yet"
    except psycopg.Error:
        return "the database does not answer"
    missing = [f"{app}.{name}" for app, name in _latest_migrations() if (app, name) not in applied]
    return f"migrations are missing: {', '.join(missing)}" if missing else None


def _latest_migrations() -> list[tuple[str, str]]:
    global _known_migrations
    if _known_migrations is None:  # they change with the code, that is with the process
        _known_migrations = sorted(MigrationLoader(None).graph.leaf_nodes())
    return _known_migrations


_known_migrations: list[tuple[str, str]] | None = None
_probe = Probe(check=find_reason)


def check_readiness() -> Readiness:
    """This function will tell whether database, migrations and keys are there; it waits three seconds at most."""
    return _probe.read()


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """This function will answer 200 while the process can answer at all."""
    return HttpResponse(b'{"status": "alive"}', content_type="application/json")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """This function will answer 200 once the hub can do its work, and 503 with the reason before."""
    readiness = check_readiness()
    response = HttpResponse(readiness.body, status=readiness.status, content_type="application/json")
    response._has_been_logged = True  # type: ignore[attr-defined]  # "not yet" is an answer, not an error for django.request's log
    return response


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """This function will answer the counters of all processes in Prometheus' text format.

    Open to this machine only; from elsewhere with `Authorization: Bearer` and HUB_METRICS_TOKEN, 404 without.
    """
    if not (_is_from_this_machine(request) or _has_metrics_token(request)):
        return HttpResponse(status=404)
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    directory = os.environ.get("HUB_METRICS_DIR")
    if not directory:
        return REGISTRY
    registry = CollectorRegistry()
    _AllProcesses(registry, directory)  # type: ignore[no-untyped-call]
    return registry


class _AllProcesses(MultiProcessCollector):
    """Reads the counters of every kind of process; each keeps them in its own directory (hub/process/processes.py)."""

    def collect(self) -> Any:
        return self.merge([str(file) for file in Path(self._path).glob("*/*.db")], accumulate=True)  # type: ignore[no-untyped-call]


def _is_from_this_machine(request: HttpRequest) -> bool:
    # Through the lane's socket the address is what the lane saw, last in the list (it appends; a caller can only prepend).
    seen = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        return ipaddress.ip_address(seen).is_loopback
    except ValueError:
        return False


def _has_metrics_token(request: HttpRequest) -> bool:
    expected = os.environ.get("HUB_METRICS_TOKEN", "")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(expected) and hmac.compare_digest(expected.encode(), given.encode())
