"""The routing table in process memory: the hot path asks no database who is who.

`current()` compares the stamp in the database at most once a second and reads everything anew when it moved; a revocation is
therefore in force within a second in every process, and at once in the one that made it. NOTIFY is not needed for that.
"""

import asyncio
import json
import logging
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from roaming.canonical import PartyId, Role
from roaming.parties.keys import KeyRing, SealBroken, key_ring
from roaming.parties.snapshot import (
    EVERYONE,
    Agreement,
    Caller,
    Certificate,
    Directory,
    InboundCredential,
    PartyEntry,
    PlatformEntry,
)

__all__ = ["Caller", "Directory", "NotYetRead", "PartyEntry", "PlatformEntry", "changed", "current", "keep_current", "latest", "status_of"]

logger = logging.getLogger(__name__)


class NotYetRead(Exception):
    """No directory was read in this process yet: call `current()` once before `latest()`."""


def current() -> Directory:
    """This function will return the directory, at most one second old. It may read the database: call `latest()` from an event loop."""
    return _keeper.current()


def latest() -> Directory:
    """This function will return the directory as it was read last, without any I/O; it raises NotYetRead before the first reading."""
    return _keeper.latest()


def status_of(platform_id: int) -> str | None:
    """This function will return a platform's status as this process read it last, without any I/O, or None where it is not known."""
    held = _keeper.held
    entry = held.platform(platform_id) if held is not None else None
    return entry.status if entry is not None else None


def latest_stamp() -> object:
    """This function will return the database's stamp at the reading that `latest()` comes from, without any I/O."""
    return _keeper.stamp


def reread() -> Directory:
    """This function will compare with the database now, however lately that was done, and return the directory."""
    _keeper.expire()
    return _keeper.current()


def changed() -> None:
    """This function will make this process look at once after the current transaction. The stamp itself is set by triggers."""
    transaction.on_commit(_keeper.expire)


async def keep_current(stop: asyncio.Event) -> None:
    """This function will keep `latest()` at most a second old until `stop` is set, reading in one thread of its own."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="directory") as thread:
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            try:
                await loop.run_in_executor(thread, current)
            except (OperationalError, InterfaceError) as unreachable:
                logger.warning("the directory cannot be read yet", extra={"reason": str(unreachable)})
            try:
                await asyncio.wait_for(stop.wait(), timeout=settings.DIRECTORY_CHECK_SECONDS or 1.0)
            except TimeoutError:
                continue


class _Keeper:
    """Holds the snapshot of this process and knows when to look again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._directory: Directory | None = None
        self.stamp: object = None
        self._fresh_until = 0.0
        self._changes = 0  # changes made by this process; one that comes while a reading is under way makes that reading old

    @property
    def held(self) -> Directory | None:
        return self._directory

    def latest(self) -> Directory:
        if self._directory is None:
            raise NotYetRead("the directory was not read yet in this process")
        return self._directory

    def expire(self) -> None:
        self._changes += 1
        self._fresh_until = 0.0

    def current(self) -> Directory:
        held = self._directory
        if held is not None and monotonic() < self._fresh_until:
            return held
        # Whoever finds the lock taken goes on with what is held: one reader at a time, nobody queues. But not after a change of our own.
        may_be_old = held is not None and self._fresh_until > 0.0 and settings.DIRECTORY_CHECK_SECONDS > 0
        if self._lock.acquire(blocking=not may_be_old):
            try:
                self._look()
            finally:
                self._lock.release()
        return self.latest()

    def _look(self) -> None:
        changes = self._changes
        try:
            if self._directory is None or self.stamp is None or _read_stamp() != self.stamp:
                ensure_hub_party()
                stamp = _read_stamp()  # before the rows: what changes in between is found at the next look
                self._directory, self.stamp = _read_directory(), stamp
        except (OperationalError, InterfaceError):
            # Without its database the hub can record nothing, so nothing is decided with this; but who calls is still known.
            if self._directory is None:
                raise
            logger.warning("the directory could not be compared with the database")
        if changes == self._changes:
            self._fresh_until = monotonic() + settings.DIRECTORY_CHECK_SECONDS


_keeper = _Keeper()


def _read_stamp() -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT stamp FROM roaming_directorystamp WHERE id = 1")
        row = cursor.fetchone()
    return row[0] if row else None


