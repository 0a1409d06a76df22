"""Counting what a crossing between OICP and OCPI loses, where partners and operations see the losses between OCPI's versions.

What everybody pulls, or is broadcast, crosses once for all: the hub itself stands for the receiver.
"""

from datetime import datetime

from django.conf import settings

from roaming.canonical import PartyId
from roaming.exchanges.losses import LostField
from roaming.exchanges.record import record_losses
from roaming.protocols.wire.loss import LossReport

TO_OICP, TO_OCPI = "OICP 2.3", "OCPI"


def note_crossing(
    report: LossReport,
    *,
    owner: PartyId,
    module: str,
    version: str,
    object_id: str,
    at: datetime,
    receiver: PartyId | None = None,
    is_blocked: bool = False,
) -> None:
    """This function will count the losses of a crossing; without `receiver` it was for everybody. It never waits."""
    if not report.losses:
        return
    record_losses(
        owner=owner,
        receiver=receiver or PartyId.parse(settings.HUB_PARTY),
        module=module,
        version=version,
        object_id=object_id,
        losses=[LostField(loss.field, loss.effect.value, loss.touches.value, loss.was, loss.now) for loss in report.losses],
        is_blocked=is_blocked,
        at=at,
    )
