"""What was said on a party's own wire: searched by id, company, instant, and read leg by leg."""

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from hub.portal.connection import exchanges_of
from hub.portal.scope import Scope, portal_page
from hub.users.permissions import Action
from roaming.exchanges.queries import BadCursor, search_exchanges
from roaming.figures import pretty_json

MODULES = ("authorizations", "cdrs", "commands", "credentials", "hubclientinfo", "locations", "sessions", "tariffs", "tokens", "versions")
PAGE_SIZE = 50
_SECOND = timedelta(seconds=1)


@require_safe
@portal_page(to=Action.SEE_OWN_CONNECTION)
def trace(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will search the party's own messages, the latest first; wrong values are read as not given."""
    text, module = request.GET.get("q", "").replace("\x00", "")[:128], request.GET.get("module", "")
    module = module if module in MODULES else ""
    try:
        page = search_exchanges(viewer=scope.party.key, text=text, module=module, after=request.GET.get("after") or None, limit=PAGE_SIZE)
    except BadCursor:
        page = search_exchanges(viewer=scope.party.key, text=text, module=module, limit=PAGE_SIZE)
    return render(
        request,
        "portal/trace.html",
        {"scope": scope, "page": page, "q": text, "module": module, "modules": MODULES, "is_first": not request.GET.get("after")},
    )


@require_safe
@portal_page(to=Action.SEE_OWN_CONNECTION)
def message(request: HttpRequest, scope: Scope, second: int, exchange_id: int) -> HttpResponse:
    """This function will show one leg with its bodies, and the other legs of the same message; a foreign one is a 404."""
    # The second names the day's partition: the row is found in one table of thirty.
    begins_at = datetime.fromtimestamp(min(second, 32_503_680_000), tz=UTC)
    exchange = get_object_or_404(
        exchanges_of(scope.party).defer(None).filter(at__gte=begins_at, at__lt=begins_at + _SECOND), pk=exchange_id
    )
    legs = []
    if exchange.correlation_id:
        legs = list(search_exchanges(viewer=scope.party.key, text=exchange.correlation_id, limit=20).items)
    return render(
        request,
        "portal/message.html",
        {
            "scope": scope,
            "exchange": exchange,
            "legs": [leg for leg in legs if leg.pk != exchange.pk],
            "request_body": pretty_json(exchange.request_body.encode()) if exchange.request_body else "",
            "response_body": pretty_json(exchange.response_body.encode()) if exchange.response_body else "",
        },
    )
