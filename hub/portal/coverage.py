"""Coverage: where a provider's drivers charge and where an agreement would let them; what an operator shows, and to whom."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC

from django.db.models import Count, F, Func, IntegerField, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from hub.directory.countries import country_name
from hub.directory.coverage import published
from hub.directory.presence import present_roles
from hub.portal.scope import Scope, portal_page
from hub.users.permissions import Action
from roaming.canonical import Role
from roaming.models import EvseProjection, Party
from roaming.parties import directory


@dataclass
class Reach:
    """One partner: whether roaming is agreed today, and what is there."""

    party: Party
    is_agreed: bool
    sites: int = 0
    evses: int = 0
    countries: list[str] = field(default_factory=list)


def reach_of_operators(*, viewer: Party) -> list[Reach]:
    """This function will return every operator that is here with what it publishes, the agreed ones first, then by size."""
    today = timezone.now().astimezone(UTC).date()
    known = directory.current()
    operators = Party.objects.filter(pk__in=present_roles().filter(role=Role.CPO).values("party_id")).exclude(pk=viewer.pk)
    reach = {
        party.pk: Reach(party, known.may_roam(operator=party.key, provider=viewer.key, module="locations", on=today)) for party in operators
    }
    rows = (
        published()
        .filter(owner__in=reach)
        .values_list("owner", "country")
        .annotate(sites=Count("pk"), evses=Sum(Func(F("evse_uids"), function="cardinality", output_field=IntegerField())))
        .order_by("owner", "country")
    )
    for owner, country, sites, evses in rows:
        one = reach[owner]
        one.sites, one.evses = one.sites + sites, one.evses + (evses or 0)
        one.countries.append(country_name(country))
    return sorted(reach.values(), key=lambda one: (not one.is_agreed, -one.evses, str(one.party.key)))


def reach_of_providers(*, viewer: Party) -> list[Reach]:
    """This function will return every provider that is here, those who may send drivers first."""
    today = timezone.now().astimezone(UTC).date()
    known = directory.current()
    providers = Party.objects.filter(pk__in=present_roles().filter(role=Role.EMSP).values("party_id")).exclude(pk=viewer.pk)
    reach = [Reach(party, known.may_roam(operator=viewer.key, provider=party.key, module="locations", on=today)) for party in providers]
    return sorted(reach, key=lambda one: (not one.is_agreed, one.party.name, str(one.party.key)))


@require_safe
@portal_page(to=Action.SEE_OWN_CONNECTION)
def coverage(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will show the coverage of the party looked at, from each of its sides."""
    own: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    problems: list[str] = []
    if scope.is_operator:
        for country, evses in published().filter(owner=scope.party).values_list("country", "evse_uids"):
            own[country_name(country)][0] += 1
            own[country_name(country)][1] += len(evses)
        rows = EvseProjection.objects.filter(owner=scope.party).exclude(problems=[]).values_list("problems", flat=True)[:20]
        problems = [str(problem) for row in rows for problem in row][:20]
    return render(
        request,
        "portal/coverage.html",
        {
            "scope": scope,
            "operators": reach_of_operators(viewer=scope.party) if scope.is_provider else [],
            "providers": reach_of_providers(viewer=scope.party) if scope.is_operator else [],
            "own": sorted(((name, *figures) for name, figures in own.items()), key=lambda row: (-row[2], row[0])),
            "problems": problems,
        },
    )
