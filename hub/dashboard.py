"""The admin's first page: what today asks of finance and operations, in a fixed number of queries however much there is."""

import os
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Min, Sum
from django.http import HttpRequest
from django.utils import timezone

from hub.board import BoardRow, Exposure, read_board, read_exposure
from hub.users.permissions import Action, may
from roaming.models import Cdr, Delivery, Platform
from settlement.models import Hold, NettingRun

_MOST_WORK = 8
_NOT_DELIVERED = (Delivery.State.WAITING, Delivery.State.PARKED, Delivery.State.REJECTED)
# The first reason of a hold is the gravest (settlement.control orders them); its sentence is for one CDR, its code for many.
_HELD = """
SELECT hold.reasons -> 0 ->> 'code', cdr.currency, count(*), sum(cdr.net)
FROM settlement_hold hold JOIN roaming_cdr cdr ON cdr.id = hold.cdr_id WHERE hold.state = 'held' GROUP BY 1, 2 ORDER BY 4 DESC
"""


@dataclass(frozen=True)
class HeldMoney:
    """What one reason holds back in one currency, before VAT."""

    reason: str
    currency: str
    count: int
    net: Decimal


@dataclass(frozen=True)
class Today:
    """Everything the first page shows."""

    cdrs: int
    energy_kwh: Decimal
    net: list[tuple[str, Decimal]]
    holds: list[HeldMoney]
    open_runs: list[NettingRun]
    platforms: list[Platform]
    backlog: list[dict[str, Any]]
    board: list[BoardRow]
    exposure: list[Exposure]
    work: list[Hold]

    @property
    def held_count(self) -> int:
        """CDRs held."""
        return sum(hold.count for hold in self.holds)

    @property
    def held_net(self) -> list[tuple[str, Decimal]]:
        """Money held, per currency."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for hold in self.holds:
            sums[hold.currency] += hold.net
        return sorted(sums.items())

    @property
    def connected(self) -> int:
        """Platforms that can be reached and are not locked."""
        return sum(platform.status == Platform.Status.CONNECTED and not platform.is_locked for platform in self.platforms)

    @property
    def waiting(self) -> int:
        """Deliveries that are still tried."""
        return sum(row["count"] for row in self.backlog if row["state"] == Delivery.State.WAITING)

    @property
    def parked(self) -> int:
        """Deliveries that nobody tries any more."""
        return sum(row["count"] for row in self.backlog if row["state"] != Delivery.State.WAITING)


def read_today(*, at: datetime) -> Today:
    """This function will read the state of the hub on the UTC day of `at`."""
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    received = list(
        Cdr.objects.filter(received_at__gte=midnight)
        .values_list("currency")
        .annotate(count=Count("pk"), energy_kwh=Sum("energy_kwh"), net=Sum("net"))
        .order_by("currency")
    )
    with connection.cursor() as cursor:
        cursor.execute(_HELD)
        holds = [HeldMoney((code or "no reason kept").replace("_", " ").lower(), *rest) for code, *rest in cursor.fetchall()]
    backlog = (
        Delivery.objects.filter(state__in=_NOT_DELIVERED)
        .values("platform__name", "state")
        .annotate(count=Count("pk"), oldest_at=Min("created_at"))
        .order_by("platform__name", "state")
    )
    return Today(
        cdrs=sum(count for _, count, _, _ in received),
        energy_kwh=sum((energy_kwh for _, _, energy_kwh, _ in received), Decimal(0)),
        net=[(currency, net) for currency, _, _, net in received],
        holds=holds,
        open_runs=list(
            NettingRun.objects.filter(state__in=[NettingRun.State.DRAFT, NettingRun.State.APPROVED])
            .select_related("netting_set")
            .order_by("-starts_at", "netting_set__name")
        ),
        platforms=list(Platform.objects.order_by("name")),
        backlog=[dict(row) for row in backlog],
        board=read_board(at=at),
        exposure=read_exposure(at=at),
        work=list(
            Hold.objects.filter(state=Hold.State.HELD)
            .select_related("cdr__owner", "cdr__provider")
            .defer("cdr__received", "cdr__body")
            .order_by("-cdr__net", "id")[:_MOST_WORK]
        ),
    )


def environment(_: HttpRequest) -> tuple[str, str]:
    """This function will name the kind of hub in the admin's head, so that nobody approves on the wrong one."""
    kind = os.environ.get("DJANGO_SETTINGS_MODULE", "").rpartition(".")[2]
    return {"production": ("Production", "danger"), "testing": ("Test", "info")}.get(kind, ("Demonstration", "success"))


def without_inline_colours(_: HttpRequest) -> dict[str, Any]:
    """This function will keep Unfold from writing its colours as an inline style; css/admin.css sets them."""
    return {"colors": None}


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """This function will add today's figures to the first page, for people who may see everything."""
    if may(request.user, Action.SEE_EVERYTHING):
        context["today"] = read_today(at=timezone.now())
        context["may_close"] = may(request.user, Action.CLOSE)
    return context
