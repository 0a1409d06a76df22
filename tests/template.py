"""A database that was migrated once: every test database of a run, and every journey's, is a copy of it.

`python -m tests.template` makes it; tests/services.py starts that while pytest still collects.
"""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

TEMPLATE = "roamhouse_template"
_PROJECT = Path(__file__).parent.parent
_LOCK = 1


def migrated_template(*, server_url: str) -> str:
    """This function will return the name of the migrated database; it makes it where nobody did, and waits where somebody does."""
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        if server.execute("SELECT FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone() is None:
            making = f"{TEMPLATE}_making"  # it gets its name when it is whole: one that failed half-way is nobody's template
            server.execute(f'DROP DATABASE IF EXISTS "{making}"')
            server.execute(f'CREATE DATABASE "{making}"')
            environment = os.environ | {
                "DATABASE_URL": with_database(server_url, making),
                "DJANGO_SETTINGS_MODULE": "hub_settings.testing",
            }
            migrate = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
            subprocess.run(migrate, env=environment, cwd=_PROJECT, check=True, stdin=subprocess.DEVNULL)
            server.execute(f'ALTER DATABASE "{making}" RENAME TO "{TEMPLATE}"')
    return TEMPLATE


def with_database(url: str, name: str) -> str:
    """This function will return the address of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


if __name__ == "__main__":
    migrated_template(server_url=os.environ["DATABASE_URL"])
