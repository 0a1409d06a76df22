"""Writing down what crossings lose: from a report of one object to the counts that both sides see."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from roaming.canonical import PartyId
from roaming.exchanges.losses import LostField
from roaming.exchanges.record import record_losses
from roaming.protocols.ocpi.article import Crossing


def note_crossing(*, crossing: Crossing, message: Any, owner: PartyId, receiver: PartyId, module: str, version: str, at: datetime) -> None:
    """This function will count the losses of a crossing to `receiver`, who speaks `version`; it never waits."""
    if not crossing.report.losses:
        return
    record_losses(
        owner=owner,
        receiver=receiver,
        module=module,
        version=version,
        object_id=str(getattr(message, "id", None) or getattr(message, "uid", "")),
        losses=[LostField(loss.field, loss.effect.value, loss.touches.value, loss.was, loss.now) for loss in crossing.report.losses],
        is_blocked=crossing.body is None,
        at=at,
    )


def note_dropped(*, fields: Sequence[str], owner: PartyId, receiver: PartyId, module: str, version: str, at: datetime) -> None:
    """This function will count words that were left out of lists because the receiver's profile says that it does not know them."""
    record_losses(
        owner=owner,
        receiver=receiver,
        module=module,
        version=version,
        object_id="",
        losses=[LostField(field, "dropped", "", "words above the partner's ceiling", "") for field in fields],
        is_blocked=False,
        at=at,
    )
