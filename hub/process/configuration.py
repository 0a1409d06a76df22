"""Where one hub lives and what the operator's environment says about it (docs/operating.md lists the variables)."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


class WrongConfiguration(Exception):
    """A variable holds what it cannot mean; the message names it."""


@dataclass(frozen=True)
class Configuration:
    """The variables that the processes of a hub agree on."""

    var: Path
    host: str
    port: int
    demo: bool
    verbose: bool
    database_url: str | None
    redis_url: str | None

    @classmethod
    def read(cls, *, environment: Mapping[str, str]) -> "Configuration":
        """This function will read the operator's variables; an empty one counts as unset. Raises WrongConfiguration."""
        port = environment.get("PORT") or "8000"
        if not port.isdigit() or not 0 < int(port) < 65536:
            raise WrongConfiguration(f"PORT must be a number from 1 to 65535, not {port!r}.")
        return cls(
            var=PROJECT / (environment.get("VAR_DIR") or "var"),
            host=environment.get("HOST") or "127.0.0.1",
            port=int(port),
            demo=environment.get("DEMO", "1") != "0",
            verbose=environment.get("VERBOSE", "0") not in ("", "0"),
            database_url=environment.get("DATABASE_URL") or None,
            redis_url=environment.get("REDIS_URL") or None,
        )

    @property
    def run(self) -> Path:
        """The directory of what exists only while the hub runs."""
        return self.var / "run"

    @property
    def sockets(self) -> Path:
        """The directory of sockets, or the short one that stands in for it (hub/process/embedded.py: make_socket_directory)."""
        elsewhere = self.run / "elsewhere"
        return elsewhere.resolve() if elsewhere.is_dir() else self.run

    @property
    def log(self) -> Path:
        """The directory of the processes' logs."""
        return self.var / "log"

    @property
    def local_host(self) -> str:
        """The address by which this machine reaches the hub."""
        return "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104  (compared, not bound)

    @property
    def local_url(self) -> str:
        """Where the hub answers on this machine."""
        return f"http://{f'[{self.local_host}]' if ':' in self.local_host else self.local_host}:{self.port}"


def keep_environment(*, configuration: Configuration, environment: Mapping[str, str]) -> None:
    """This function will write the variables a hub was started with to VAR_DIR/environment.json, readable by the owner only.

    hub_settings.base takes them as defaults, so that `manage.py <command>` in another terminal speaks to the same hub.
    """
    names = ("DATABASE_URL", "REDIS_URL", "HOST", "PORT", "HUB_PUBLIC_URL", "HUB_PARTY", "HUB_KEYS_FILE", "HUB_ALLOW_PRIVATE_TARGETS")
    kept = {name: environment[name] for name in names if environment.get(name)}
    draft = configuration.var / f"environment.{secrets.token_hex(4)}"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(kept, indent=2) + "\n")
    os.replace(draft, configuration.var / "environment.json")
