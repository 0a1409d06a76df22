"""What every test shares. The servers are started by tests/services.py, before this file is read."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.core.management.commands import flush as flushing
from django.db import transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from hypothesis import HealthCheck, settings

from roaming.exchanges import losses
from tests.template import migrated_template

# No wall-clock limits: the machine may be busy. On CI the same examples every time; at a desk new ones at each run.
settings.register_profile("house", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("house"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "house")


# Django writes these at the first migration, and no test changes them.
_KEPT = frozenset({"django_content_type", "auth_permission", "django_migrations"})


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The test database is a copy of the migrated one: migrating takes as long as hundreds of tests."""
    template = migrated_template(server_url=os.environ["DATABASE_URL"])
    django_settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = template


@pytest.fixture(autouse=True, scope="session")
def tables_are_emptied_between_tests() -> Iterator[None]:
    """After a test that commits, empty the few tables that hold something; TRUNCATE of all of them takes as long as many a test.

    Sealed tables refuse that to everybody: here alone the guards step aside.
    """
    truncate, announce = DatabaseOperations.execute_sql_flush, vars(flushing)["emit_post_migrate_signal"]

    def empty(self: DatabaseOperations, statements: list[str]) -> None:
        names = self.connection.introspection.django_table_names(only_existing=True, include_views=False)
        with transaction.atomic(using=self.connection.alias), self.connection.cursor() as cursor:
            held = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names if name not in _KEPT)  # noqa: S608
            cursor.execute(held)
            filled = [name for (name,) in cursor.fetchall()]
            cursor.execute(
                "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled = 'A' AND tgrelid = ANY(%s::regclass[])", [filled]
            )
            guards = cursor.fetchall()
            cursor.execute("SET LOCAL session_replication_role = replica")  # no foreign keys, no ordinary triggers
            for table, guard in guards:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}")
            for name in filled:
                cursor.execute(f"DELETE FROM {name}")  # noqa: S608
            for table, guard in guards:
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}")

    DatabaseOperations.execute_sql_flush = empty  # type: ignore[method-assign,assignment]
    vars(flushing)["emit_post_migrate_signal"] = lambda *args, **named: None
    yield
    DatabaseOperations.execute_sql_flush = truncate  # type: ignore[method-assign]
    vars(flushing)["emit_post_migrate_signal"] = announce


@pytest.fixture(autouse=True)
def nothing_is_held_from_the_test_before() -> None:
    """A process keeps losses in memory until it writes them: those of one test must not come out in another."""
    losses._held.clear()


# Files that start processes or a browser take longest and wait most: first, they run beside all others; last, one worker would run alone.
_FIRST = ("tests/hub/process/", "tests/journeys/", "tests/hub/browser/")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put long files first; leave browser tests out, by name and in the summary, where there is no Chromium and no right to install one."""
    items.sort(key=lambda item: not item.nodeid.startswith(_FIRST))  # stable: within both halves the order stays
    if shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome"):
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    if left_out and not os.environ.get("CI"):
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
        config.issue_config_time_warning(pytest.PytestWarning(f"No Chromium: {len(left_out)} browser tests are left out."), stacklevel=2)
