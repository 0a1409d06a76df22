"""A party's connection: its platforms, what waits for it, and what was said on its own wire."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from hub.portal.latency import latency_by_hour
from hub.portal.scope import Scope, portal_page
from hub.users.permissions import Action
from roaming.exchanges.losses import list_losses
from roaming.models import Delivery, Exchange, Party, Platform

# A page says “1,000 or more” rather than counting a backlog of millions.
MOST_COUNTED = 1000
# Exchanges without a sender and a receiver are the platform's own: the handshake.
_OF_THE_PLATFORM = ("versions", "credentials", "")


@dataclass(frozen=True)
class Backlog:
    """What one party still has to hear."""

    count: int
    oldest_at: datetime | None
    parked: int

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than told."""
        return self.count >= MOST_COUNTED


def platforms_of(party: Party) -> QuerySet[Platform]:
    """This function will return the platforms that host a party."""
    return Platform.objects.filter(party_roles__party=party).distinct().order_by("name")


def backlog_of(party: Party) -> Backlog:
    """This function will count what waits for a party, up to MOST_COUNTED."""
    own = Delivery.objects.filter(receiver=party, platform__in=platforms_of(party))
    waiting = own.filter(state=Delivery.State.WAITING)
    count = waiting[:MOST_COUNTED].count()
    oldest = waiting.aggregate(oldest=Min("created_at"))["oldest"] if count else None
    return Backlog(count=count, oldest_at=oldest, parked=own.filter(state=Delivery.State.PARKED)[:MOST_COUNTED].count())


def exchanges_of(party: Party) -> QuerySet[Exchange]:
    """This function will return what was said on the party's platforms about the party itself, newest first.

    A platform may host several companies: what another one of them sent or received is not shown.
    """
    key = str(party.key)
    return (
        Exchange.objects.filter(platform_id__in=[platform.pk for platform in platforms_of(party)])
        .filter(Q(sender=key) | Q(receiver=key) | Q(sender="", receiver="", module__in=_OF_THE_PLATFORM))
        .defer("request_body", "response_body")
        .order_by("-at", "-id")
    )


@require_safe
@portal_page(to=Action.SEE_OWN_CONNECTION)
def connection(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will show the connection of the party looked at."""
    latencies = latency_by_hour(platforms=[platform.pk for platform in platforms_of(scope.party)], at=timezone.now())
    return render(
        request,
        "portal/connection.html",
        {
            "scope": scope,
            "latencies": latencies,
            "slowest_ms": max((hour.slow_ms for hour in latencies), default=0),
            "platforms": platforms_of(scope.party).prefetch_related("endpoints", "party_roles__party"),
            "backlog": backlog_of(scope.party),
            "exchanges": exchanges_of(scope.party)[:25],
            "losses": list_losses(party=scope.party.key, limit=25),
        },
    )
