"""A party's CDRs: the month's list with filters, newest first, and one of them with its money and its reasons.

Pages are keyset pages over (end of session, row): page 1,000 costs what page 1 costs, and nothing is counted.
"""

from datetime import UTC, date
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from hub.portal.cdr_filters import STATES, cdrs_of, counterparties_of, cursor_of, read_filters
from hub.portal.models import CdrExport
from hub.portal.price_words import explain
from hub.portal.scope import Scope, portal_page
from hub.users.permissions import Action
from roaming import canonical
from roaming.figures import place_of
from roaming.models import Cdr
from settlement.clearing.standing import standing_of
from settlement.models import Acceptance, Repricing

PAGE_SIZE = 50


@require_safe
@portal_page(to=Action.SEE_OWN_RECORDS)
def cdr_list(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will list a month's CDRs."""
    today = timezone.now().astimezone(UTC).date()
    counterparties = counterparties_of(scope.party)
    filters = read_filters(given=request.GET, sides=scope.sides, counterparties=counterparties, today=today)
    rows = list(cdrs_of(scope.party, filters)[: PAGE_SIZE + 1])
    older = filters.address(before=cursor_of(rows[PAGE_SIZE - 1])) if len(rows) > PAGE_SIZE else ""
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
            "exports": CdrExport.objects.filter(party=scope.party).order_by("-asked_at")[:3],
        },
    )


def find_cdr(scope: Scope, public_id: UUID, *, to: Action = Action.SEE_OWN_RECORDS) -> Cdr:
    """This function will return one CDR of any of the person's parties; every other one is a 404, whoever's it is."""
    parties = scope.parties(to=to)
    return get_object_or_404(
        Cdr.objects.filter(Q(owner__in=parties) | Q(provider__in=parties)).select_related(
            "owner", "provider", "charge", "hold", "credit_of"
        ),
        public_id=public_id,
    )


@require_safe
@portal_page(to=Action.SEE_OWN_RECORDS)
def cdr_detail(request: HttpRequest, scope: Scope, public_id: UUID) -> HttpResponse:
    """This function will show one CDR with its price, line by line, and why it is held."""
    cdr = find_cdr(scope, public_id)
    repricing = Repricing.objects.filter(cdr=cdr).first()
    disputes = list(cdr.disputes.order_by("-pk"))
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
            "repricing": repricing,
            "words": explain(repricing) if repricing is not None else [],
            "disputes": disputes,
            "accepted": Acceptance.objects.filter(cdr=cdr).first(),
            "pays": scope.parties(to=Action.DISPUTE).filter(pk=cdr.provider_id).exists(),
            "is_disputed": any(dispute.resolved_at is None for dispute in disputes),
            # The contract is the provider's customer: the operator sees enough of it to tell two apart.
            "shows_contract": scope.parties(to=Action.SEE_OWN_RECORDS).filter(pk=cdr.provider_id).exists(),
        },
    )


def _months(today: date, chosen: date) -> list[date]:
    months = [today.replace(day=1)]
    while len(months) < 13:
        earlier = months[-1]
        months.append(earlier.replace(year=earlier.year - 1, month=12) if earlier.month == 1 else earlier.replace(month=earlier.month - 1))
    return sorted({*months, chosen.replace(day=1)}, reverse=True)
