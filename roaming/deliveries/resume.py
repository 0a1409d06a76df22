"""Retry and park deliveries by hand. Only waiting, parked and refused ones: what was delivered stays delivered."""

from datetime import datetime

from django.db.models import QuerySet

from roaming.deliveries.models import Delivery

_MAY_BE_RETRIED = (Delivery.State.WAITING, Delivery.State.PARKED, Delivery.State.REJECTED)


def retry_deliveries(*, deliveries: QuerySet[Delivery], at: datetime) -> int:
    """This function will make those that are not delivered due at `at`, with their attempts counted anew, and return their number."""
    return deliveries.filter(state__in=_MAY_BE_RETRIED).update(
        state=Delivery.State.WAITING, not_before=at, lease_until=None, attempts=0, finished_at=None
    )


def park_deliveries(*, deliveries: QuerySet[Delivery], at: datetime) -> int:
    """This function will keep waiting deliveries back until somebody retries them, and return their number."""
    return deliveries.filter(state=Delivery.State.WAITING).update(state=Delivery.State.PARKED, lease_until=None, finished_at=at)
