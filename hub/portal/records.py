"""A party's CDRs: the month's list with filters, newest first, and one of them with its money and its reasons.

Pages are keyset pages over (end of session, row): page 1,000 costs what page 1 costs, and nothing is counted.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from hub.portal.month import bounds_of
from hub.portal.scope import Scope, portal_page
from hub.users.permissions import Action
from roaming import canonical
from roaming.figures import place_of
from roaming.models import Cdr, Party
from settlement.clearing.standing import standing_of
from settlement.models import Hold

PAGE_SIZE = 50
STATES = {"cleared": _("charged"), "held": _("held"), "credit": _("credit"), "waiting": _("not looked at yet")}


@dataclass(frozen=True)
class Filters:
    """What a person asked to see. Wrong values in the address are read as not given."""

    month: date
    side: str  # "operator" or "provider": which of its roles the party looks from
    counterparty: Party | None
    state: str
    before: tuple[datetime, int] | None

    def address(self, **changes: Any) -> str:
        """This function will return the query string of these filters with some changed."""
        told = {
            "month": f"{self.month:%Y-%m}",
            "side": self.side,
            "party": self.counterparty.pk if self.counterparty else "",
            "state": self.state,
            **changes,
        }
        return urlencode({name: value for name, value in told.items() if value})


def read_filters(request: HttpRequest, scope: Scope, counterparties: list[Party], today: date) -> Filters:
    """This function will read the filters of the address."""
    given = request.GET
    try:
        month = datetime.strptime(given.get("month", ""), "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        month = today.replace(day=1)
    sides = [side for side, has in (("operator", scope.is_operator), ("provider", scope.is_provider)) if has] or ["operator"]
    return Filters(
        month=month,
        side=given["side"] if given.get("side") in sides else sides[0],
        counterparty=next((party for party in counterparties if str(party.pk) == given.get("party")), None),
        state=given["state"] if given.get("state") in STATES else "",
        before=_read_cursor(given.get("before", "")),
    )


def cdrs_of(party: Party, filters: Filters) -> QuerySet[Cdr]:
    """This function will return the party's CDRs of a month on one side, newest first, narrowed by the filters."""
    starts_at, ends_at = bounds_of(filters.month)
    own, other = ("owner", "provider") if filters.side == "operator" else ("provider", "owner")
    rows = Cdr.objects.filter(**{own: party}, ended_at__gte=starts_at, ended_at__lt=ends_at)
    if filters.counterparty is not None:
        rows = rows.filter(**{other: filters.counterparty})
    match filters.state:
        case "held":
            rows = rows.filter(hold__state=Hold.State.HELD)
        case "cleared":
            rows = rows.filter(charge__isnull=False)
        case "credit":
            rows = rows.filter(is_credit=True)
        case "waiting":
            rows = rows.filter(charge__isnull=True, hold__isnull=True)
    if filters.before is not None:
        at, row = filters.before
        rows = rows.filter(Q(ended_at__lt=at) | Q(ended_at=at, pk__lt=row))
    return rows.select_related("owner", "provider", "charge", "hold").defer("received").order_by("-ended_at", "-pk")


def counterparties_of(party: Party) -> list[Party]:
    """This function will list those a party may roam with; everybody where an offer to all is in force."""
    return list(
        Party.objects.filter(roles__role__in=[canonical.Role.CPO, canonical.Role.EMSP]).exclude(pk=party.pk).distinct().order_by("name")
    )


@require_safe
@portal_page(to=Action.SEE_OWN_RECORDS)
def cdr_list(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will list a month's CDRs."""
    today = timezone.now().astimezone(UTC).date()
    counterparties = counterparties_of(scope.party)
    filters = read_filters(request, scope, counterparties, today)
    rows = list(cdrs_of(scope.party, filters)[: PAGE_SIZE + 1])
    older = ""
    if len(rows) > PAGE_SIZE:
        last = rows[PAGE_SIZE - 1]
        older = filters.address(before=f"{last.ended_at.astimezone(UTC).isoformat()}~{last.pk}")
    return render(
        request,
        "portal/cdrs.html",
        {
            "scope": scope,
            "filters": filters,
            "months": _months(today, filters.month),
            "counterparties": counterparties,
            "states": STATES,
            "rows": [{"cdr": cdr, "place": place_of(cdr.body), "state": standing_of(cdr)} for cdr in rows[:PAGE_SIZE]],
            "older": older,
            "newest": filters.address() if filters.before is not None else "",
        },
    )


@require_safe
@portal_page(to=Action.SEE_OWN_RECORDS)
def cdr_detail(request: HttpRequest, scope: Scope, public_id: UUID) -> HttpResponse:
    """This function will show one CDR of any of the person's parties; every other one is a 404, whoever's it is."""
    parties = scope.parties(to=Action.SEE_OWN_RECORDS)
    cdr = get_object_or_404(
        Cdr.objects.filter(Q(owner__in=parties) | Q(provider__in=parties)).select_related(
            "owner", "provider", "charge", "hold", "credit_of"
        ),
        public_id=public_id,
    )
    return render(
        request,
        "portal/cdr.html",
        {
            "scope": scope,
            "cdr": cdr,
            "state": standing_of(cdr),
            "message": canonical.decode(cdr.body, canonical.Cdr),
            "charge": getattr(cdr, "charge", None),
            "hold": getattr(cdr, "hold", None),
            "findings": cdr.findings.order_by("check_number"),
            "credit": cdr.credits.first(),
            # The contract is the provider's customer: the operator sees enough of it to tell two apart.
            "shows_contract": parties.filter(pk=cdr.provider_id).exists(),
        },
    )


def _read_cursor(text: str) -> tuple[datetime, int] | None:
    at, _, row = text.rpartition("~")
    try:
        instant = datetime.fromisoformat(at)
        return (instant, int(row)) if instant.tzinfo is not None else None
    except ValueError:
        return None


def _months(today: date, chosen: date) -> list[date]:
    months = [today.replace(day=1)]
    while len(months) < 13:
        earlier = months[-1]
        months.append(earlier.replace(year=earlier.year - 1, month=12) if earlier.month == 1 else earlier.replace(month=earlier.month - 1))
    return sorted({*months, chosen.replace(day=1)}, reverse=True)
