"""What stands between a login and the pages: the second factor, the length of a session, and the name in the audit trail.

A login with e-mail and password opens the session; until the second factor is shown (or set up, where it is required), every page behind
the doors leads to it. Both doors, /admin/login/ and /portal/login/, thereby stay as they are.
"""

from collections.abc import Callable
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from hub.users.lockout import client_address
from hub.users.models import User
from hub.users.passwords import must_have_second_factor
from roaming.audit.write import acting

VERIFIED, SINCE, SEEN = "second_factor", "since", "seen"
_SAFE = ("GET", "HEAD", "OPTIONS")
_SEEN_EVERY_SECONDS = 60  # a page writes the session at most once a minute


class Door:
    """Django middleware, after authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """This method will let through, lead to the second factor, or end a session that is too old."""
        if not _is_behind_a_door(request.path_info) or not isinstance(user := request.user, User):
            return self.get_response(request)
        if _is_over(request):
            logout(request)
            return self.get_response(request)
        if (way := _way_to_second_factor(request, user)) is not None:
            return way
        if request.method in _SAFE:
            return self.get_response(request)
        with acting(by=user.email, address=client_address(request)):
            return self.get_response(request)


def has_shown_second_factor(request: HttpRequest) -> bool:
    """This function will tell whether this session is past the second factor."""
    return bool(request.session.get(VERIFIED))


def let_in(request: HttpRequest, *, by: str) -> None:
    """This function will open the rest of the session: `by` tells which factor was shown. The session's key changes with it."""
    request.session.cycle_key()
    request.session[VERIFIED] = by


def _is_behind_a_door(path: str) -> bool:
    return path.startswith((reverse("admin:index"), reverse("portal:overview"), reverse("account:security")))


def _is_over(request: HttpRequest) -> bool:
    now = timezone.now().timestamp()
    since = request.session.setdefault(SINCE, now)
    seen = request.session.get(SEEN, now)
    if now - since > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_SECONDS:
        return True
    if SEEN not in request.session or now - seen > _SEEN_EVERY_SECONDS:
        request.session[SEEN] = now
    return False


def _way_to_second_factor(request: HttpRequest, user: User) -> HttpResponse | None:
    path = request.path_info
    if path in (reverse("portal:logout"), reverse("admin:logout")):
        return None
    if user.has_second_factor and not has_shown_second_factor(request):
        return None if path.startswith(reverse("account:second_factor")) else _led_to("account:second_factor", request)
    if not user.has_second_factor and not path.startswith(reverse("account:security")) and must_have_second_factor(user):
        return _led_to("account:security", request)
    return None


def _led_to(name: str, request: HttpRequest) -> HttpResponse:
    wanted = request.get_full_path() if request.method in _SAFE else "/"
    return redirect(f"{reverse(name)}?next={quote(wanted)}")
