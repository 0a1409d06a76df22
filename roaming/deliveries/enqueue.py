"""Writing down what receivers must hear, in the transaction that makes it true: both are committed, or neither."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from django.db import connection

from roaming.canonical import PartyId, Role
from roaming.parties import directory
from roaming.parties.directory import PartyEntry, PlatformEntry

Verb = Literal["put", "patch", "delete", "post"]

BELL = "outbox"  # the channel on which a commit wakes the dispatcher; a lost ring costs a second

# Modules that are pushed to a Receiver interface. A partner without it pulls (OCPI 2.2.1, transport_and_format §Broadcast Push);
# results of commands go to an address of their own.
_PUSHED = frozenset({"locations", "tariffs", "tokens", "sessions", "cdrs", "hubclientinfo"})

_INSERT = """
WITH written AS (
    INSERT INTO roaming_delivery (platform_id, receiver_id, receiver_role, sender_id, module, verb, object_type, object_row, object_path,
                                  payload, correlation_id, state, attempts, answer)
    SELECT platform, receiver, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, 'waiting', 0, ''
    FROM unnest(%s::bigint[], %s::bigint[]) AS leg (platform, receiver)
    RETURNING id
)
SELECT count(*), pg_notify(%s, '') FROM written
"""


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
    known = directory.current()
    legs = [
        (platform.id, receiver.id)
        for receiver in receivers
        if (platform := known.platform(receiver.roles.get(receiver_role, 0))) is not None and _hears(platform, module)
    ]
    if not legs:
        return 0
    from_party = known.party(sender) if sender is not None else None
    platforms, parties = zip(*legs, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                receiver_role.value,
                from_party.id if from_party else None,
                module,
                verb,
                object_type,
                object_row,
                object_path,
                msgspec.json.encode(payload).decode() if payload is not None else None,
                correlation_id,
                list(platforms),
                list(parties),
                BELL,
            ],
        )
        (count, _) = cursor.fetchone()
    return int(count)


def _hears(platform: PlatformEntry, module: str) -> bool:
    if not platform.is_registered:
        return module == "cdrs"
    return module not in _PUSHED or (module, "RECEIVER") in platform.endpoints
