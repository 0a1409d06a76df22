"""Telling partners of objects that the hub keeps itself: by the outbox, to whoever implements the module's Receiver interface."""

import uuid
from collections.abc import Sequence

from roaming.canonical import PartyId
from roaming.deliveries.enqueue import enqueue
from roaming.parties import directory
from roaming.protocols.ocpi.parcels import KEPT
from roaming.protocols.ocpi.passing import passes
from roaming.protocols.ocpi.versions import RECEIVER
from roaming.routing.sides import Side


def tell_kept(*, module: str, rows: Sequence[int], receiver: PartyId, side: Side, is_known: bool) -> int:
    """This function will queue objects for a party on one side of the market, in the caller's transaction; it returns how many.

    0 where its platform does not serve the module. `is_known` says that they may have been told before: then they are PUT, and POSTed
    only where the receiver does not know them.
    """
    table = directory.current()
    party, platform = table.party(receiver), table.platform_on_side(receiver, side)
    if party is None or platform is None or (module, RECEIVER) not in platform.endpoints:
        return 0
    if not passes(module=module, version=platform.version):
        return 0
    role = next(role for role in side.roles if party.roles.get(role) == platform.id)
    correlation_id = str(uuid.uuid4())
    return sum(
        enqueue(
            receivers=[party],
            receiver_role=role,
            module=module,
            verb="put" if is_known else "post",
            object_type=KEPT,
            object_row=row,
            sender=None,
            correlation_id=correlation_id,
        )
        for row in rows
    )
