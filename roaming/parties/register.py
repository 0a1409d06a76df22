"""The end of a credentials handshake, whoever started it: version, endpoints and both tokens change in one transaction.

All calls to the partner come before: no transaction is open while the hub waits for anybody (ocpi §3.1).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from roaming.parties import directory
from roaming.parties.credentials import (
    Identified,
    issue_inbound_token,
    revoke_credentials,
    revoke_inbound_tokens,
    rotate_inbound_token,
    store_outbound_token,
)
from roaming.parties.models import Credential, Endpoint, Platform

# How long a partner has to answer our POST credentials with the token made for that call.
_HANDSHAKE = timedelta(minutes=10)

EndpointRow = tuple[str, str, str]
"""Module, interface (SENDER or RECEIVER), URL."""


class NotRegistered(Exception):
    """There is no connection to update or to end (OCPI: 405 on PUT and DELETE credentials)."""


def complete_registration(
    *, platform: Identified, version: str, versions_url: str, endpoints: Iterable[EndpointRow], outbound_token: str, at: datetime
) -> str:
    """This function will connect a platform that registered itself with token A, and return its token C.

    Token A stays good for a repeat until token C is used for the first time (reliability §4, POST credentials): the answer may
    have been lost on its way. An earlier token C ends now. It raises TokenNotPrintable, and then nothing changed.
    """
    with transaction.atomic():
        row = Platform.objects.select_for_update().get(id=platform.id)
        _connect(row, version, versions_url, endpoints, outbound_token, at)
        Credential.objects.filter(platform=row, direction=Credential.Direction.INBOUND, kind=Credential.Kind.SESSION).exclude(
            expires_at__lte=at
        ).update(expires_at=at)
        return issue_inbound_token(platform=row, kind=Credential.Kind.SESSION, at=at)


def renew_registration(
    *, platform: Identified, version: str, versions_url: str, endpoints: Iterable[EndpointRow], outbound_token: str, at: datetime
) -> str:
    """This function will update a connection (PUT credentials) and return its next token C; the former has its grace.

    It raises NotRegistered or TokenNotPrintable, and then nothing changed.
    """
    with transaction.atomic():
        row = _registered(platform)
        _connect(row, version, versions_url, endpoints, outbound_token, at)
        return rotate_inbound_token(platform=row, at=at)


def begin_handshake(*, platform: Identified, at: datetime) -> str:
    """This function will make the token B that the partner must be able to use while it answers the hub's own POST credentials."""
    return issue_inbound_token(platform=platform, kind=Credential.Kind.SESSION, at=at, expires_at=at + _HANDSHAKE)


def finish_handshake(
    *, platform: Identified, version: str, versions_url: str, endpoints: Iterable[EndpointRow], outbound_token: str, at: datetime
) -> None:
    """This function will connect a platform to which the hub registered itself: the token of `begin_handshake` stays, older ones end.

    It raises NotRegistered where no handshake was begun in the last ten minutes, or TokenNotPrintable; then nothing changed.
    """
    with transaction.atomic():
        row = Platform.objects.select_for_update().get(id=platform.id)
        inbound = Credential.objects.filter(platform=row, direction=Credential.Direction.INBOUND)
        latest = inbound.filter(kind=Credential.Kind.SESSION, expires_at__gt=at).order_by("-id").first()
        if latest is None:
            raise NotRegistered("no handshake was begun with this platform in the last ten minutes")
        _connect(row, version, versions_url, endpoints, outbound_token, at)
        revoke_inbound_tokens(platform=row, at=at)
        inbound.filter(id=latest.id).update(expires_at=None)


def end_registration(*, platform: Identified, at: datetime) -> None:
    """This function will end a connection (DELETE credentials): secrets and endpoints go, sealed records and agreements stay.

    The platform is planned again: a new token A lets it return. It raises NotRegistered.
    """
    with transaction.atomic():
        row = _registered(platform)
        revoke_credentials(platform=row, at=at)
        Endpoint.objects.filter(platform=row).delete()
        row.version, row.versions_url = "", ""
        row.status, row.status_changed_at = Platform.Status.PLANNED, at
        row.save(update_fields=["version", "versions_url", "status", "status_changed_at"])
        directory.changed()


def _registered(platform: Identified) -> Platform:
    row = Platform.objects.select_for_update().get(id=platform.id)
    if not row.version:
        raise NotRegistered(f"platform {row.name} is not registered")
    return row


def _connect(row: Platform, version: str, versions_url: str, endpoints: Iterable[EndpointRow], outbound_token: str, at: datetime) -> None:
    store_outbound_token(platform=row, token=outbound_token, at=at)
    Endpoint.objects.filter(platform=row).delete()
    by_side = {(module, interface): url for module, interface, url in endpoints}
    Endpoint.objects.bulk_create(
        Endpoint(platform=row, module=module, interface=interface, url=url) for (module, interface), url in by_side.items()
    )
    row.version, row.versions_url = version, versions_url
    row.status, row.status_changed_at, row.last_seen_at = Platform.Status.CONNECTED, at, at
    row.save(update_fields=["version", "versions_url", "status", "status_changed_at", "last_seen_at"])
    directory.changed()
