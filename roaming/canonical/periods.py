"""Spans of time: a closed-open Period of the calendar, and the charging periods inside a session."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from roaming.canonical.messages import Open


class NotAPeriod(ValueError):
    """The text is not a month (`2026-10`) or an ISO week (`2026-W41`)."""


class Period(msgspec.Struct, frozen=True, order=True):
    """A settlement period: closed-open [starts_at, ends_at) in UTC, named `2026-10` (month) or `2026-W41` (ISO week)."""

    starts_at: datetime
    ends_at: datetime
    name: str

    @classmethod
    def parse(cls, text: str) -> "Period":
        """This function will read a month or an ISO week; it raises NotAPeriod for anything else."""
        if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
            return cls.month_of(datetime(int(text[:4]), int(text[5:]), 1, tzinfo=UTC))
        if week := re.fullmatch(r"(\d{4})-W(\d{2})", text):
            try:
                return cls.week_of(datetime.fromisocalendar(int(week[1]), int(week[2]), 1).replace(tzinfo=UTC))
            except ValueError as error:
                raise NotAPeriod(f"{text!r} is not a week: {error}") from error
        raise NotAPeriod(f"{text!r} is not a period: expected a month like 2026-10 or an ISO week like 2026-W41")

    @classmethod
    def month_of(cls, at: datetime) -> "Period":
        """This function will return the UTC month that holds the instant `at`."""
        at = at.astimezone(UTC)
        starts_at = datetime(at.year, at.month, 1, tzinfo=UTC)
        ends_at = datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=UTC)
        return cls(starts_at, ends_at, f"{at.year:04}-{at.month:02}")

    @classmethod
    def week_of(cls, at: datetime) -> "Period":
        """This function will return the ISO week (UTC, from Monday) that holds the instant `at`."""
        year, week, _ = at.astimezone(UTC).isocalendar()
        starts_at = datetime.fromisocalendar(year, week, 1).replace(tzinfo=UTC)
        return cls(starts_at, starts_at + timedelta(days=7), f"{year:04}-W{week:02}")

    def next(self) -> "Period":
        """This function will return the period of the same kind that starts where this one ends."""
        return Period.week_of(self.ends_at) if "W" in self.name else Period.month_of(self.ends_at)

    def __contains__(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


class Dimension(Open, frozen=True, kw_only=True):
    """One measured quantity of a period. Unit by type: ENERGY kWh, TIME, PARKING_TIME, RESERVATION_TIME hours, currents A, power kW."""

    type: str
    volume: Decimal


class ChargingPeriod(Open, frozen=True, kw_only=True):
    """A slice of one session during which nothing that matters for the price changed; it ends where the next one starts."""

    start_date_time: datetime
    dimensions: tuple[Dimension, ...] = ()
    tariff_id: str | None = None
