"""Alive, ready, counted: and never hanging."""

import json
import threading
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from hub.health import Probe, Readiness, find_reason


@pytest.mark.django_db
def test_a_hub_with_database_migrations_and_keys_is_ready() -> None:
    assert find_reason() is None


@pytest.mark.django_db(transaction=True)
def test_a_missing_migration_is_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM django_migrations WHERE app = 'roaming' ORDER BY id DESC LIMIT 1")
        [name] = cursor.fetchone()
        cursor.execute("DELETE FROM django_migrations WHERE app = 'roaming' AND name = %s", [name])
        try:
            assert find_reason() == f"migrations are missing: roaming.{name}"
        finally:
            cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('roaming', %s, now())", [name])


@pytest.mark.django_db
def test_a_key_ring_that_everybody_may_read_is_a_reason(settings: Settings, tmp_path: Path) -> None:
    settings.HUB_KEYS_FILE = tmp_path / "keys.json"
    settings.HUB_KEYS_FILE.write_text("{}")
    settings.HUB_KEYS_FILE.chmod(0o644)
    assert "may be read by everybody" in str(find_reason())


@pytest.mark.django_db
def test_a_database_that_is_not_there_is_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(connection.settings_dict, "HOST", str(tmp_path))
    assert find_reason() == "the database does not answer"


def test_a_check_that_hangs_is_told_and_not_repeated() -> None:
    go_on, started = threading.Event(), []

    def check() -> None:
        started.append(1)
        go_on.wait()

    probe = Probe(check=check, patience_seconds=0.01)
    assert [probe.read().reason, probe.read().reason] == ["the database does not answer"] * 2
    assert len(started) == 1
    go_on.set()
    patient = Probe(check=check)
    assert patient.read() == Readiness(reason=None)


def test_readiness_speaks_json_with_its_reason() -> None:
    refused = Readiness(reason="migrations are missing: hub.0001_initial")
    assert (refused.status, json.loads(refused.body)["reason"]) == (503, "migrations are missing: hub.0001_initial")
    assert Readiness(reason=None).status == 200


def test_a_live_hub_answers_without_its_database(client: Client) -> None:
    assert client.get("/livez").json() == {"status": "alive"}


@pytest.mark.parametrize(
    ("address", "forwarded", "status"),
    [
        ("127.0.0.1", "", 200),
        ("203.0.113.9", "", 404),
        ("", "127.0.0.1", 200),  # through the lane's socket
        ("", "203.0.113.9", 404),
        ("", "127.0.0.1, 203.0.113.9", 404),  # a caller may prepend what it likes
        ("", "", 404),
    ],
)
def test_metrics_are_for_this_machine(client: Client, address: str, forwarded: str, status: int) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == status


def test_metrics_open_elsewhere_to_the_operators_token(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_METRICS_TOKEN", "a-token-for-prometheus")
    assert client.get("/metrics", headers={"Authorization": "Bearer a-token-for-prometheus"}, REMOTE_ADDR="203.0.113.9").status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer another"}, REMOTE_ADDR="203.0.113.9").status_code == 404