def _read_directory() -> Directory:
    ring = key_ring()
    hub_key = PartyId.parse(settings.HUB_PARTY)
    roles_of_party: dict[int, dict[Role, int]] = defaultdict(dict)
    roles_of_platform: dict[int, list[tuple[Role, PartyId]]] = defaultdict(list)
    for party_row, country, party_id, role, platform_id in _rows(
        "SELECT p.id, p.country_code, p.party_id, r.role, r.platform_id FROM roaming_partyrole r JOIN roaming_party p ON p.id = r.party_id"
        " ORDER BY p.country_code, p.party_id, r.role"
    ):
        roles_of_party[party_row][Role(role)] = platform_id
        roles_of_platform[platform_id].append((Role(role), PartyId(country, party_id)))
    parties = [
        PartyEntry(id=row, key=key, name=name, roles={Role.HUB: 0} if key == hub_key else roles_of_party[row])
        for row, key, name in (
            (row, PartyId(country, party_id), name)
            for row, country, party_id, name in _rows(
                "SELECT id, country_code, party_id, name FROM roaming_party ORDER BY country_code, party_id"
            )
        )
    ]
    return Directory(
        hub=next(party for party in parties if party.key == hub_key),
        platforms=_read_platforms(ring, roles_of_platform),
        parties=parties,
        credentials=[
            InboundCredential(*row)
            for row in _rows(
                "SELECT id, platform_id, kind, token_hash, expires_at, first_used_at IS NOT NULL FROM roaming_credential"
                " WHERE direction = 'in' AND (expires_at IS NULL OR expires_at > now())"
            )
        ],
        agreements=_read_agreements(),
        fingerprint=ring.fingerprint,
        certificates=[
            Certificate(*row)
            for row in _rows("SELECT platform_id, sha256, not_after FROM roaming_partnercertificate WHERE revoked_at IS NULL")
        ],
    )


def ensure_hub_party() -> None:
    """This function will make the row of the hub's own party, settings.HUB_PARTY, where it is missing.

    Migrations do it; a process only where the setting changed since.
    """
    key = PartyId.parse(settings.HUB_PARTY)
    # Looked for first: an INSERT that inserts nothing still fires the trigger of the stamp, and every process would read again.
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM roaming_party WHERE country_code = %s AND party_id = %s", key)
        if cursor.fetchone() is None:
            cursor.execute(
                "INSERT INTO roaming_party (country_code, party_id, name, business_details) VALUES (%s, %s, 'Roamhouse', '{}')"
                " ON CONFLICT DO NOTHING",
                key,
            )


def _read_platforms(ring: KeyRing, roles: dict[int, list[tuple[Role, PartyId]]]) -> Iterator[PlatformEntry]:
    endpoints: dict[int, dict[tuple[str, str], str]] = defaultdict(dict)
    for platform_id, module, interface, url in _rows("SELECT platform_id, module, interface, url FROM roaming_endpoint"):
        endpoints[platform_id][module, interface] = url
    tokens: dict[int, str] = {}
    for platform_id, sealed, row_key in _rows(
        "SELECT platform_id, sealed_token, row_key FROM roaming_credential WHERE direction = 'out' AND sealed_token IS NOT NULL"
        " AND (expires_at IS NULL OR expires_at > now()) ORDER BY id"
    ):
        try:
            tokens[platform_id] = ring.open(sealed=bytes(sealed), row_key=row_key)
        except SealBroken as broken:
            # Fail closed: without a token nothing leaves for this platform (reliability §7 case 20).
            tokens[platform_id] = ""
            logger.error("the outbound credential of a platform does not open", extra={"platform": platform_id, "reason": str(broken)})
    for row in _rows(
        "SELECT id, name, protocol, status, is_locked, version, versions_url, allowed_hosts, profile::text FROM roaming_platform"
        " ORDER BY id"
    ):
        yield PlatformEntry(
            id=row[0],
            name=row[1],
            protocol=row[2],
            status=row[3],
            is_locked=row[4],
            version=row[5],
            versions_url=row[6],
            allowed_hosts=tuple(row[7]),
            endpoints=endpoints.get(row[0], {}),
            outbound_token=tokens.get(row[0], ""),
            profile=json.loads(row[8]),
            roles=tuple(roles.get(row[0], ())),
        )


def _read_agreements() -> dict[tuple[int, int], tuple[Agreement, ...]]:
    found: dict[tuple[int, int], list[Agreement]] = defaultdict(list)
    for row, operator, provider, starts, ends, modules in _rows(
        "SELECT id, operator_id, provider_id, lower(validity), upper(validity), modules FROM roaming_roamingagreement"
        " WHERE NOT isempty(validity) ORDER BY id"
    ):
        pair = EVERYONE if operator is None else (operator, provider)
        found[pair].append(Agreement(id=row, starts=starts, ends=ends, modules=frozenset(modules)))
    return {pair: tuple(agreements) for pair, agreements in found.items()}


def _rows(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
