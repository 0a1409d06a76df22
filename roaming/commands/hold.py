"""A command whose sender waits for the charge point's own word: handed over, then held until the result comes or the time is up.

Senders of OCPI get their result at an address; senders of OICP have none and wait in their request (oicp §6.6).
"""

import time
import uuid
from datetime import datetime, timedelta
from time import monotonic

from django.db import connection

from roaming import canonical
from roaming.authorizations.waiting import refuse_open_transaction
from roaming.commands.callbacks import callback_url, new_callback_key
from roaming.commands.forward import NOTE_RESPONSE, WRITE
from roaming.commands.receiver import NAMES, facts_of, subject_of
from roaming.gateways import GatewayTimedOut, gateway_for
from roaming.objects.digests import content_digest
from roaming.parties.directory import PartyEntry, PlatformEntry

_LATE = timedelta(hours=24)
_LOOK_SECONDS = 0.15
_RESPONSE_SECONDS = 8.0


class Held:
    """A command on its way. `wait` may be called again after a time-out: the result may have come meanwhile."""

    def __init__(self, row: uuid.UUID) -> None:
        self._row = row

    def find_result(self) -> canonical.CommandResult | None:
        """This function will return the result, if it came."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT result::text FROM roaming_forwardedcommand WHERE id = %s", [self._row])
            row = cursor.fetchone()
        return canonical.decode(row[0].encode(), canonical.CommandResult) if row and row[0] else None

    def wait(self, *, until: float) -> canonical.CommandResult:
        """This function will return the result, or raise GatewayTimedOut at `until` (monotonic seconds)."""
        while True:
            found = self.find_result()
            if found is not None:
                return found
            if monotonic() >= until:
                raise GatewayTimedOut("the charge point did not answer in time")
            time.sleep(min(_LOOK_SECONDS, max(until - monotonic(), 0.01)))


def hand_over(
    *,
    command: canonical.Command,
    sender: PartyEntry,
    sender_platform: PlatformEntry,
    operator: PartyEntry,
    platform: PlatformEntry,
    correlation_id: str,
    deadline_seconds: float,
    at: datetime,
) -> tuple[canonical.CommandResponse, Held]:
    """This function will hand a command to the operator and return its answer and what to wait on; it raises a GatewayRefusal."""
    refuse_open_transaction()
    row, key = uuid.uuid4(), new_callback_key()
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE,
            {
                "id": row,
                **facts_of(command),
                "callback_key": key,
                "module": "commands",
                "command": NAMES[type(command)],
                "subject": subject_of(command)[:64],
                "sender": sender.id,
                "receiver": operator.id,
                "sender_platform": sender_platform.id,
                "receiver_platform": platform.id,
                "response_url": "",
                "digest": content_digest(command),
                "correlation_id": correlation_id,
                "expires_at": at + _LATE,
                "at": at,
            },
        )
    response = gateway_for(platform).send_command(
        command,
        sender=sender.key,
        receiver=operator.key,
        response_url=callback_url(key),
        correlation_id=correlation_id,
        deadline_seconds=min(_RESPONSE_SECONDS, deadline_seconds),
    )
    with connection.cursor() as cursor:
        cursor.execute(NOTE_RESPONSE, [canonical.encode(response).decode(), at + _LATE, row])
    return response, Held(row)
