"""Writing down what receivers must hear, in the transaction that makes it true: both are committed, or neither."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from django.db import connection

from roaming.canonical import PartyId, Role
from roaming.parties import directory
from roaming.parties.directory import Directory, PartyEntry, PlatformEntry

Verb = Literal["put", "patch", "delete", "post"]

BELL = "outbox"  # the channel on which a commit wakes the dispatcher; a lost ring costs a second

# Modules that are pushed to a Receiver interface. A partner without it pulls (OCPI 2.2.1, transport_and_format §Broadcast Push);
# results of commands go to an address of their own.
_PUSHED = frozenset({"locations", "tariffs", "tokens", "sessions", "cdrs", "hubclientinfo"})

_INSERT = """
WITH written AS (
    INSERT INTO roaming_delivery (platform_id, receiver_id, receiver_role, sender_id, module, verb, object_type, object_row, object_path,
                                  payload, correlation_id, state, attempts, answer)
    SELECT leg.platform, leg.receiver, receiver_role, sender, module, verb, object_type, object_row, object_path, payload, correlation_id,
        'waiting', 0, ''
    FROM json_to_recordset(%s::json) AS notice (
        receiver_role text, sender bigint, module text, verb text, object_type text, object_row bigint, object_path text, payload jsonb,
        correlation_id text, legs json)
    CROSS JOIN LATERAL json_to_recordset(legs) AS leg (platform bigint, receiver bigint)
    RETURNING id
)
SELECT count(*), pg_notify(%s, '') FROM written
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One object, and who must hear of it. `sender` None is the hub."""

    receivers: Sequence[PartyEntry]
    receiver_role: Role
    module: str
    verb: Verb
    object_type: str
    object_row: int
    object_path: str = ""
    payload: dict[str, Any] | None = None
    sender: PartyId | None
    correlation_id: str


def enqueue(
    *,
    receivers: Sequence[PartyEntry],
    receiver_role: Role,
    module: str,
    verb: Verb,
    object_type: str,
    object_row: int,
    object_path: str = "",
    payload: dict[str, Any] | None = None,
    sender: PartyId | None,
    correlation_id: str,
) -> int:
    """This function will queue one object for each receiver in one statement, and return how many will be told.

    `sender` None is the hub. Whoever cannot be told is left out: a party not hosted in this role, a platform without this
    module's Receiver interface, one that never registered. A CDR waits for its receiver even then.
    """
    notice = Notice(
        receivers=receivers,
        receiver_role=receiver_role,
        module=module,
        verb=verb,
        object_type=object_type,
        object_row=object_row,
        object_path=object_path,
        payload=payload,
        sender=sender,
        correlation_id=correlation_id,
    )
    return enqueue_all(notices=[notice])


def enqueue_all(*, notices: Iterable[Notice]) -> int:
    """This function will queue many objects in one statement, in their order, and return how many deliveries that makes."""
    known = directory.current()
    rows = [_row(notice, legs, known) for notice in notices if (legs := _legs(notice, known))]
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [msgspec.json.encode(rows).decode(), BELL])
        (count, _) = cursor.fetchone()
    return int(count)


def _legs(notice: Notice, known: Directory) -> list[dict[str, int]]:
    return [
        {"platform": platform.id, "receiver": receiver.id}
        for receiver in notice.receivers
        if (platform := known.platform(receiver.roles.get(notice.receiver_role, 0))) is not None and _hears(platform, notice.module)
    ]


def _row(notice: Notice, legs: list[dict[str, int]], known: Directory) -> dict[str, Any]:
    sender = known.party(notice.sender) if notice.sender is not None else None
    return {
        "receiver_role": notice.receiver_role.value,
        "sender": sender.id if sender else None,
        "module": notice.module,
        "verb": notice.verb,
        "object_type": notice.object_type,
        "object_row": notice.object_row,
        "object_path": notice.object_path,
        "payload": notice.payload,
        "correlation_id": notice.correlation_id,
        "legs": legs,
    }


def _hears(platform: PlatformEntry, module: str) -> bool:
    if not platform.is_registered:
        return module == "cdrs"
    return module not in _PUSHED or (module, "RECEIVER") in platform.endpoints
