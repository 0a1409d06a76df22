"""What every test shares. The servers are started by tests/services.py, before this file is read."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations
from hypothesis import HealthCheck, settings

# No wall-clock limits: the machine may be busy. On CI the same examples every time; at a desk new ones at each run.
settings.register_profile("house", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("house"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "house")


@pytest.fixture(autouse=True, scope="session")
def sealed_tables_are_emptied_between_tests() -> Iterator[None]:
    """Tests that commit are followed by TRUNCATE, which the sealed tables refuse to everybody: here alone the guards step aside."""
    flush = DatabaseOperations.execute_sql_flush

    def flush_with_guards_aside(self: DatabaseOperations, statements: list[str]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE '%\\_no\\_truncate'")
            guards = cursor.fetchall()
        aside = [f"ALTER TABLE {table} DISABLE TRIGGER {guard}" for table, guard in guards]
        back = [f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}" for table, guard in guards]
        flush(self, [*aside, *statements, *back])

    DatabaseOperations.execute_sql_flush = flush_with_guards_aside  # type: ignore[method-assign,assignment]
    yield
    DatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave browser tests out, by name and in the summary, where there is no Chromium and no right to install one."""
    if shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome"):
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    if left_out and not os.environ.get("CI"):
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
        config.issue_config_time_warning(pytest.PytestWarning(f"No Chromium: {len(left_out)} browser tests are left out."), stacklevel=2)
