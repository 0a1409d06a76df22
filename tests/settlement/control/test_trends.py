"""Checks over many CDRs: 43, 66 and 67."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from settlement.control.trends import list_trends
from tests.builders.canonical_messages import a_cdr_location
from tests.builders.charges import a_charged_cdr

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 3, tzinfo=UTC)


def test_66_a_volume_that_jumps_is_listed() -> None:
    for day in range(2, 20):
        a_charged_cdr(ended_at=AT - timedelta(days=day, hours=2))
    assert list_trends(at=AT) == []
    for _ in range(12):
        a_charged_cdr(ended_at=AT - timedelta(hours=3))
    (trend,) = list_trends(at=AT)
    assert (trend.check, trend.about, trend.message) == (66, "DE-ALF for NL-BET", "12 CDRs yesterday, 0.6 a day in the four weeks before")


def test_43_a_clock_that_drifts_is_listed() -> None:
    place = a_cdr_location(evse_id="DE*ALF*E7")
    for day in range(1, 31, 2):
        ended_at = AT - timedelta(days=day, hours=1)
        lag = timedelta(minutes=40 if day < 7 else 2)
        for number in range(2):
            a_charged_cdr(ended_at=ended_at, received_at=ended_at + lag + timedelta(seconds=number), cdr_location=place)
    assert [(trend.check, trend.about) for trend in list_trends(at=AT)] == [(43, "DE-ALF DE*ALF*E7")]


def test_67_values_just_under_a_limit_are_listed() -> None:
    for number in range(20):
        a_charged_cdr(ended_at=AT - timedelta(days=number, hours=1), total_energy=Decimal("149.9" if number < 4 else "20"))
    assert [(trend.check, trend.message) for trend in list_trends(at=AT)] == [
        (67, "20 % of 20 CDRs lie just under a limit of energy or duration")
    ]
