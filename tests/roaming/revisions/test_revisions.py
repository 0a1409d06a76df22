"""Repeats, latecomers and contradictions: the same state whatever the order."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roaming.canonical import ChargingPeriod, Dimension
from roaming.revisions import ContradictingPeriod, Receipt, StampInFuture, Stored, Verdict, append_periods, judge_put, merge_patch

AT = datetime(2026, 10, 5, 12, tzinfo=UTC)
NOON = Stored(digest=b"one", last_updated=AT)


def judge(digest: bytes, minutes: float, stored: Stored | None = NOON) -> Verdict:
    return judge_put(stored=stored, digest=digest, last_updated=AT + timedelta(minutes=minutes), at=AT)


def period(minutes: int, kwh: str = "1.5") -> ChargingPeriod:
    return ChargingPeriod(
        start_date_time=AT + timedelta(minutes=minutes),
        dimensions=(Dimension(type="ENERGY", volume=Decimal(kwh)), Dimension(type="TIME", volume=Decimal("0.25"))),
    )


class TestJudgePut:
    def test_follows_the_table(self) -> None:
        assert judge(b"one", 0, stored=None) is Verdict.CREATED
        assert judge(b"one", 0) is Verdict.SAME
        assert judge(b"two", 1) is Verdict.REPLACED
        assert judge(b"two", 0) is Verdict.REPLACED
        assert judge(b"two", -1) is Verdict.STALE

    def test_only_new_content_applies(self) -> None:
        assert [verdict for verdict in Verdict if verdict.applies] == [Verdict.CREATED, Verdict.REPLACED]
        assert Receipt(verdict=Verdict.CREATED, row=1).created
        assert not Receipt(verdict=Verdict.REPLACED, row=1).created

    def test_refuses_a_stamp_more_than_a_day_ahead(self) -> None:
        assert judge(b"two", 24 * 60) is Verdict.REPLACED
        with pytest.raises(StampInFuture, match="2026-10-06T12:01:00Z"):
            judge(b"two", 24 * 60 + 1)

    @given(st.data())
    def test_any_order_and_any_repetition_leave_the_newest_state(self, data: st.DataObject) -> None:
        stamps = data.draw(st.lists(st.integers(-10_000, 1_000), min_size=1, max_size=8, unique=True))
        messages = data.draw(st.lists(st.sampled_from(stamps), max_size=12)) + stamps
        stored: Stored | None = None
        for minute in data.draw(st.permutations(messages)):
            digest = str(minute).encode()
            if judge(digest, minute, stored=stored).applies:
                stored = Stored(digest=digest, last_updated=AT + timedelta(minutes=minute))
        assert stored is not None
        assert stored.digest == str(max(stamps)).encode()


class TestMergePatch:
    def test_replaces_fields_whole_and_leaves_the_others(self) -> None:
        document = {"status": "CHARGING", "coordinates": {"latitude": "52.1", "longitude": "13.1"}, "capabilities": ["RFID_READER"]}
        merged = merge_patch(document=document, changes={"coordinates": {"latitude": "52.2"}, "capabilities": []})
        assert merged == {"status": "CHARGING", "coordinates": {"latitude": "52.2"}, "capabilities": []}
        assert document["capabilities"] == ["RFID_READER"]

    def test_null_takes_a_field_away_also_one_that_is_not_there(self) -> None:
        assert merge_patch(document={"a": 1, "b": None}, changes={"a": None, "c": None}) == {"b": None}

    def test_merges_unknown_fields_one_by_one(self) -> None:
        document = {"id": "1", "extensions": {"nl_color": "red", "nl_size": 3}}
        assert merge_patch(document=document, changes={"extensions": {"nl_color": "blue", "nl_new": True}}) == {
            "id": "1",
            "extensions": {"nl_color": "blue", "nl_size": 3, "nl_new": True},
        }
        assert merge_patch(document=document, changes={"extensions": {"nl_color": None, "nl_size": None}}) == {"id": "1"}
        assert merge_patch(document={"id": "1"}, changes={"extensions": {"nl_color": "blue"}}) == {
            "id": "1",
            "extensions": {"nl_color": "blue"},
        }

    @given(
        st.dictionaries(st.sampled_from("abcdef"), st.integers()),
        st.dictionaries(st.sampled_from("abcdef"), st.none() | st.integers()),
    )
    def test_applied_twice_is_applied_once(self, document: dict[str, Any], changes: dict[str, Any]) -> None:
        once = merge_patch(document=document, changes=changes)
        assert merge_patch(document=once, changes=changes) == once


class TestAppendPeriods:
    def test_inserts_a_late_period_at_its_start(self) -> None:
        assert append_periods(stored=[period(0), period(30)], added=[period(15)]) == (period(0), period(15), period(30))

    def test_the_same_period_again_adds_nothing_however_its_numbers_are_written(self) -> None:
        again = ChargingPeriod(
            start_date_time=AT,
            dimensions=(Dimension(type="TIME", volume=Decimal("0.2500")), Dimension(type="ENERGY", volume=Decimal("1.50"))),
        )
        assert append_periods(stored=[period(0)], added=[again]) == (period(0),)

    def test_refuses_other_content_for_a_known_period(self) -> None:
        with pytest.raises(ContradictingPeriod, match="2026-10-05T12:00:00Z"):
            append_periods(stored=[period(0)], added=[period(0, kwh="1.6")])

    @given(st.data())
    def test_any_order_and_any_repetition_end_in_the_same_periods(self, data: st.DataObject) -> None:
        minutes = data.draw(st.lists(st.integers(0, 600), min_size=1, max_size=8, unique=True))
        patches = data.draw(st.lists(st.lists(st.sampled_from(minutes), max_size=4), max_size=8)) + [[minute] for minute in minutes]
        held: tuple[ChargingPeriod, ...] = ()
        for patch in data.draw(st.permutations(patches)):
            held = append_periods(stored=held, added=[period(minute) for minute in patch])
        assert held == tuple(period(minute) for minute in sorted(minutes))
