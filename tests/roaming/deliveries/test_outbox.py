"""The statements on the outbox: who may be claimed, and what a result leaves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F

from roaming.deliveries.capacity import Room, free_places
from roaming.deliveries.coalesce import Bundle, bundle
from roaming.deliveries.models import Delivery
from roaming.deliveries.outbox import ALERT, LEASE_SECONDS, Result, claim, purge, settle, sweep_leases, wake
from roaming.parties import directory
from roaming.parties.models import Party
from tests.roaming.deliveries.conftest import a_cdr_delivery, a_delivery, a_receiver, a_sender

pytestmark = pytest.mark.django_db


def claim_all(*receivers: Party, places: int = 8, busy: tuple[int, ...] = ()) -> list[int]:
    return [one.parcel.id for one in bundles(*receivers, places=places, busy=busy)]


def bundles(*receivers: Party, places: int = 8, busy: tuple[int, ...] = ()) -> list[Bundle]:
    rooms = {receiver.roles.earliest("id").platform_id: Room(cdrs=places, others=places, most=places) for receiver in receivers}
    known = directory.current()
    return [bundle(claimed=row, later=later, directory=known) for row, later in claim(rooms=rooms, busy_with_cdrs=busy)]


def end(one: Bundle, kind: Any = "retry", **over: Any) -> Result:
    told: dict[str, Any] = {"note": "told", "delay_seconds": 60.0}
    return Result(one, kind, **told | over)


class TestClaim:
    def test_takes_only_the_oldest_waiting_row_of_an_object(self) -> None:
        receiver = a_receiver()
        first, second, other = a_delivery(receiver), a_delivery(receiver), a_delivery(receiver, object_row=2)
        assert claim_all(receiver) == [first.id, other.id]
        assert claim_all(receiver) == []
        Delivery.objects.filter(id=first.id).update(state="delivered", lease_until=None)
        assert claim_all(receiver) == [second.id]

    def test_an_evse_waits_for_its_location_and_not_for_a_tariff_of_that_row(self) -> None:
        receiver = a_receiver()
        location = a_delivery(receiver)
        a_delivery(receiver, object_type="evse", object_path="E1", verb="patch")
        tariff = a_delivery(receiver, module="tariffs", object_type="tariff")
        assert claim_all(receiver) == [location.id, tariff.id]

    def test_leaves_what_is_not_due_and_everything_behind_it(self) -> None:
        receiver = a_receiver()
        a_delivery(receiver, not_before=datetime.now(UTC) + timedelta(hours=1))
        a_delivery(receiver)
        assert claim_all(receiver) == []

    def test_takes_a_row_back_from_a_dispatcher_that_died(self) -> None:
        receiver = a_receiver()
        row = a_delivery(receiver)
        assert claim_all(receiver) == [row.id]
        Delivery.objects.update(lease_until=F("lease_until") - timedelta(seconds=LEASE_SECONDS + 1))
        assert claim_all(receiver) == [row.id]
        row.refresh_from_db()
        assert row.attempts == 2

    def test_a_flooded_receiver_does_not_starve_another(self) -> None:
        flooded, quiet = a_receiver(key="NL-BET"), a_receiver(key="FR-CLE")
        flood = [a_delivery(flooded, object_row=row).id for row in range(20)]
        quiet_row = a_delivery(quiet)
        assert claim_all(flooded, quiet, places=3) == [*flood[:3], quiet_row.id]

    def test_leaves_receivers_alone_that_have_no_room(self) -> None:
        receiver = a_receiver()
        a_delivery(receiver)
        assert claim(rooms={}, busy_with_cdrs=[]) == []
        assert claim(rooms={receiver.roles.earliest("id").platform_id + 1: Room(8, 8, 16)}, busy_with_cdrs=[]) == []

    def test_takes_a_cdr_before_whatever_waits_longer(self) -> None:
        receiver = a_receiver()
        flood = [a_delivery(receiver, object_row=row).id for row in range(20)]
        cdr = a_cdr_delivery(receiver, 1)
        assert claim_all(receiver, places=1) == [cdr.id]
        platform_id = receiver.roles.earliest("id").platform_id
        later = a_cdr_delivery(receiver, 2)
        claimed = claim(rooms={platform_id: Room(cdrs=8, others=0, most=8)}, busy_with_cdrs=[])
        assert [row.id for row, _ in claimed] == [later.id]
        assert claim_all(receiver) == flood[:8]

    def test_has_room_for_cdrs_while_every_other_place_is_taken(self) -> None:
        platform_id = a_receiver().roles.earliest("id").platform_id
        rooms = free_places(directory=directory.current(), in_flight={platform_id: 8}, trains={})
        assert rooms[platform_id] == Room(cdrs=8, others=0, most=8)
        assert platform_id not in free_places(directory=directory.current(), in_flight={platform_id: 8}, trains={platform_id: 4})

    def test_leaves_the_cdrs_of_a_receiver_that_is_busy_with_some(self) -> None:
        receiver = a_receiver()
        a_cdr_delivery(receiver, 1)
        location = a_delivery(receiver)
        assert claim_all(receiver, busy=(receiver.id,)) == [location.id]


class TestBundle:
    def merged(self, *changes: dict[str, Any]) -> Bundle:
        receiver = a_receiver()
        for change in changes:
            a_delivery(receiver, **change)
        (one,) = bundles(receiver)
        return one

    def test_one_change_stays_what_it_is(self) -> None:
        one = self.merged({"verb": "patch", "object_type": "evse", "object_path": "E1", "payload": {"status": "CHARGING"}})
        parcel = one.parcel
        assert (parcel.verb, parcel.object_type, parcel.object_path, parcel.payload) == ("patch", "evse", "E1", {"status": "CHARGING"})
        assert (parcel.is_merged, parcel.is_broadcast, parcel.sender, parcel.attempts) == (False, True, directory.current().hub.key, 0)

    def test_changes_of_one_part_become_one_put_of_that_part(self) -> None:
        part = {"object_type": "evse", "object_path": "E1", "verb": "patch", "payload": {"status": "CHARGING"}}
        one = self.merged(part, part, part)
        parcel = one.parcel
        assert (parcel.verb, parcel.object_type, parcel.object_path, parcel.payload) == ("put", "evse", "E1", None)
        assert (parcel.is_merged, len(one.rows)) == (True, 3)

    def test_changes_of_several_parts_become_one_put_of_the_whole(self) -> None:
        one = self.merged(
            {"object_type": "evse", "object_path": "E1", "verb": "patch"}, {"object_type": "connector", "object_path": "E2/1"}
        )
        assert (one.parcel.verb, one.parcel.object_type, one.parcel.object_path) == ("put", "location", "")

    def test_a_deletion_is_the_newest_state_too_and_a_revival_after_it(self) -> None:
        gone = self.merged({"verb": "put"}, {"verb": "delete", "payload": {"id": "T1"}})
        assert (gone.parcel.verb, gone.parcel.payload) == ("delete", {"id": "T1"})

    def test_a_revived_object_is_put(self) -> None:
        assert self.merged({"verb": "delete"}, {"verb": "put"}).parcel.verb == "put"

    def test_another_sender_is_another_message(self) -> None:
        receiver, sender = a_receiver(), a_sender()
        first = a_delivery(receiver)
        a_delivery(receiver, sender=sender)
        a_delivery(receiver)
        (one,) = bundles(receiver)
        assert one.rows == (first.id,)

    def test_cdrs_and_results_are_never_merged(self) -> None:
        receiver = a_receiver()
        a_cdr_delivery(receiver, 1)
        a_cdr_delivery(receiver, 1)
        assert [len(one.rows) for one in bundles(receiver)] == [1]


class TestSettle:
    def test_delivers_every_row_that_the_message_answered_for(self) -> None:
        receiver = a_receiver()
        rows = [a_delivery(receiver) for _ in range(3)]
        (one,) = bundles(receiver)
        assert settle([end(one, "delivered", note="HTTP 200")]) == {"delivered": 3}
        assert {(row.state, row.answer, row.lease_until) for row in Delivery.objects.all()} == {("delivered", "HTTP 200", None)}
        assert all(row.finished_at for row in Delivery.objects.filter(id__in=[row.id for row in rows]))

    def test_postpones_what_waits_behind_a_failed_row_as_long(self) -> None:
        receiver = a_receiver()
        first, later = a_delivery(receiver), a_delivery(receiver)
        other = a_delivery(receiver, object_row=2)
        one, _ = bundles(receiver)
        assert settle([end(one)]) == {"retried": 1}
        for row in (first, later, other):
            row.refresh_from_db()
        assert first.not_before == later.not_before > datetime.now(UTC) + timedelta(seconds=50)
        assert other.not_before < datetime.now(UTC)
        assert (first.state, first.lease_until, first.answer) == ("waiting", None, "told")

    def test_parks_after_seven_days_what_is_no_cdr(self) -> None:
        receiver = a_receiver()
        eight_days_ago = datetime.now(UTC) - timedelta(days=8)
        row = a_delivery(receiver, created_at=eight_days_ago)
        assert settle([end(one) for one in bundles(receiver)]) == {"parked": 1}
        row.refresh_from_db()
        assert (row.state, row.finished_at is not None) == ("parked", True)

    def test_never_parks_a_cdr_but_raises_an_alert(self) -> None:
        receiver = a_receiver()
        row = a_cdr_delivery(receiver, 1, created_at=datetime.now(UTC) - timedelta(days=8))
        assert settle([end(one) for one in bundles(receiver)]) == {"retried": 1, "alerts": 1}
        row.refresh_from_db()
        assert (row.state, row.answer, row.finished_at) == ("waiting", ALERT + "told", None)

    def test_cdrs_of_a_receiver_that_is_away_wait_together(self) -> None:
        receiver, other = a_receiver(), a_receiver(key="FR-CLE")
        rows = [a_cdr_delivery(receiver, number) for number in (1, 2, 3)]
        elsewhere = a_cdr_delivery(other, 4)
        first, second = bundles(receiver, places=2)
        assert settle([end(first, is_away=True), end(second, "released")]) == {"retried": 1}
        assert len({row.not_before for row in Delivery.objects.filter(receiver=receiver)}) == 1
        elsewhere.refresh_from_db()
        assert elsewhere.not_before < datetime.now(UTC)
        assert wake(platform_id=rows[0].platform_id) == 3
        assert claim_all(receiver) == [row.id for row in rows]

    def test_a_released_row_counts_no_attempt(self) -> None:
        receiver = a_receiver()
        row = a_delivery(receiver)
        settle([end(one, "released") for one in bundles(receiver)])
        row.refresh_from_db()
        assert (row.attempts, row.lease_until, row.state) == (0, None, "waiting")

    def test_a_late_failure_does_not_take_the_lease_of_the_next_dispatcher(self) -> None:
        receiver = a_receiver()
        row = a_delivery(receiver)
        (late,) = bundles(receiver)
        Delivery.objects.update(lease_until=F("lease_until") - timedelta(seconds=LEASE_SECONDS + 1))
        (taken,) = bundles(receiver)
        assert settle([end(late)]) == {}
        row.refresh_from_db()
        assert row.lease_until == taken.lease_until
        assert settle([end(late, "delivered")]) == {"delivered": 1}  # it was heard: that is true whoever says it

    def test_long_answers_are_cut(self) -> None:
        receiver = a_receiver()
        row = a_delivery(receiver)
        settle([end(one, "rejected", note="x" * 1000) for one in bundles(receiver)])
        row.refresh_from_db()
        assert len(row.answer) == 255


class TestHousekeeping:
    def test_sweeps_only_leases_that_ended(self) -> None:
        receiver = a_receiver()
        ended = a_delivery(receiver, lease_until=datetime.now(UTC) - timedelta(seconds=1))
        running = a_delivery(receiver, object_row=2, lease_until=datetime.now(UTC) + timedelta(seconds=20))
        assert sweep_leases() == 1
        for row in (ended, running):
            row.refresh_from_db()
        assert (ended.lease_until, running.lease_until is None) == (None, False)

    def test_purges_what_was_delivered_and_nothing_else(self) -> None:
        receiver = a_receiver()
        old = datetime.now(UTC) - timedelta(days=40)
        for state in Delivery.State.values:
            a_delivery(receiver, state=state, finished_at=old)
        kept = a_delivery(receiver, state="delivered", finished_at=datetime.now(UTC))
        assert purge(before=datetime.now(UTC) - timedelta(days=30)) == 1
        assert Delivery.objects.filter(state="delivered").get() == kept
