"""Keeping every exchange without making anybody wait: taken in memory, written in batches by one thread of the process.

It is a trace for support and disputes, not a ledger: a process that is killed loses its last half second of it, and a flood is
counted rather than kept. What must not be lost has tables of its own.
"""

import logging
import os
import re
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Literal
from urllib.parse import unquote

import msgspec
from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, connection

from roaming.canonical import PartyId
from roaming.exchanges.habits import flush_habits
from roaming.exchanges.losses import LostField, flush_losses, note_losses
from roaming.exchanges.masking import mask_body, mask_path

_WAIT_SECONDS = 0.5
_BATCH = 500
_MOST_HELD = 10_000
# Keeping a success costs a third of answering it. Above this many a second they are counted; refusals and failures are always kept.
_SUCCESSES_A_SECOND = 400
_MODULES = re.compile(
    r"/(locations|tariffs|tokens|sessions|cdrs|commands|chargingprofiles|credentials|versions|hubclientinfo|invoicereconciliation|bookings)"
    r"(?=[/?]|$)"
)
# Outbound legs tell their object by the path alone. A token's uid is no id to search by: it is a driver's secret.
_OBJECT = re.compile(r"/(?:locations|tariffs|sessions|cdrs|chargingprofiles)/(?:[A-Za-z]{2}/[A-Za-z0-9]{3}/)?([^/?#]+)")
_STATUS = re.compile(r'"(?:status_code"\s*:\s*|Code"\s*:\s*")(\d{1,4})')

_COPY = """COPY roaming_exchange (at, direction, platform_id, method, path, module, object_id, sender, receiver, request_id, correlation_id,
 http_status, protocol_status, duration_ms, request_body, response_body, error) FROM STDIN"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExchangeEntry:
    """One request and its answer on one leg. `headers` are those of the request, names in lower case; only routing is read from them."""

    at: datetime
    direction: Literal["in", "out"]
    platform_id: int | None
    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    request_body: bytes | None = field(repr=False)
    response_body: bytes | None = field(repr=False)
    http_status: int | None
    duration_ms: int
    error: str = ""
    object_id: str = ""


def record(entry: ExchangeEntry) -> None:
    """This function will take an exchange in memory; it never waits and never raises."""
    _recorder.take(entry)


def is_flooded() -> bool:
    """This function will say whether a success of this moment would be left out, so that the hot path need not even write it up."""
    return _recorder.is_flooded()


def record_losses(
    *,
    owner: PartyId,
    receiver: PartyId,
    module: str,
    version: str,
    object_id: str,
    losses: Iterable[LostField],
    is_blocked: bool,
    at: datetime,
) -> None:
    """This function will count what was lost in a crossing, in memory; it never waits and never raises."""
    note_losses(
        owner=owner,
        receiver=receiver,
        module=module,
        version=version,
        object_id=object_id,
        losses=losses,
        is_blocked=is_blocked,
        at=at,
    )
    _recorder.wake()


def flush() -> int:
    """This function will write what this process holds, now and on the caller's connection, and return how many rows that were."""
    return _recorder.flush()


