"""Recurring work, run once by hand, and twice."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from pytest_django import Settings

from hub.celery import app
from hub_settings.schedule import TIMETABLE
from roaming import tasks
from roaming.deliveries.models import Delivery
from roaming.parties.models import Platform
from tests.roaming.deliveries.conftest import a_delivery, a_receiver
from tests.roaming.deliveries.stub import Receiver, register

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def stub_protocol() -> None:
    register()


@pytest.fixture
def partner() -> Iterator[Callable[[], Receiver]]:
    opened: list[Receiver] = []

    def open_one() -> Receiver:
        opened.append(Receiver())
        return opened[-1]

    yield open_one
    for receiver in opened:
        receiver.close()


def platform_at(url: str, key: str, **over: Any) -> Platform:
    platform = a_receiver(url, key).roles.earliest("id").platform
    Platform.objects.filter(id=platform.id).update(**over)
    platform.refresh_from_db()
    return platform


class TestTimetable:
    def test_every_line_names_a_task_that_exists(self) -> None:
        app.loader.import_default_modules()
        assert {line["task"] for line in TIMETABLE.values()} <= set(app.tasks)

    def test_a_dead_dispatcher_is_made_up_for_within_a_minute(self) -> None:
        assert TIMETABLE["roaming: take back leases"]["schedule"] <= 30
        assert TIMETABLE["roaming: ask silent partners"]["schedule"] <= django_settings.LIVENESS_SECONDS


class TestCheckLiveness:
    def test_tells_the_living_from_the_dead(self, partner: Callable[[], Receiver], settings: Settings) -> None:
        settings.LIVENESS_SECONDS = 300
        alive, dead = partner(), partner()
        dead.close()
        long_ago = NOW - timedelta(hours=1)
        silent = platform_at(alive.url, "NL-BET", last_seen_at=long_ago)
        gone = platform_at(dead.url, "FR-CLE", last_seen_at=long_ago)
        heard = platform_at(dead.url, "AT-DOR", last_seen_at=datetime.now(UTC))
        assert tasks.check_liveness() == [gone.id]
        assert [Platform.objects.get(id=one.id).status for one in (silent, gone, heard)] == ["CONNECTED", "OFFLINE", "CONNECTED"]

    def test_brings_back_who_returned(self, partner: Callable[[], Receiver]) -> None:
        returned = platform_at(partner().url, "NL-BET", status="OFFLINE", last_seen_at=datetime.now(UTC))
        assert tasks.check_liveness() == []
        returned.refresh_from_db()
        assert returned.status == "CONNECTED"

    def test_a_protocol_that_nobody_speaks_stops_nothing(self) -> None:
        Platform.objects.create(name="Odd", protocol="odd", version="1", status="CONNECTED")
        assert tasks.check_liveness() == []


class TestHousekeeping:
    def test_takes_back_leases_of_the_dead(self) -> None:
        row = a_delivery(a_receiver(), lease_until=NOW - timedelta(minutes=1))
        assert tasks.sweep_leases() == 1
        assert tasks.sweep_leases() == 0
        row.refresh_from_db()
        assert row.lease_until is None

    def test_purges_old_deliveries(self) -> None:
        receiver = a_receiver()
        a_delivery(receiver, state="delivered", finished_at=NOW - timedelta(days=31))
        kept = a_delivery(receiver, state="delivered", finished_at=NOW - timedelta(days=29))
        assert tasks.purge_deliveries() == 1
        assert Delivery.objects.get() == kept

    def test_keeps_the_days_of_exchanges(self) -> None:
        made = tasks.keep_exchange_partitions()
        assert len(made) == 4
        assert tasks.keep_exchange_partitions() == []
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s)", [made[0]])
            assert cursor.fetchone()[0] == made[0]

    def test_seals_nothing_where_nothing_came(self) -> None:
        assert tasks.seal_blocks() == 0
