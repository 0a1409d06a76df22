"""The result of a command comes to the hub's address and goes on to the provider through the outbox (OCPI 2.2.1, mod_commands §Flow)."""

import uuid
from datetime import datetime
from enum import StrEnum

from django.db import connection, transaction

from roaming import canonical
from roaming.deliveries.enqueue import enqueue
from roaming.objects.announce import provider_role
from roaming.parties import directory

FIND = """
SELECT id, command, receiver_platform_id, sender_id, receiver_id, response_url, correlation_id, expires_at, result_at, module,
    sender_platform_id
FROM roaming_forwardedcommand WHERE callback_key = %s FOR UPDATE
"""

FIND_MODULE = "SELECT module FROM roaming_forwardedcommand WHERE callback_key = %s AND receiver_platform_id = %s"

NOTE_RESULT = "UPDATE roaming_forwardedcommand SET result = %s::jsonb, result_at = %s WHERE id = %s"


# What the outbox calls a result, by module.
RESULT_TYPES = {"commands": "command_result", "chargingprofiles": "profile_result"}


class UnknownCallback(Exception):
    """No command waits at this address for a result from this platform (HTTP 404: a foreign caller learns nothing)."""


class Relayed(StrEnum):
    """What became of a result. All three are answered with success: the operator has done its part."""

    FORWARDED = "forwarded"
    DUPLICATE = "duplicate"
    TOO_LATE = "too late"


def module_awaited(*, callback_key: str, platform_id: int) -> str:
    """This function will return the module in whose words a result is awaited at this address; it raises UnknownCallback."""
    with connection.cursor() as cursor:
        cursor.execute(FIND_MODULE, [callback_key, platform_id])
        found = cursor.fetchone()
    if found is None:
        raise UnknownCallback("no command waits here")
    return str(found[0])


@transaction.atomic
def receive_result(
    *, callback_key: str, platform_id: int, result: canonical.CommandResult | canonical.ProfileResult, at: datetime
) -> Relayed:
    """This function will note a result and queue it for the provider that sent the command; it raises UnknownCallback.

    Once, for a RESERVE_NOW as often as it comes (the operator may cancel later), up to 24 hours after the command's time-out. The
    queued payload holds `response_url`, `command` and `result`; routing headers of the caller play no part.
    """
    with connection.cursor() as cursor:
        cursor.execute(FIND, [callback_key])
        found = cursor.fetchone()
    if found is None or found[2] != platform_id:
        raise UnknownCallback("no command waits here")
    row, command, _, sender_row, receiver_row, response_url, correlation_id, expires_at, result_at, module, _ = found
    if at > expires_at:
        return Relayed.TOO_LATE
    if result_at is not None and command != "RESERVE_NOW":
        return Relayed.DUPLICATE
    with connection.cursor() as cursor:
        cursor.execute(NOTE_RESULT, [canonical.encode(result).decode(), at, row])
    table = directory.current()
    sender, receiver = table.party_by_row(sender_row), table.party_by_row(receiver_row)
    if sender is None or receiver is None:
        raise UnknownCallback("no command waits here")
    enqueue(
        receivers=[sender],
        receiver_role=provider_role(sender),
        module=module,
        verb="post",
        object_type=RESULT_TYPES[module],
        object_row=delivery_row(row),
        payload={"response_url": response_url, "command": command, "result": canonical.to_builtins(result)},
        sender=receiver.key,
        correlation_id=correlation_id,
    )
    return Relayed.FORWARDED


def delivery_row(row: uuid.UUID) -> int:
    """This function will return the number under which the outbox keeps the results of one command in order."""
    return row.int >> 65
