"""Callbacks of modules that the hub does not read: the receiver is told an address of the hub, and what it posts there goes on as it is.

As for commands, the sender's own address never reaches the receiver, who would show it the hub's token (ocpi §2.6).
"""

import uuid
from datetime import datetime, timedelta

from django.db import connection, transaction

from roaming.commands.callbacks import callback_url, new_callback_key
from roaming.commands.forward import WRITE, check_response_url
from roaming.commands.relay import FIND, Relayed, UnknownCallback, delivery_row
from roaming.deliveries.enqueue import enqueue
from roaming.parties.directory import Directory, PartyEntry, PlatformEntry

# How long results are passed on: nothing in such a module says when the last one comes.
AWAITED = timedelta(days=7)
CALLBACK = "CALLBACK"
RESULT_TYPE = "passed_result"


def promise_callback(
    *,
    module: str,
    sender: PartyEntry,
    sender_platform: PlatformEntry,
    receiver: PartyEntry,
    receiver_platform: PlatformEntry,
    response_url: str,
    correlation_id: str,
    at: datetime,
) -> str:
    """This function will return the hub's address that stands for the sender's `response_url`; it raises ResponseUrlRefused."""
    check_response_url(response_url=response_url, platform=sender_platform)
    key = new_callback_key()
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE,
            {
                "id": uuid.uuid4(),
                "callback_key": key,
                "module": module,
                "command": CALLBACK,
                "subject": "",
                **dict.fromkeys(("token_uid", "token_type", "contract_id", "location_id", "reference"), ""),
                "sender": sender.id,
                "receiver": receiver.id,
                "sender_platform": sender_platform.id,
                "receiver_platform": receiver_platform.id,
                "response_url": response_url,
                "digest": b"",
                "correlation_id": correlation_id,
                "expires_at": at + AWAITED,
                "at": at,
            },
        )
    return callback_url(key)


@transaction.atomic
def receive_passed(*, callback_key: str, platform_id: int, body: str, directory: Directory, at: datetime) -> Relayed:
    """This function will queue what was posted for the party that asked, as often as it comes for a week; it raises UnknownCallback.

    `body` is JSON text, already read strictly and written anew.
    """
    with connection.cursor() as cursor:
        cursor.execute(FIND, [callback_key])
        found = cursor.fetchone()
    if found is None or found[2] != platform_id:
        raise UnknownCallback("nothing is awaited here")
    row, _, _, sender_row, receiver_row, response_url, correlation_id, expires_at, _, module, asking = found
    if at > expires_at:
        return Relayed.TOO_LATE
    sender, receiver = directory.party_by_row(sender_row), directory.party_by_row(receiver_row)
    if sender is None or receiver is None:
        raise UnknownCallback("nothing is awaited here")
    role = next((role for role, platform in sender.roles.items() if platform == asking), None)
    if role is None:
        raise UnknownCallback("nothing is awaited here")  # whoever asked is not on that platform any more
    enqueue(
        receivers=[sender],
        receiver_role=role,
        module=module,
        verb="post",
        object_type=RESULT_TYPE,
        object_row=delivery_row(row),
        payload={"response_url": response_url, "body": body},
        sender=receiver.key,
        correlation_id=correlation_id,
    )
    return Relayed.FORWARDED
