"""The dispatcher as it runs: woken at once, killed in the middle, told to stop, its database restarted under it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection

from roaming.canonical import Role
from roaming.deliveries.enqueue import enqueue
from roaming.deliveries.models import Delivery
from roaming.parties import directory
from tests.roaming.deliveries.conftest import a_cdr_delivery, a_delivery, a_receiver
from tests.roaming.deliveries.stub import Receiver

pytestmark = pytest.mark.django_db(transaction=True)

Receivers = Callable[..., Receiver]
Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts dispatchers on this test's database and ends those that are left."""
    running: list[subprocess.Popen[bytes]] = []
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()

    def start_one() -> subprocess.Popen[bytes]:
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.roaming.deliveries.dispatcher"],
                cwd=Path(__file__).parents[3],
                env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "hub_settings.testing"},
                stdout=subprocess.PIPE,
            )
        )
        return running[-1]

    yield start_one
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def until(true: Callable[[], Any], what: str) -> None:
    """This function will wait for something that must come; it gives up after a minute."""
    for _ in range(6000):
        if true():
            return
        time.sleep(0.01)
    pytest.fail(f"it never came: {what}")


def waiting() -> int:
    return Delivery.objects.filter(state="waiting").count()


def expire_leases() -> None:
    """The lease of a dead dispatcher runs out: here by the clock of the database, and not by waiting half a minute."""
    Delivery.objects.filter(state="waiting").exclude(lease_until=None).update(lease_until="2000-01-01T00:00:00Z")


def _slowly(seconds: float, _: dict[str, Any]) -> int:
    time.sleep(seconds)
    return 200


def _has_heard(receiver: Receiver, count: int) -> bool:
    return len(receiver.heard) >= count


class TestPump:
    def test_delivers_what_is_queued_while_it_runs_and_stops_when_told(self, receivers: Receivers, start: Start) -> None:
        heard = receivers()
        receiver = a_receiver(heard.url)
        process = start()
        a_delivery(receiver, object_row=1)
        until(lambda: heard.rows == [1], "the first delivery")
        entry = directory.current().party(receiver.key)
        assert entry is not None
        told = enqueue(
            receivers=[entry],
            receiver_role=Role.EMSP,
            module="locations",
            verb="put",
            object_type="location",
            object_row=2,
            sender=None,
            correlation_id="c-1",
        )
        assert told == 1
        until(lambda: waiting() == 0, "the second delivery")
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert json.loads(output) == {"delivered": 2, "rejected": 0, "retried": 0, "parked": 0, "alerts": 0}
        assert heard.rows == [1, 2]

    def test_what_is_in_flight_when_told_to_stop_is_finished(self, receivers: Receivers, start: Start) -> None:
        may_answer = threading.Event()
        heard = receivers(lambda _: 200 if may_answer.wait(30) else 500)
        row = a_delivery(a_receiver(heard.url))
        process = start()
        until(lambda: heard.rows, "the request")
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)  # it must still be there, waiting for the answer
        assert process.poll() is None
        may_answer.set()
        process.communicate(timeout=60)
        row.refresh_from_db()
        assert (process.returncode, row.state) == (0, "delivered")

    def test_nothing_is_lost_and_order_holds_when_it_is_killed_again_and_again(self, receivers: Receivers, start: Start) -> None:
        heard = receivers(partial(_slowly, 0.01))
        receiver = a_receiver(heard.url)
        for row in range(40):
            a_delivery(receiver, object_row=row, object_path="1")
            a_delivery(receiver, object_row=row, object_path="2")
            a_cdr_delivery(receiver, 1000 + row)
        for threshold in (5, 25, 45):
            process = start()
            until(partial(_has_heard, heard, threshold), f"{threshold} requests")
            process.kill()
            process.wait()
            expire_leases()
        start()
        until(lambda: waiting() == 0, "the rest")
        rows = heard.rows
        assert set(rows) == {*range(40), *range(1000, 1040)}
        cdrs = list(dict.fromkeys(row for row in rows if row >= 1000))
        assert cdrs == list(range(1000, 1040))
        assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}

    def test_two_dispatchers_share_the_work_and_send_nothing_twice(self, receivers: Receivers, start: Start) -> None:
        heard = receivers(partial(_slowly, 0.005))
        receiver = a_receiver(heard.url)
        start()
        start()
        for row in range(200):
            a_delivery(receiver, object_row=row)
        until(lambda: waiting() == 0, "all of them")
        assert sorted(heard.rows) == list(range(200))

    def test_goes_on_when_the_database_drops_every_connection(self, receivers: Receivers, start: Start) -> None:
        heard = receivers()
        receiver = a_receiver(heard.url)
        start()
        a_delivery(receiver, object_row=1)
        until(lambda: heard.rows == [1], "the first delivery")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.fetchone()[0] >= 2  # the one that works and the bell
        a_delivery(receiver, object_row=2)
        until(lambda: 2 in heard.rows, "the second delivery")

    def test_a_slow_receiver_does_not_slow_another(self, receivers: Receivers, start: Start) -> None:
        may_answer = threading.Event()
        slow, quick = receivers(lambda _: 200 if may_answer.wait(30) else 500), receivers()
        one, other = a_receiver(slow.url, "NL-BET"), a_receiver(quick.url, "FR-CLE")
        start()
        for row in range(30):
            a_delivery(one, object_row=row)
            a_delivery(other, object_row=row)
        until(lambda: Delivery.objects.filter(receiver=other, state="delivered").count() == 30, "the quick one's")
        assert Delivery.objects.filter(receiver=one, state="delivered").count() == 0
        assert slow.most_in_flight <= 8
        may_answer.set()
        until(lambda: waiting() == 0, "the slow one's")
        assert slow.most_in_flight <= 8
