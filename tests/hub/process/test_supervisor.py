"""A hub survives the loss of its parts, and leaves nothing behind."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.hub.process.running import RunningHub, frozen, list_family, wait_until


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    # pytest's directories are closed to other accounts: for root this is also the start below a closed home.
    hub = RunningHub(var=tmp_path_factory.mktemp("hub") / "var")
    hub.start()
    yield hub
    if hub.process.poll() is None:
        hub.end(number=signal.SIGTERM)
    if (elsewhere := hub.var / "run" / "elsewhere").exists():
        shutil.rmtree(elsewhere.resolve())


def _kept(hub: RunningHub) -> dict[str, str]:
    kept: dict[str, str] = json.loads((hub.var / "environment.json").read_text())
    return kept


def test_it_tells_where_to_look(hub: RunningHub) -> None:
    for address in ("/portal/", "/admin/", "/ocpi/versions"):
        assert f"http://127.0.0.1:{hub.port}{address}" in hub.terminal
    assert hub.get("/livez")[0] == 200
    assert hub.get("/metrics")[0] == 200


@pytest.mark.parametrize("name", ["lane", "web", "redis", "postgres", "worker", "beat"])
def test_what_is_killed_comes_back(hub: RunningHub, name: str) -> None:
    before = hub.pid_of(name)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: hub.pid_of(name) != before)
    wait_until(lambda: hub.reason_for_not_ready() is None)
    wait_until(lambda: hub.get("/admin/login/")[0] == 200)


def test_a_frozen_database_is_told_and_not_waited_for(hub: RunningHub) -> None:
    with frozen(list_family(hub.pid_of("postgres"))):
        wait_until(lambda: hub.reason_for_not_ready() == "the database does not answer")
        assert hub.get("/livez")[0] == 200
    wait_until(lambda: hub.reason_for_not_ready() is None)


def test_every_line_of_every_log_is_one_json_object(hub: RunningHub) -> None:
    lines = [line for log in (hub.var / "log").glob("*.log") for line in log.read_text().splitlines()]
    assert lines
    assert all({"at", "level", "event"} <= json.loads(line).keys() for line in lines)


def test_a_second_supervisor_of_the_same_place_is_refused(hub: RunningHub) -> None:
    second = RunningHub(var=hub.var)
    second._output = Path(f"{hub.var}.second")
    with pytest.raises(AssertionError, match="already runs"):
        second.start()
    assert second.process.wait() == 1


def test_after_a_killed_supervisor_the_next_start_finds_the_data_and_one_signal_ends_everything(hub: RunningHub) -> None:
    with psycopg.connect(_kept(hub)["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    hub.end(number=signal.SIGKILL)
    hub.start()
    with psycopg.connect(_kept(hub)["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert len(hub.everything()) > 8
    assert hub.end(number=signal.SIGTERM) == 0
    assert hub.everything() == []
