"""Telling clients who came, went, or cannot be reached (OCPI 2.2.1, mod_hub_client_info §Push): one PUT per party and role.

What was told last stands in the platform's row, so that a change made by whatever means is told, once, also after a crash. It is
queued like any other state: who is away hears the latest one when it is back.
"""

import uuid
from datetime import datetime

from django.db import transaction

from roaming.deliveries.enqueue import Notice, enqueue_all
from roaming.parties import directory
from roaming.parties.models import PartyRole, Platform
from roaming.parties.snapshot import Directory, PlatformEntry
from roaming.protocols.ocpi.reach import list_reached

MODULE = "hubclientinfo"


def announce_states(*, at: datetime) -> int:
    """This function will queue the state of every platform whose partners were told another one, and return how many will hear."""
    if not any(_is_news(row) for row in Platform.objects.all()):
        return 0
    with transaction.atomic():
        rows = [row for row in Platform.objects.select_for_update(skip_locked=True).order_by("id") if _is_news(row)]
        known = directory.reread()
        moved = {row.pk for row in rows}
        roles = {(role.party_id, role.role): role.pk for role in PartyRole.objects.filter(platform_id__in=moved)}
        notices = [
            notice
            for host in known.platforms
            if (MODULE, "RECEIVER") in host.endpoints
            for notice in _notices(host, moved, roles, known, at)
        ]
        told = enqueue_all(notices=notices)
        for row in rows:
            Platform.objects.filter(pk=row.pk).update(told_state=row.state)
    return told


def _is_news(row: Platform) -> bool:
    # A platform that never connected is planned: nobody needs to hear that before it is somebody.
    return row.told_state != row.state and not (row.told_state == "" and row.state == Platform.Status.PLANNED)


def _notices(host: PlatformEntry, moved: set[int], roles: dict[tuple[int, str], int], known: Directory, at: datetime) -> list[Notice]:
    if not host.roles:
        return []
    receiver_role, key = host.roles[0]
    receiver = known.party(key)
    if receiver is None:
        return []
    return [
        Notice(
            receivers=[receiver],
            receiver_role=receiver_role,
            module=MODULE,
            verb="put",
            object_type="client_info",
            object_row=roles[party.id, role.value],
            sender=None,
            correlation_id=str(uuid.uuid4()),
        )
        for party, role, platform in list_reached(directory=known, platform=host, on=at.date())
        if platform.id in moved and platform.id != host.id and (party.id, role.value) in roles
    ]
