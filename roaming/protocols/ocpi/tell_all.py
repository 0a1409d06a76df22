"""Telling every partner what the hub does not read: places that can be booked, addressed to the hub (ocpi §1, bookings: FWD or BC)."""

import hashlib
from collections.abc import Sequence
from datetime import date

from roaming.canonical import PartyId, Role
from roaming.deliveries.enqueue import Notice, enqueue_all
from roaming.parties.snapshot import Directory, PlatformEntry
from roaming.protocols.ocpi.parcels import PASSED
from roaming.protocols.ocpi.passing import spellings_of
from roaming.protocols.ocpi.versions import RECEIVER
from roaming.routing.sides import side_of


def tell_all(
    *,
    directory: Directory,
    module: str,
    sender: PartyId,
    role: Role,
    method: str,
    path: Sequence[str],
    body: str,
    on: date,
    correlation_id: str,
) -> int:
    """This function will queue a push for every partner whose agreement names the module and whose platform serves it; it says how many.

    `body` is JSON text. Pushes of one object leave in their order, each as it came: what is not read cannot be merged.
    """
    side = side_of(role)
    assert side is not None, "the hub owns no objects"
    notices = []
    for partner in directory.partners_of(sender, role, module=module, on=on):
        platform = directory.platform_on_side(partner.key, side.opposite)
        identifier = _identifier(module, platform) if platform else None
        if platform is None or identifier is None:
            continue
        notices.append(
            Notice(
                receivers=[partner],
                receiver_role=next(role for role in side.opposite.roles if partner.roles.get(role) == platform.id),
                module=identifier,
                verb="post",
                object_type=PASSED,
                object_row=_row_of(module, path),
                payload={"method": method, "path": list(path), "body": body},
                sender=None,
                correlation_id=correlation_id,
            )
        )
    return enqueue_all(notices=notices)


def _identifier(module: str, platform: PlatformEntry) -> str | None:
    return next((name for name in spellings_of(module) if (name, RECEIVER) in platform.endpoints), None)


def _row_of(module: str, path: Sequence[str]) -> int:
    # Nothing is stored that could give it a row; the number only keeps what is about one address in order. Four parts name the object.
    told = "/".join((module, *path[:4])).upper()
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:7], "big")
