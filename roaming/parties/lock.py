"""Locking a platform: nothing is routed to it or from it any more (OICP status 017; in HubClientInfo it is SUSPENDED)."""

from datetime import datetime

from roaming.parties import directory
from roaming.parties.models import Platform


def lock_platform(*, platform: Platform, at: datetime) -> None:
    """This function will shut a platform off within a second; its tokens, agreements and waiting deliveries stay as they are."""
    _set_locked(platform, is_locked=True, at=at)


def unlock_platform(*, platform: Platform, at: datetime) -> None:
    """This function will let a locked platform take part again, in the state it had before."""
    _set_locked(platform, is_locked=False, at=at)


def _set_locked(platform: Platform, *, is_locked: bool, at: datetime) -> None:
    if Platform.objects.filter(id=platform.id).exclude(is_locked=is_locked).update(is_locked=is_locked, status_changed_at=at):
        directory.changed()
    platform.refresh_from_db()
