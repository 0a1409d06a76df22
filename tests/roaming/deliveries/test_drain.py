"""deliver_outbox --once over real HTTP: order, one message per object, retries, refusals."""

import io
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from roaming.deliveries.models import Delivery
from roaming.deliveries.outbox import wake
from roaming.egress.admission import _breakers
from roaming.parties import directory
from roaming.parties.models import Platform
from tests.builders.parties import platform_of
from tests.roaming.deliveries.conftest import a_cdr_delivery, a_delivery, a_receiver
from tests.roaming.deliveries.stub import Receiver, StubGateway

pytestmark = pytest.mark.django_db

Receivers = Callable[..., Receiver]


def drain() -> dict[str, int]:
    output = io.StringIO()
    call_command("deliver_outbox", "--once", "--json", stdout=output)
    counts: dict[str, int] = json.loads(output.getvalue())
    return counts


def counts(**over: int) -> dict[str, int]:
    return {"delivered": 0, "rejected": 0, "retried": 0, "parked": 0, "alerts": 0} | over


class TestDrain:
    def test_sends_everything_that_is_due(self, receivers: Receivers) -> None:
        heard = receivers()
        receiver = a_receiver(heard.url)
        for row in range(20):
            a_delivery(receiver, object_row=row)
        assert drain() == counts(delivered=20)
        assert sorted(heard.rows) == list(range(20))
        assert heard.most_in_flight <= 8
        assert drain() == counts()

    def test_fifty_updates_of_one_object_are_one_message(self, receivers: Receivers) -> None:
        heard = receivers()
        receiver = a_receiver(heard.url)
        for _ in range(50):
            a_delivery(receiver, verb="patch", payload={"status": "CHARGING"})
        assert drain() == counts(delivered=50)
        assert [(message["verb"], message["merged"]) for message in heard.heard] == [("put", True)]

    def test_a_change_that_comes_while_the_object_is_read_is_part_of_the_message(self, receivers: Receivers) -> None:
        heard = receivers()
        receiver = a_receiver(heard.url)
        a_delivery(receiver, verb="patch", payload={"status": "CHARGING"})
        StubGateway.meanwhile.append(lambda: a_delivery(receiver, verb="patch", payload={"status": "AVAILABLE"}))
        assert drain() == counts(delivered=2)
        assert [(message["verb"], message["merged"]) for message in heard.heard] == [("put", True)]

    def test_an_object_that_never_holds_still_is_left_for_the_next_claim(self, receivers: Receivers) -> None:
        heard = receivers()
        receiver = a_receiver(heard.url)
        a_delivery(receiver)
        StubGateway.meanwhile.extend([partial(a_delivery, receiver)] * 5)
        assert drain() == counts(delivered=6)
        assert len(heard.heard) == 1

    def test_cdrs_come_one_by_one_in_the_order_of_their_acceptance(self, receivers: Receivers) -> None:
        heard = receivers()
        receiver = a_receiver(heard.url)
        for row in range(30):
            a_cdr_delivery(receiver, row)
        assert drain() == counts(delivered=30)
        assert heard.rows == list(range(30))
        assert heard.most_in_flight == 1

    def test_a_receiver_that_was_away_hears_final_states_and_every_cdr_in_order(self, receivers: Receivers) -> None:
        # reliability §7 case 57: 50 updates on 10 sessions and 30 CDRs.
        away = receivers()
        away.close()
        receiver = a_receiver(away.url)
        for number in range(50):
            a_delivery(receiver, module="sessions", object_type="session", object_row=number % 10)
        for row in range(30):
            a_cdr_delivery(receiver, row)
        drain()
        assert not Delivery.objects.exclude(state="waiting").exists()
        back = receivers(port=int(away.host.rpartition(":")[2]))
        directory.current()
        _close_breaker(platform_of(receiver))
        wake(platform_id=platform_of(receiver).id)
        assert drain()["delivered"] == 80
        sessions = [message for message in back.heard if message["module"] == "sessions"]
        assert sorted(message["row"] for message in sessions) == list(range(10))
        assert [message["row"] for message in back.heard if message["module"] == "cdrs"] == list(range(30))

    def test_a_refused_cdr_does_not_hold_back_the_next(self, receivers: Receivers) -> None:
        heard = receivers(lambda message: 400 if message["row"] == 1 else 200)
        receiver = a_receiver(heard.url)
        for row in range(3):
            a_cdr_delivery(receiver, row)
        assert drain() == counts(delivered=2, rejected=1)
        assert Delivery.objects.get(state="rejected").object_row == 1

    def test_a_cdr_that_a_receiver_cannot_take_now_comes_again_alone(self, receivers: Receivers) -> None:
        heard = receivers(lambda message: 500 if message["row"] == 0 else 200)
        receiver = a_receiver(heard.url)
        for row in range(3):
            a_cdr_delivery(receiver, row)
        assert drain() == counts(delivered=2, retried=1)
        assert Delivery.objects.get(state="waiting").object_row == 0

    def test_honours_what_the_receiver_asks(self, receivers: Receivers) -> None:
        heard = receivers(lambda _: 503)
        heard.headers["Retry-After"] = "600"
        row = a_delivery(a_receiver(heard.url))
        before = row.not_before
        drain()
        row.refresh_from_db()
        assert (row.not_before - before).total_seconds() > 590

    def test_one_dead_receiver_does_not_stop_the_others(self, receivers: Receivers) -> None:
        dead, alive = receivers(), receivers()
        dead.close()
        one, other = a_receiver(dead.url, "NL-BET"), a_receiver(alive.url, "FR-CLE")
        for row in range(10):
            a_delivery(one, object_row=row)
            a_delivery(other, object_row=row)
        result = drain()
        assert result["delivered"] == 10
        assert sorted(alive.rows) == list(range(10))
        assert Delivery.objects.filter(receiver=one, state="waiting").count() == 10

    def test_what_cannot_be_written_or_is_gone_stops_nothing(self, receivers: Receivers) -> None:
        heard = receivers()
        receiver = a_receiver(heard.url)
        bad = a_delivery(receiver, object_row=1, object_type="unwritable")
        gone = a_delivery(receiver, object_row=2, object_type="gone")
        a_delivery(receiver, object_row=3)
        assert drain() == counts(delivered=2, retried=1)
        assert heard.rows == [3]
        for row in (bad, gone):
            row.refresh_from_db()
        assert (bad.answer, gone.answer) == ("could not be written: ValueError", "nothing to send")

    @pytest.mark.parametrize("shut", [{"is_locked": True}, {"status": "SUSPENDED"}, {"version": ""}])
    def test_nothing_leaves_for_a_platform_that_is_shut(self, receivers: Receivers, shut: dict[str, Any]) -> None:
        heard = receivers()
        receiver = a_receiver(heard.url)
        a_cdr_delivery(receiver, 1)
        Platform.objects.filter(id=platform_of(receiver).id).update(**shut)
        assert drain() == counts()
        Platform.objects.filter(id=platform_of(receiver).id).update(is_locked=False, status="CONNECTED", version="2.2.1")
        assert drain() == counts(delivered=1)

    def test_says_the_counts_to_people(self) -> None:
        output = io.StringIO()
        call_command("deliver_outbox", "--once", stdout=output)
        assert output.getvalue().strip() == "0 delivered, 0 rejected, 0 retried, 0 parked, 0 alerts"


