"""In which language and zone a page is written: the person's own choice, then the browser's.

The choice is a cookie, so that public pages follow it without knowing who reads; in the portal what the person saved counts where there
is none. The admin is the hub's own and stays in English and UTC: two people who approve must read the same figures.
"""

from collections.abc import Callable
from urllib.parse import urlparse
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from hub.portal.models import Preference
from hub.users.models import User

LANGUAGE_COOKIE, ZONE_COOKIE = "language", "zone"
A_YEAR = 365 * 24 * 3600
LANGUAGES = dict(settings.LANGUAGES)
ZONES = available_timezones()


class Personal:
    """Django middleware, after authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """This method will answer in the reader's language and zone."""
        is_inside = request.path_info.startswith(reverse("admin:index"))
        language, zone = (settings.LANGUAGE_CODE, "UTC") if is_inside else choose(request)
        with translation.override(language), timezone.override(ZoneInfo(zone)):
            answer = self.get_response(request)
        if not is_inside:
            answer.headers.setdefault("Content-Language", language)
            patch_vary_headers(answer, ("Accept-Language", "Cookie"))
        return answer


def choose(request: HttpRequest) -> tuple[str, str]:
    """This function will return language and zone of a page outside the admin."""
    kept = _kept(request) if request.path_info.startswith("/portal/") else None
    language = request.COOKIES.get(LANGUAGE_COOKIE, "")
    if language not in LANGUAGES:
        language = kept.language if kept is not None and kept.language in LANGUAGES else translation.get_language_from_request(request)
    zone = kept.zone if kept is not None and kept.zone else request.COOKIES.get(ZONE_COOKIE, "")
    return language, zone if zone in ZONES else "UTC"


def _kept(request: HttpRequest) -> Preference | None:
    # A visitor without a session costs no query.
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not isinstance(request.user, User):
        return None
    return Preference.objects.filter(user=request.user).first()


@require_safe
def choose_language(request: HttpRequest, language: str) -> HttpResponse:
    """This function will remember a language in a cookie and lead back to the page one came from."""
    if language not in LANGUAGES:
        raise Http404
    came_from = urlparse(request.headers.get("Referer", ""))
    # The path alone, and only a plain one: two slashes at its beginning would name another host.
    back = came_from.path if came_from.netloc == request.get_host() and not came_from.path.startswith("//") else ""
    answer = HttpResponseRedirect(f"{back}?{came_from.query}" if back and came_from.query else back or "/")
    answer.set_cookie(LANGUAGE_COOKIE, language, max_age=A_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return answer
