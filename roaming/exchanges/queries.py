"""Looking exchanges up: what happened to one message, on every leg."""

from datetime import datetime

from django.db.models import QuerySet

from roaming.exchanges.models import Exchange


def trace(*, correlation_id: str) -> QuerySet[Exchange]:
    """This function will list every leg of one message, in the order in which the hub met them."""
    return Exchange.objects.filter(correlation_id=correlation_id).order_by("at", "id")


def list_exchanges(*, platform_id: int, since: datetime) -> QuerySet[Exchange]:
    """This function will list what was exchanged with one platform, latest first."""
    return Exchange.objects.filter(platform_id=platform_id, at__gte=since).order_by("-at", "-id")
