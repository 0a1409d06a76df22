"""How the hub is doing, from its own rows: ready or not, what it answered in the last hour, what still has to be delivered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Min

from hub.health import check_readiness
from roaming.models import Cdr, Delivery, Platform

# One statement over the hour's index range, instead of one per figure.
_HOUR = """
SELECT count(*), count(*) FILTER (WHERE source <> 'none'),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms), percentile_disc(0.99) WITHIN GROUP (ORDER BY duration_ms)
FROM roaming_authorization WHERE at >= %s
"""


@dataclass(frozen=True)
class Answers:
    """Authorisations of the last hour; durations in ms, the provider's thinking included."""

    count: int
    decided: int
    median_ms: int | None
    slow_ms: int | None


@dataclass(frozen=True)
class Service:
    """Everything the status page tells."""

    at: datetime
    reason: str | None
    answers: Answers
    latest_cdr_at: datetime | None
    backlog: list[dict[str, Any]]
    platforms: dict[str, int]

    @property
    def is_ready(self) -> bool:
        """Whether the hub can do its work."""
        return self.reason is None

    @property
    def waiting(self) -> int:
        """Deliveries on their way."""
        return sum(int(row["count"]) for row in self.backlog)


def read_service(*, at: datetime) -> Service:
    """This function will read the hub's own state at `at`."""
    with connection.cursor() as cursor:
        cursor.execute(_HOUR, [at - timedelta(hours=1)])
        count, decided, median_ms, slow_ms = cursor.fetchone()
    latest = Cdr.objects.order_by("-received_at", "-id").values_list("received_at", flat=True).first()
    backlog = (
        Delivery.objects.filter(state=Delivery.State.WAITING)
        .values("module")
        .annotate(count=Count("pk"), oldest_at=Min("created_at"))
        .order_by("module")
    )
    platforms = dict(Platform.objects.order_by().values_list("status").annotate(count=Count("pk")))
    return Service(
        at=at,
        reason=check_readiness().reason,
        answers=Answers(count, decided, median_ms, slow_ms),
        latest_cdr_at=latest,
        backlog=[dict(row) for row in backlog],
        platforms=platforms,
    )
