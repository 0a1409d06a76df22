"""A provider's command goes to the operator, with the hub's address for the result (OCPI 2.2.1, mod_commands)."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection

from roaming import canonical
from roaming.authorizations.waiting import StillInFlight, one_at_a_time, refuse_open_transaction
from roaming.commands.callbacks import callback_url, new_callback_key
from roaming.commands.receiver import NAMES, Order, facts_of, find_receiver, module_of, subject_of
from roaming.egress.addresses import check_url
from roaming.egress.calls import AddressRefused
from roaming.gateways import GatewayTimedOut, NoRoute, gateway_for
from roaming.objects.digests import content_digest
from roaming.parties import directory
from roaming.parties.directory import PartyEntry, PlatformEntry

# Shorter than what callers wait for (reliability §3.1).
DEADLINE_SECONDS = 8.0
REMEMBERED = timedelta(minutes=5)
# How long after its time-out a result is still passed on (reliability §4).
LATE = timedelta(hours=24)
_LONGEST_URL = 255
_LONGEST_RESERVATION = timedelta(days=366)

FIND_FORMER = """
SELECT id, callback_key, command, subject, digest, response::text FROM roaming_forwardedcommand
WHERE sender_id = %s AND response_url = %s AND created_at > %s
ORDER BY created_at DESC LIMIT 1
"""

# Committed before the call: whatever happens then, the operator's result finds its way.
WRITE = """
INSERT INTO roaming_forwardedcommand
    (id, callback_key, module, command, subject, token_uid, token_type, contract_id, location_id, reference, sender_id, receiver_id,
     sender_platform_id, receiver_platform_id, response_url, digest, correlation_id, expires_at, created_at)
VALUES (%(id)s, %(callback_key)s, %(module)s, %(command)s, %(subject)s, left(%(token_uid)s, 36), left(%(token_type)s, 32),
     left(%(contract_id)s, 36), left(%(location_id)s, 39), left(%(reference)s, 36), %(sender)s, %(receiver)s, %(sender_platform)s,
     %(receiver_platform)s, %(response_url)s, %(digest)s, %(correlation_id)s, %(expires_at)s, %(at)s)
"""

NOTE_RESPONSE = "UPDATE roaming_forwardedcommand SET response = %s::jsonb, expires_at = %s WHERE id = %s"


class ResponseUrlRefused(Exception):
    """The address for the result is not on the provider's own approved hosts, or too long: the hub would call it (OCPI 2001)."""


class ResponseUrlReused(Exception):
    """Another command named this response_url within five minutes: its result could not be told from this one's."""


class TokenOfAnother(Exception):
    """A provider commands with its own tokens only (OCPI 2.2.1, mod_commands §StartSession)."""


class _Way(msgspec.Struct, frozen=True):
    """Where a command goes, and under which name it is remembered."""

    sender: PartyEntry
    operator: PartyEntry
    platform: PlatformEntry
    row: uuid.UUID
    callback_key: str


def forward_command(
    *,
    command: Order,
    sender: canonical.PartyId,
    receiver: canonical.PartyId | None,
    platform_id: int,
    response_url: str,
    correlation_id: str,
    at: datetime,
) -> canonical.CommandResponse:
    """This function will hand a command to the operator and return what it said at once.

    `platform_id` is the provider's platform. The same command with the same `response_url` again gets the same response and is not
    forwarded; a RESERVE_NOW of the same reservation replaces the former, and so does every later request about a charging profile
    (reliability §4: newest wins). Refusals: ResponseUrlRefused, ResponseUrlReused,
    TokenOfAnother, UnknownLocation, UnknownSubject, AmbiguousReceiver, and the GatewayRefusals.
    """
    refuse_open_transaction()
    table = directory.current()
    _check(command, sender, table.platform(platform_id), response_url)
    operator = find_receiver(command=command, sender=sender, receiver=receiver, directory=table, at=at)
    platform = table.platform_of(operator.key, canonical.Role.CPO)
    provider = table.party(sender)
    if platform is None or provider is None:
        raise NoRoute(f"{operator.key} is not an operator on this hub")
    digest = content_digest(command)
    try:
        with one_at_a_time(f"command:{provider.id}:{response_url}"):
            former = _find_former(provider, response_url, command, digest, at)
            if former is not None and former[1] is not None:
                return former[1]
            told = {"sender_platform": platform_id, "response_url": response_url, "digest": digest, "correlation_id": correlation_id}
            way = former[0] if former else None
            row, key = way or _write(command, provider, operator, platform, told, at)
            return _send(command, _Way(provider, operator, platform, row, key), correlation_id, at)
    except StillInFlight as busy:
        raise GatewayTimedOut(str(busy)) from None


