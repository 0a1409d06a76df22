"""Looking at the outbox."""

from datetime import datetime

from django.db.models import QuerySet

from roaming.canonical import PartyId
from roaming.deliveries.models import Delivery
from roaming.gateways import Parcel


def list_deliveries(
    *,
    state: str | None = None,
    platform_id: int | None = None,
    receiver: PartyId | None = None,
    module: str | None = None,
    limit: int = 100,
) -> QuerySet[Delivery]:
    """This function will list at most `limit` rows of the outbox with their receivers, latest first."""
    rows = Delivery.objects.select_related("receiver", "sender", "platform").order_by("-id")
    if state is not None:
        rows = rows.filter(state=state)
    if platform_id is not None:
        rows = rows.filter(platform_id=platform_id)
    if receiver is not None:
        rows = rows.filter(receiver__country_code=receiver.country_code, receiver__party_id=receiver.party_id)
    if module is not None:
        rows = rows.filter(module=module)
    return rows[:limit]


def was_told(parcel: Parcel, *, since: datetime) -> bool:
    """This function will say whether the receiver of a parcel took anything about the same object that was queued from `since` on."""
    return Delivery.objects.filter(
        receiver_id=parcel.receiver.id,
        created_at__gte=since,
        platform_id=parcel.platform.id,
        module=parcel.module,
        object_row=parcel.object_row,
        state=Delivery.State.DELIVERED,
    ).exists()
