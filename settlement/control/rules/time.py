"""Group C: when, and for how long."""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from settlement.control.evidence import Evidence
from settlement.control.verdict import FLAG, HOLD, Remark, Rule

_TIMES = frozenset({"TIME", "PARKING_TIME", "RESERVATION_TIME"})
_OFFSET = re.compile(r"^(Etc/)?(GMT|UTC)[+-]\d|^[+-]\d\d")
_MINUTE = timedelta(seconds=60)


def duration_makes_sense(evidence: Evidence) -> Iterator[Remark]:
    """Check 33: nobody charges for more than a day (six hours with direct current)."""
    kind = "DC" if evidence.cdr.cdr_location.connector_power_type == "DC" else "AC"
    limit = evidence.limits.number(33, f"hours_{kind.lower()}")
    if evidence.seconds > limit * 3600:
        yield Remark(33, "DURATION_IMPLAUSIBLE", HOLD, f"{evidence.seconds / 3600:.1f} hours at {kind}; the limit is {limit.normalize():f}")


def periods_follow_each_other(evidence: Evidence) -> Iterator[Remark]:
    """Check 35: charging periods are in order and each is as long as its times; longer means that they overlap."""
    periods = evidence.cdr.charging_periods
    starts = [period.start_date_time for period in periods]
    if not periods:
        return
    if starts != sorted(starts):
        yield Remark(35, "PERIODS_UNORDERED", FLAG, "the charging periods are not in order of time")
        return
    for period, stop in zip(periods, [*starts[1:], evidence.ended_at], strict=True):
        told = sum((dimension.volume for dimension in period.dimensions if dimension.type in _TIMES), Decimal(0))
        seconds = float(told) * 3600 - (stop - period.start_date_time).total_seconds()
        if seconds > 60:
            yield Remark(35, "PERIODS_OVERLAP", HOLD, f"a charging period tells {seconds:.0f} s more than there are until the next")
            return
        if told and seconds < -60:
            yield Remark(35, "PERIODS_GAP", FLAG, f"a charging period leaves {-seconds:.0f} s until the next untold")
            return


def total_time_adds_up(evidence: Evidence) -> Iterator[Remark]:
    """Check 36: total_time is end − start, and the sum of the periods' times where they tell them."""
    limits = evidence.limits
    told = float(evidence.cdr.total_time) * 3600
    off = abs(told - evidence.seconds)
    if off > limits.number(36, "seconds"):
        action = HOLD if off > limits.number(36, "hold_seconds") else FLAG
        yield Remark(36, "TOTAL_TIME_DIFFERS", action, f"total_time is {told:.0f} s, end − start {evidence.seconds:.0f} s")
    periods = evidence.cdr.charging_periods
    times = [[dimension.volume for dimension in period.dimensions if dimension.type in _TIMES] for period in periods]
    if periods and all(times):
        off = abs(float(sum((volume for of_period in times for volume in of_period), Decimal(0))) * 3600 - told)
        if off > limits.number(36, "hold_seconds"):
            yield Remark(36, "PERIOD_TIMES_DIFFER", HOLD, f"the periods' times differ from total_time by {off:.0f} s")


def not_local_time(evidence: Evidence) -> Iterator[Remark]:
    """Check 37: shifted from its session by exactly the zone's offset, a CDR told local time as UTC. The fix is shown."""
    session, zone = evidence.session, evidence.repriced.zone if evidence.repriced else "UTC"
    if session is None or zone == "UTC" or (evidence.context is not None and evidence.context.second_of):
        return
    offset = evidence.started_at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)
    shift = evidence.started_at - session.started_at
    if offset and abs(abs(shift) - abs(offset)) <= _MINUTE and (session.ended_at is None or evidence.ended_at - session.ended_at == shift):
        message = f"{shift.total_seconds() / 3600:+.0f} h from its session: local time of {zone} told as UTC? Then it started"
        yield Remark(37, "LOCAL_TIME_AS_UTC", HOLD, f"{message} {session.started_at:%Y-%m-%d %H:%M} UTC")


def clock_did_not_change(evidence: Evidence) -> Iterator[Remark]:
    """Checks 38 and 39: a clock change during the session is worth a look where the clock matters; an offset is no time zone."""
    if evidence.place is not None and _OFFSET.match(evidence.place.zone):
        yield Remark(39, "FIXED_OFFSET_ZONE", FLAG, f"the location's zone is {evidence.place.zone}: an offset knows no summer time")
    repriced = evidence.repriced
    if repriced is None or not repriced.is_clocked:
        return
    zone = ZoneInfo(repriced.zone)
    if evidence.started_at.astimezone(zone).utcoffset() != evidence.ended_at.astimezone(zone).utcoffset():
        yield Remark(38, "CLOCK_CHANGE", FLAG, f"the clocks of {repriced.zone} changed during the session: priced by absolute time")


def came_in_time(evidence: Evidence) -> Iterator[Remark]:
    """Check 41: flagged after a month; after three the provider can hardly bill its driver."""
    days = (evidence.received_at - evidence.ended_at).days
    hold = evidence.limits.number(41, "hold_days")
    flag = min(hold, evidence.limits.number(41, "flag_days"))
    if days > flag:
        action, limit = (HOLD, hold) if days > hold else (FLAG, flag)
        yield Remark(41, "CDR_TOO_OLD", action, f"received {days} days after the session; the limit is {limit.normalize():f}")


RULES: tuple[Rule, ...] = (
    duration_makes_sense,
    periods_follow_each_other,
    total_time_adds_up,
    not_local_time,
    clock_did_not_change,
    came_in_time,
)