def _check(command: Order, sender: canonical.PartyId, platform: PlatformEntry | None, response_url: str) -> None:
    if isinstance(command, canonical.StartSession | canonical.ReserveNow) and command.token.owner != sender:
        raise TokenOfAnother(f"token: does not belong to {sender}")
    check_response_url(response_url=response_url, platform=platform)


def check_response_url(*, response_url: str, platform: PlatformEntry | None) -> None:
    """This function will raise ResponseUrlRefused where the hub may not call the address for the sender's platform."""
    if len(response_url) > _LONGEST_URL:
        raise ResponseUrlRefused(f"response_url: longer than {_LONGEST_URL} characters")
    try:
        check_url(url=response_url, allowed_hosts=platform.allowed_hosts if platform else ())
    except AddressRefused as refused:
        raise ResponseUrlRefused(f"response_url: {refused}") from None


def _find_former(
    sender: PartyEntry, response_url: str, command: Order, digest: bytes, at: datetime
) -> tuple[tuple[uuid.UUID, str], canonical.CommandResponse | None] | None:
    """This function will return the row and the response of the same command sent before, or None where this one is new."""
    with connection.cursor() as cursor:
        cursor.execute(FIND_FORMER, [sender.id, response_url, at - REMEMBERED])
        found = cursor.fetchone()
    if found is None:
        return None
    row, key, name, subject, former_digest, response = found
    if bytes(former_digest) == digest and name == NAMES[type(command)]:
        return (row, key), canonical.decode(response.encode(), canonical.CommandResponse) if response else None
    if isinstance(command, canonical.ReserveNow) and (name, subject) == ("RESERVE_NOW", command.reservation_id):
        return None
    if isinstance(command, canonical.ProfileRequest) and subject == subject_of(command):
        return None
    raise ResponseUrlReused("response_url: was used for another command")


def _write(
    command: Order,
    sender: PartyEntry,
    operator: PartyEntry,
    platform: PlatformEntry,
    told: dict[str, Any],
    at: datetime,
) -> tuple[uuid.UUID, str]:
    row, key = uuid.uuid4(), new_callback_key()
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE,
            {
                **told,
                **facts_of(command),
                "id": row,
                "callback_key": key,
                "module": module_of(command),
                "command": NAMES[type(command)],
                "subject": subject_of(command)[:64],
                "sender": sender.id,
                "receiver": operator.id,
                "receiver_platform": platform.id,
                "expires_at": _last_chance(command, at, timeout_seconds=0),
                "at": at,
            },
        )
    return row, key


def _send(command: Order, way: _Way, correlation_id: str, at: datetime) -> canonical.CommandResponse:
    response = gateway_for(way.platform).send_command(
        command,
        sender=way.sender.key,
        receiver=way.operator.key,
        response_url=callback_url(way.callback_key),
        correlation_id=correlation_id,
        deadline_seconds=DEADLINE_SECONDS,
    )
    last_chance = _last_chance(command, at, timeout_seconds=response.timeout)
    with connection.cursor() as cursor:
        cursor.execute(NOTE_RESPONSE, [canonical.encode(response).decode(), last_chance, way.row])
    return response


def _last_chance(command: Order, at: datetime, *, timeout_seconds: int) -> datetime:
    """This function will return until when results are passed on. A reservation may be cancelled as long as it holds."""
    ends = at + timedelta(seconds=min(max(timeout_seconds, 0), LATE.total_seconds()))
    if isinstance(command, canonical.ReserveNow):
        ends = max(ends, min(command.expiry_date, at + _LONGEST_RESERVATION))
    return ends + LATE
