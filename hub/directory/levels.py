"""Service levels per function, a minute old at most: added up each minute, kept for 31 days, read by the status page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.db import connection
from django.db.models import Max, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.directory.models import ServiceMinute

KEPT = timedelta(days=31)
_MINUTE = timedelta(minutes=1)
# A hub that slept looks back this far, not over a month of exchanges.
_MOST_MINUTES = 15

FUNCTIONS: dict[str, Promise] = {
    "authorization": _("Authorisation of cards"),
    "sessions": _("Sessions"),
    "cdrs": _("CDRs"),
    "commands": _("Remote start, stop and reservations"),
    "locations": _("Locations and live states"),
    "tariffs": _("Tariffs"),
    "tokens": _("Cards"),
    "registration": _("Registration"),
}

# Late exchanges of a minute that was added up already add to it: the same rows give the same figures.
_ADD_UP = """
INSERT INTO hub_serviceminute (begins_at, function, count, failed, half_ms, slow_ms)
SELECT date_trunc('minute', at), function, count(*), count(*) FILTER (WHERE http_status IS NULL OR http_status >= 500),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms), percentile_disc(0.99) WITHIN GROUP (ORDER BY duration_ms)
FROM (
    SELECT at, http_status, duration_ms, CASE
        WHEN module = 'authorizations' OR path LIKE '%%/authorize%%' THEN 'authorization'
        WHEN module IN ('sessions', 'cdrs', 'commands', 'tariffs', 'tokens', 'locations') THEN module
        WHEN module IN ('versions', 'credentials') THEN 'registration'
    END AS function
    FROM roaming_exchange WHERE direction = 'in' AND at >= %s AND at < %s
) AS told WHERE function IS NOT NULL GROUP BY 1, 2
ON CONFLICT (begins_at, function) DO UPDATE
    SET count = excluded.count, failed = excluded.failed, half_ms = excluded.half_ms, slow_ms = excluded.slow_ms
"""


@dataclass(frozen=True)
class Bar:
    """One minute of the last hour: how high its slow answers reach, and whether the hub failed anybody."""

    x: int
    height: float
    y: float
    failed: int


@dataclass(frozen=True)
class Level:
    """One function: the last hour, and the share that did not fail in 31 days (None: nobody asked)."""

    name: Promise
    count: int
    failed: int
    half_ms: int | None
    slow_ms: int | None
    share: Decimal | None
    bars: Sequence[Bar]


def add_up(*, at: datetime) -> None:
    """This function will add up the minutes since the latest one, that one included, until now; and forget what is old."""
    latest = ServiceMinute.objects.aggregate(latest=Max("begins_at"))["latest"]
    since = max(latest or at - _MOST_MINUTES * _MINUTE, at - _MOST_MINUTES * _MINUTE).replace(second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(_ADD_UP, [since, at])
    ServiceMinute.objects.filter(begins_at__lt=at - KEPT).delete()


def read_levels(*, at: datetime) -> list[Level]:
    """This function will return every function's levels in their usual order."""
    this_minute = at.replace(second=0, microsecond=0)
    hour: dict[str, list[ServiceMinute]] = {name: [] for name in FUNCTIONS}
    for row in ServiceMinute.objects.filter(begins_at__gt=this_minute - 60 * _MINUTE).order_by("begins_at"):
        hour.setdefault(row.function, []).append(row)
    sums = {
        row["function"]: row
        for row in ServiceMinute.objects.order_by().values("function").annotate(count=Sum("count"), failed=Sum("failed"))
    }
    return [_level(name, words, hour[name], sums.get(name), this_minute) for name, words in FUNCTIONS.items()]


def _level(name: str, words: Promise, minutes: Sequence[ServiceMinute], month: Mapping[str, Any] | None, until: datetime) -> Level:
    count = sum(row.count for row in minutes)
    middle = sorted(minutes, key=lambda row: row.half_ms)
    highest = max((row.slow_ms for row in minutes), default=0) or 1
    share = None
    if month is not None and month["count"]:
        good = Decimal(month["count"] - month["failed"]) * 100 / month["count"]
        share = good.quantize(Decimal("0.001"), rounding=ROUND_DOWN)  # 99.9996 % is not 100 %
    return Level(
        name=words,
        count=count,
        failed=sum(row.failed for row in minutes),
        half_ms=_weighted_half(middle, count),
        slow_ms=max((row.slow_ms for row in minutes), default=None),
        share=share,
        bars=[_bar(row, highest, until) for row in minutes],
    )


def _weighted_half(minutes: Sequence[ServiceMinute], count: int) -> int | None:
    seen = 0
    for row in minutes:
        seen += row.count
        if seen * 2 >= count:
            return row.half_ms
    return None


def _bar(row: ServiceMinute, highest: int, until: datetime) -> Bar:
    height = max(round(row.slow_ms / highest * 20, 2), 0.8)
    return Bar(x=59 - int((until - row.begins_at) / _MINUTE), height=height, y=round(20 - height, 2), failed=row.failed)
