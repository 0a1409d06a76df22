"""Group C: when, and for how long."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from settlement.control.evidence import Evidence
from settlement.control.verdict import FLAG, HOLD, Remark, Rule

_BEFORE_ALL_CARS = datetime(2015, 1, 1, tzinfo=UTC)
_CLOCK_TOLERANCE = timedelta(minutes=5)
_LONGEST_HOURS = {"AC": 24, "DC": 6}
_FLAG_AFTER_DAYS = 30
_HOLD_AFTER_DAYS = 90
_TIMES = frozenset({"TIME", "PARKING_TIME"})


def dates_make_sense(evidence: Evidence) -> Iterator[Remark]:
    """Checks 31 and 40: the session was over when its CDR came, and no meter reset put it into another decade."""
    if evidence.ended_at > evidence.received_at + _CLOCK_TOLERANCE:
        yield Remark(31, "CDR_BEFORE_END", HOLD, f"ends {evidence.ended_at:%Y-%m-%d %H:%M} UTC, after the hub received it")
    if evidence.started_at < _BEFORE_ALL_CARS:
        yield Remark(40, "DATE_OF_A_RESET", HOLD, f"starts {evidence.started_at:%Y-%m-%d}, before {_BEFORE_ALL_CARS:%Y}")


def duration_makes_sense(evidence: Evidence) -> Iterator[Remark]:
    """Checks 32 and 33: energy takes time, and nobody charges for more than a day (six hours with direct current)."""
    if evidence.seconds == 0 and evidence.energy_kwh > 0:
        yield Remark(32, "ENERGY_WITHOUT_TIME", HOLD, f"{evidence.energy_kwh.normalize():f} kWh in no time")
    kind = "DC" if evidence.cdr.cdr_location.connector_power_type == "DC" else "AC"
    if evidence.seconds > _LONGEST_HOURS[kind] * 3600:
        hours = evidence.seconds / 3600
        yield Remark(33, "DURATION_IMPLAUSIBLE", HOLD, f"{hours:.1f} hours at {kind}; the limit is {_LONGEST_HOURS[kind]}")


def periods_inside_the_session(evidence: Evidence) -> Iterator[Remark]:
    """Checks 34 and 35: charging periods start between start and end, one after the other."""
    starts = [period.start_date_time for period in evidence.cdr.charging_periods]
    if any(start < evidence.started_at - timedelta(seconds=1) or start > evidence.ended_at for start in starts):
        yield Remark(34, "PERIOD_OUTSIDE_SESSION", HOLD, "a charging period starts outside the session")
    if starts != sorted(starts):
        yield Remark(35, "PERIODS_UNORDERED", FLAG, "the charging periods are not in order of time")


def total_time_adds_up(evidence: Evidence) -> Iterator[Remark]:
    """Check 36: total_time is end − start, and the sum of the periods' times where they tell them (flag from 1 s, hold from 60 s)."""
    told = float(evidence.cdr.total_time) * 3600
    off = abs(told - evidence.seconds)
    if off > 1:
        action = HOLD if off > 60 else FLAG
        yield Remark(36, "TOTAL_TIME_DIFFERS", action, f"total_time is {told:.0f} s, end − start {evidence.seconds:.0f} s")
    periods = evidence.cdr.charging_periods
    times = [[dimension.volume for dimension in period.dimensions if dimension.type in _TIMES] for period in periods]
    if periods and all(times):
        off = abs(float(sum((volume for of_period in times for volume in of_period), Decimal(0))) * 3600 - told)
        if off > 60:
            yield Remark(36, "PERIOD_TIMES_DIFFER", HOLD, f"the periods' times differ from total_time by {off:.0f} s")


def came_in_time(evidence: Evidence) -> Iterator[Remark]:
    """Check 41: flagged after 30 days; after 90 days the provider can hardly bill its driver."""
    days = (evidence.received_at - evidence.ended_at).days
    if days > _FLAG_AFTER_DAYS:
        action = HOLD if days > _HOLD_AFTER_DAYS else FLAG
        yield Remark(41, "CDR_TOO_OLD", action, f"received {days} days after the session; the limit is {_HOLD_AFTER_DAYS}")


RULES: tuple[Rule, ...] = (dates_make_sense, duration_makes_sense, periods_inside_the_session, total_time_adds_up, came_in_time)