class _Recorder:
    """The exchanges of this process that are not written yet, and the thread that writes them."""

    def __init__(self) -> None:
        self._held: deque[ExchangeEntry] = deque()
        self._lost = 0
        self._second = self._successes = 0
        self._lock = threading.Lock()
        self._bell = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, entry: ExchangeEntry) -> None:
        is_success = not entry.error and (entry.http_status or 0) < 400
        if len(self._held) >= _MOST_HELD or (is_success and self.is_flooded()):
            self._lost += 1
            return
        self._successes += is_success
        self._held.append(entry)
        self.wake()

    def wake(self) -> None:
        if settings.EXCHANGES_IN_BACKGROUND:
            self._bell.set()
            if self._thread is None:
                self._start()

    def is_flooded(self) -> bool:
        second = int(monotonic())
        if second != self._second:
            self._second, self._successes = second, 0
        return self._successes >= _SUCCESSES_A_SECOND

    def flush(self) -> int:
        written = 0
        with self._lock:
            while batch := [self._held[place] for place in range(min(_BATCH, len(self._held)))]:
                kept = _write_what_fits(batch)
                written += kept
                self._lost += len(batch) - kept
                for _ in batch:
                    self._held.popleft()
            flush_losses()
            flush_habits()
        return written

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_on, name="exchanges", daemon=True)
                self._thread.start()

    def _write_on(self) -> None:
        while True:
            self._bell.wait()
            threading.Event().wait(_WAIT_SECONDS)  # others come meanwhile: one batch, one commit
            self._bell.clear()
            try:
                self.flush()
            except (DatabaseError, InterfaceError) as error:
                # The database is away. What is held is tried again with the next one that comes.
                logger.warning("exchanges could not be written", extra={"held": len(self._held), "reason": str(error)[:200]})
                connection.close()
            if self._lost:
                logger.warning("exchanges were not kept", extra={"lost": self._lost})
                self._lost = 0


_recorder = _Recorder()


def _forget_thread() -> None:
    # A forked child has no thread of its parent's, and the parent writes what it held.
    global _recorder
    _recorder = _Recorder()


os.register_at_fork(after_in_child=_forget_thread)


def _write_what_fits(batch: list[ExchangeEntry]) -> int:
    """This function will write the batch and return how many of its rows the database took."""
    try:
        _write(batch)
    except IntegrityError:
        # While the day's partition is attached, rows on their way to the default one are refused. They find the new one now.
        try:
            _write(batch)
        except (DataError, IntegrityError):
            return _write_one_by_one(batch)
    except DataError:
        return _write_one_by_one(batch)
    return len(batch)


def _write_one_by_one(batch: list[ExchangeEntry]) -> int:
    # One row that the database cannot take must not cost its neighbours, nor hold them back for ever.
    return sum(_write_what_fits([entry]) for entry in batch) if len(batch) > 1 else 0


def _write(batch: list[ExchangeEntry]) -> None:
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(_COPY) as copy:
        for entry in batch:
            copy.write_row(_row(entry))


def _row(entry: ExchangeEntry) -> tuple[object, ...]:
    headers = entry.headers
    module = _MODULES.search(entry.path)
    response = mask_body(entry.response_body)
    status = _STATUS.search(response)
    return (
        entry.at,
        entry.direction,
        entry.platform_id,
        _text(entry.method, 8),
        mask_path(entry.path)[:512],
        module[1] if module else "",
        _text(entry.object_id or _named_object(entry), 128),
        _party(headers, "from"),
        _party(headers, "to"),
        _text(headers.get("x-request-id", ""), 128),
        _text(headers.get("x-correlation-id", ""), 128),
        entry.http_status,
        int(status[1]) if status else None,
        entry.duration_ms,
        mask_body(entry.request_body),
        response,
        _text(entry.error, 255),
    )


def _named_object(entry: ExchangeEntry) -> str:
    path = entry.path.partition("?")[0]
    if found := _OBJECT.search(path):
        return unquote(found[1])
    if entry.method == "POST" and path.rstrip("/").endswith("/cdrs") and entry.request_body:
        try:
            return msgspec.json.decode(entry.request_body, type=_Named).id
        except (msgspec.DecodeError, UnicodeError, RecursionError):  # a body may be anything: it is kept because it was refused
            return ""
    return ""


class _Named(msgspec.Struct):
    id: str = ""


def _party(headers: Mapping[str, str], end: str) -> str:
    country, party = headers.get(f"ocpi-{end}-country-code", ""), headers.get(f"ocpi-{end}-party-id", "")
    return _text(f"{country}-{party}".upper(), 6) if country and party else ""


def _text(text: str, longest: int) -> str:
    return text.encode("utf-8", "replace").decode("utf-8", "replace").replace("\x00", "\ufffd")[:longest]
