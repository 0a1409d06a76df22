"""How long a party's platform took to answer the hub, hour by hour, as figures for a chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

HOURS = 24
_HEIGHT, _STEP = 60, 10
# The latest calls only: a platform that is called a thousand times a second is not read for a day.
_HOURLY = """
SELECT date_trunc('hour', at), percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms)
FROM (
    SELECT at, duration_ms FROM roaming_exchange
    WHERE platform_id = ANY(%s) AND at >= %s AND direction = 'out' AND http_status IS NOT NULL ORDER BY at DESC LIMIT 20000
) AS latest GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True)
class Hour:
    """One hour: half of the calls were answered within `half_ms`, 95 of 100 within `slow_ms`; the rest is where SVG draws it."""

    hour: str
    half_ms: int
    slow_ms: int
    x: int
    half_height: float
    slow_height: float

    @property
    def half_y(self) -> float:
        """Top of the lower bar."""
        return round(_HEIGHT - self.half_height, 2)

    @property
    def slow_y(self) -> float:
        """Top of the higher bar."""
        return round(_HEIGHT - self.slow_height, 2)


def latency_by_hour(*, platforms: Sequence[int], at: datetime) -> list[Hour]:
    """This function will return the hours of the last day in which the hub called one of these platforms."""
    with connection.cursor() as cursor:
        cursor.execute(_HOURLY, [list(platforms), at - timedelta(hours=HOURS)])
        rows = cursor.fetchall()
    highest = max((slow for _, _, slow in rows), default=0) or 1
    hours = []
    for begins_at, half, slow in rows:
        ago = min(int((at - begins_at) / timedelta(hours=1)), HOURS - 1)
        x = (HOURS - 1 - ago) * _STEP
        heights = (round(half / highest * _HEIGHT, 2), round(slow / highest * _HEIGHT, 2))
        hours.append(Hour(f"{begins_at:%H:%M} UTC", half, slow, x, *heights))
    return hours
