"""Is a partner there? When it was heard last, and whether it answers (OCPI 2.2.1, mod_hub_client_info §Still alive check)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from roaming.parties import directory
from roaming.parties.credentials import record_first_use
from roaming.parties.models import Platform
from roaming.parties.snapshot import Caller

# A platform that calls a hundred times a second is written down once in this fraction of LIVENESS_SECONDS.
_FRACTION = 5
_written: dict[int, datetime] = {}  # per process: when this process wrote `last_seen_at` of a platform last


def note_arrival(*, caller: Caller, at: datetime) -> None:
    """This function will write down that a partner called. Nearly always it finds nothing to write, and asks no database."""
    if caller.is_first_use:
        record_first_use(credential_id=caller.credential_id, at=at)
    mark_seen(platform_id=caller.platform.id, at=at)


def is_arrival_due(*, caller: Caller, at: datetime) -> bool:
    """This function will say, without I/O, whether `note_arrival` would write: an event loop calls it in a thread only then."""
    return caller.is_first_use or is_sign_due(platform_id=caller.platform.id, at=at)


def mark_seen(*, platform_id: int, at: datetime) -> None:
    """This function will keep the instant of the latest sign of life, at most a few times per LIVENESS_SECONDS."""
    if not is_sign_due(platform_id=platform_id, at=at):
        return
    _written[platform_id] = at
    Platform.objects.filter(Q(last_seen_at=None) | Q(last_seen_at__lt=at), id=platform_id).update(last_seen_at=at)


def mark_status(*, platform_id: int, status: Platform.Status, at: datetime) -> bool:
    """This function will set CONNECTED or OFFLINE as found by a call, and say whether that is news.

    A platform that is planned (no handshake yet) or suspended (by an operator's act) is not moved by what a call finds.
    """
    moved = (
        Platform.objects.filter(id=platform_id, status__in=[Platform.Status.CONNECTED, Platform.Status.OFFLINE])
        .exclude(status=status)
        .update(status=status, status_changed_at=at)
    )
    if moved:
        directory.changed()
    return bool(moved)


def list_silent(*, at: datetime) -> list[int]:
    """This function will list the registered platforms to ask whether they are alive: silent for LIVENESS_SECONDS, or offline."""
    since = at - timedelta(seconds=settings.LIVENESS_SECONDS)
    return list(
        Platform.objects.filter(is_locked=False)
        .exclude(version="")
        .filter(
            Q(status=Platform.Status.CONNECTED) & (Q(last_seen_at=None) | Q(last_seen_at__lte=since)) | Q(status=Platform.Status.OFFLINE)
        )
        .order_by("id")
        .values_list("id", flat=True)
    )


def is_sign_due(*, platform_id: int, at: datetime) -> bool:
    """This function will say, without I/O, whether `mark_seen` would write."""
    written = _written.get(platform_id)
    return written is None or abs((at - written).total_seconds()) >= settings.LIVENESS_SECONDS / _FRACTION
