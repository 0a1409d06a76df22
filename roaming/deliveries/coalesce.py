"""The newest state wins: waiting changes of one object for one receiver become one message. PURE.

OCPI asks not to replay old messages (OCPI 2.2.1, transport_and_format §Offline behaviour): fifty missed updates are one PUT of the
state as it is now. CDRs and results of commands are no states: each is sent.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from roaming.canonical import PartyId, Role
from roaming.gateways import Parcel
from roaming.parties.snapshot import Directory

_STATES = frozenset({"put", "patch", "delete"})
_WHOLE = {"locations": "location", "tariffs": "tariff", "tokens": "token", "sessions": "session"}


class Row(NamedTuple):
    """A waiting row of the outbox, as claimed."""

    id: int
    platform_id: int
    receiver_id: int
    receiver_role: str
    sender_id: int | None
    module: str
    verb: str
    object_type: str
    object_row: int
    object_path: str
    payload: str | None
    correlation_id: str
    attempts: int
    lease_until: datetime

    @property
    def is_state(self) -> bool:
        """Whether a later row of the same object makes this one superfluous."""
        return self.verb in _STATES


@dataclass(frozen=True, slots=True)
class Bundle:
    """One message to send and the rows that it answers for, the claimed one first."""

    parcel: Parcel
    rows: tuple[int, ...]
    lease_until: datetime


class ReceiverGone(Exception):
    """The platform or the party of a row is not in the directory any more."""


def bundle(*, claimed: Row, later: Sequence[Row], directory: Directory) -> Bundle:
    """This function will make one message of a claimed row and of the later waiting rows of the same object; it raises ReceiverGone.

    Rows from another sender, or for another role, are left for later, and so is everything after them.
    """
    merged = [claimed]
    for row in later if claimed.is_state else ():
        if not row.is_state or (row.sender_id, row.receiver_role) != (claimed.sender_id, claimed.receiver_role):
            break
        merged.append(row)
    latest = merged[-1]
    is_merged = len(merged) > 1
    is_one_part = len({(row.object_type, row.object_path) for row in merged}) == 1
    platform, receiver = directory.platform(claimed.platform_id), directory.party_by_row(claimed.receiver_id)
    if platform is None or receiver is None:
        raise ReceiverGone(f"delivery {claimed.id}: its receiver is not known any more")
    parcel = Parcel(
        id=claimed.id,
        platform=platform,
        receiver=receiver,
        receiver_role=Role(claimed.receiver_role),
        sender=_sender(claimed, directory),
        is_broadcast=claimed.sender_id is None,
        module=claimed.module,
        verb="put" if is_merged and latest.verb == "patch" else latest.verb,
        object_type=latest.object_type if is_one_part else _WHOLE.get(claimed.module, latest.object_type),
        object_row=claimed.object_row,
        object_path=latest.object_path if is_one_part else "",
        payload=None if latest.payload is None or (is_merged and latest.verb != "delete") else json.loads(latest.payload),
        correlation_id=latest.correlation_id,
        attempts=claimed.attempts - 1,
        is_merged=is_merged,
    )
    return Bundle(parcel=parcel, rows=tuple(row.id for row in merged), lease_until=claimed.lease_until)


def _sender(row: Row, directory: Directory) -> PartyId:
    party = directory.party_by_row(row.sender_id) if row.sender_id is not None else None
    return party.key if party is not None else directory.hub.key
