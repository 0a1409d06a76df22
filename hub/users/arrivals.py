"""Who came in, who was refused, who left: into the audit trail. Connected by Django's signals when the app starts."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from hub.users.door import SEEN, SINCE, VERIFIED
from hub.users.lockout import client_address, counted_name
from hub.users.models import User
from roaming.audit.write import write_audit


@receiver(user_logged_in)
def came_in(request: HttpRequest, user: User, **_: Any) -> None:
    """This function will start a session's clock, and forget a second factor that a former login in this browser had shown."""
    now = timezone.now().timestamp()
    request.session[SINCE] = request.session[SEEN] = now
    request.session.pop(VERIFIED, None)
    write_audit(action="logged in", by=user.email, subject=user, address=_address(request))


@receiver(user_login_failed)
def was_refused(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """This function will keep which e-mail was tried, never the password."""
    write_audit(action="login refused", by=counted_name(request, credentials), address=_address(request))


@receiver(user_logged_out)
def left(request: HttpRequest, user: User | None, **_: Any) -> None:
    """This function will keep who left."""
    if user is not None:
        write_audit(action="logged out", by=user.email, subject=user, address=_address(request))


def _address(request: HttpRequest | None) -> str | None:
    # Without a peer (a session made by a command) there is none.
    return client_address(request) if request is not None and "REMOTE_ADDR" in request.META else None
