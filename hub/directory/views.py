"""The public pages."""

from django.conf import settings
from django.db.models import Count, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from hub.directory.coverage import PLUGS, POWERS_KW, count_by_country, draw_map, list_sites, operators_with_sites, read_wish
from hub.directory.levels import read_levels
from hub.directory.presence import present_parties, present_roles
from hub.directory.service import read_service
from roaming import canonical
from roaming.models import PartyRole, Platform

_ROLES = {canonical.Role.CPO: "operator", canonical.Role.EMSP: "provider"}


@require_safe
@cache_control(public=True, max_age=30)
def home(request: HttpRequest) -> HttpResponse:
    """This function will explain the hub in a minute, with today's size."""
    countries = count_by_country()
    roles = dict(
        PartyRole.objects.filter(platform__status=Platform.Status.CONNECTED).order_by().values_list("role").annotate(count=Count("pk"))
    )
    return render(
        request,
        "directory/home.html",
        {
            "operators": roles.get(canonical.Role.CPO, 0),
            "providers": roles.get(canonical.Role.EMSP, 0),
            "countries": len(countries),
            "sites": sum(country.sites for country in countries),
            "evses": sum(country.evses for country in countries),
            "versions_url": f"{settings.HUB_PUBLIC_URL}/ocpi/versions",
        },
    )


@require_safe
@cache_control(public=True, max_age=30)
def partners(request: HttpRequest) -> HttpResponse:
    """This function will list who takes part, with the state of their connection."""
    roles = present_roles().select_related("platform").order_by("role")
    parties = present_parties().prefetch_related(Prefetch("roles", queryset=roles, to_attr="market_roles"))
    rows = [
        {"party": party, "role": _ROLES[canonical.Role(role.role)], "platform": role.platform}
        for party in parties.order_by("country_code", "name", "party_id")
        for role in party.market_roles
    ]
    wanted = request.GET.get("role", "")
    return render(
        request,
        "directory/partners.html",
        {"rows": [row for row in rows if wanted not in _ROLES.values() or row["role"] == wanted], "wanted": wanted},
    )


@require_safe
@cache_control(public=True, max_age=30)
def network(request: HttpRequest) -> HttpResponse:
    """This function will show the map and a page of sites, narrowed by what somebody looks for."""
    countries, operators = count_by_country(), operators_with_sites()
    wish = read_wish(given=request.GET, countries=countries, operators=operators)
    after = request.GET.get("after", "")
    sites, go_on = list_sites(wish, after=int(after) if after.isdecimal() and len(after) < 19 else 0, at=timezone.now())
    drawn = draw_map(wish)
    return render(
        request,
        "directory/network.html",
        {
            "countries": countries,
            "operators": operators,
            "wish": wish,
            "country": next((one for one in countries if one.code == wish.country), None),
            "plugs": PLUGS,
            "powers": POWERS_KW,
            "map": drawn,
            "circles": [(one, "" if one.is_single else wish.address(box=one.closer)) for one in drawn.clusters],
            "whole": wish.address(box=""),
            "by_country": [(one, wish.address(country=one.code, box="")) for one in countries],
            "sites": sites,
            "first": wish.address(),
            "more": wish.address(after=go_on) if go_on else "",
            "go_on": go_on,
            "is_first": not after,
        },
    )


@require_safe
@cache_control(no_store=True)
def status(request: HttpRequest) -> HttpResponse:
    """This function will tell how the hub is doing right now."""
    now = timezone.now()
    return render(request, "directory/status.html", {"service": read_service(at=now), "levels": read_levels(at=now)})
