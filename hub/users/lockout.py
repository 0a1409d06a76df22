"""What happens after too many wrong passwords: a page that says so and when to come back (HTTP 429)."""

from ipaddress import ip_address
from typing import Any

from axes.helpers import get_cool_off
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def counted_name(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """This function will return the e-mail under which a wrong password is counted: in lower case, as the login finds it."""
    given = (credentials or {}).get("username") or (request.POST.get("username") if request is not None else "") or ""
    return str(given).strip().lower()


def client_address(request: HttpRequest) -> str:
    """This function will return the address a wrong password is counted for.

    The lane stands before Django and writes the one X-Forwarded-For there is (hub/lane/forward.py); without it, Django's own peer.
    """
    told = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))
    try:
        return str(ip_address(told))
    except ValueError:
        return "127.0.0.1"  # a unix socket's peer has no address


def answer(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """This function will answer a login that is locked for a while."""
    wait = get_cool_off(request)
    minutes = max(1, round(wait.total_seconds() / 60)) if wait is not None else 15
    response = render(request, "portal/locked.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(minutes * 60)
    response["Cache-Control"] = "private, no-store"
    return response