class TestListDeliveries:
    def test_lists_latest_first_and_filters(self) -> None:
        bet, cle = a_receiver(key="NL-BET"), a_receiver(key="FR-CLE")
        first = a_delivery(bet)
        second = a_cdr_delivery(cle, 7, state="rejected", answer="HTTP 200, status 2001")
        listed = self.run()
        assert [row["delivery"] for row in listed] == [second.id, first.id]
        assert (listed[0]["receiver"], listed[0]["state"], listed[0]["answer"]) == ("FR-CLE", "rejected", "HTTP 200, status 2001")
        assert (listed[1]["sender"], listed[1]["module"], listed[1]["attempts"]) == (None, "locations", 0)
        assert [row["delivery"] for row in self.run("--state", "waiting")] == [first.id]
        assert [row["delivery"] for row in self.run("--party", "FR-CLE", "--module", "cdrs")] == [second.id]
        assert [row["delivery"] for row in self.run("--platform", str(first.platform_id))] == [first.id]
        assert [row["delivery"] for row in self.run("--limit", "1")] == [second.id]

    def test_refuses_a_limit_that_is_none(self) -> None:
        with pytest.raises(CommandError) as refusal:
            self.run("--limit", "0")
        assert refusal.value.returncode == 2

    def run(self, *arguments: str) -> list[dict[str, Any]]:
        output = io.StringIO()
        call_command("list_deliveries", "--json", *arguments, stdout=output)
        rows: list[dict[str, Any]] = json.loads(output.getvalue())["deliveries"]
        return rows


def _close_breaker(platform: Platform) -> None:
    _breakers.pop(platform.id, None)
