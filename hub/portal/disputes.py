"""Disputes in the portal: open one about a CDR, answer it, show a file, and take the evidence home."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hub.portal.charts import Slice, slices
from hub.portal.dispute_answers import REASONS, REFUSALS, AnswerForm, DisputeForm, accept_as, answer_as, answers_for, dispute_as, side_of
from hub.portal.records import find_cdr
from hub.portal.scope import Scope, portal_page
from hub.users.models import User
from hub.users.permissions import Action
from roaming.figures import party_name
from roaming.models import Cdr, Party
from settlement.disputes.evidence import build_pack
from settlement.disputes.queries import sum_at_risk
from settlement.models import Charge, Dispute, DisputeMessage

PAGE_SIZE = 50
_AGES = ((timedelta(days=10), gettext_lazy("up to 10 days")), (timedelta(days=30), gettext_lazy("up to 30 days")))


@dataclass(frozen=True)
class Said:
    """A message, and by whom it was said, without telling one company the people of the other."""

    who: str
    text: str
    at: datetime
    is_own: bool


def disputes_of(parties: QuerySet[Party]) -> QuerySet[Dispute]:
    """This function will return the disputes about CDRs of these parties, on either side."""
    return Dispute.objects.filter(Q(cdr__owner__in=parties) | Q(cdr__provider__in=parties)).select_related("cdr__owner", "cdr__provider")


def find_dispute(scope: Scope, dispute_id: int, *, to: Action = Action.DISPUTE) -> Dispute:
    """This function will return a dispute of any of the person's parties; every other one is a 404."""
    return get_object_or_404(disputes_of(scope.parties(to=to)), pk=dispute_id)


@require_safe
@portal_page(to=Action.DISPUTE)
def dispute_list(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will list the disputes of the party looked at, open ones by deadline or all of them."""
    own = disputes_of(Party.objects.filter(pk=scope.party.pk)).defer("cdr__received", "cdr__body")
    shows_all = request.GET.get("state") == "all"
    before = request.GET.get("before", "")
    rows = own.order_by("-pk") if shows_all else own.filter(resolved_at=None).order_by("answer_due_at", "pk")
    if shows_all and before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: PAGE_SIZE + 1])
    return render(
        request,
        "portal/disputes.html",
        {
            "scope": scope,
            "rows": [(row, REASONS.get(row.reason, row.reason)) for row in found[:PAGE_SIZE]],
            "shows_all": shows_all,
            "older": found[PAGE_SIZE - 1].pk if shows_all and len(found) > PAGE_SIZE else None,
            "ages": _ages(own.filter(resolved_at=None), timezone.now()),
            "sums": sorted(sum_at_risk(party=scope.party).items()),
        },
    )


def _ages(rows: QuerySet[Dispute], at: datetime) -> list[Slice]:
    opened = list(rows.values_list("opened_at", flat=True)[:5000])
    counts: dict[str, Decimal] = {str(name): Decimal(0) for _limit, name in _AGES} | {_("older"): Decimal(0)}
    for one in opened:
        counts[next((str(name) for limit, name in _AGES if at - one <= limit), _("older"))] += 1
    return slices(list(counts.items()))


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(to=Action.DISPUTE)
def dispute_cdr(request: HttpRequest, scope: Scope, public_id: UUID) -> HttpResponse:
    """This function will ask what is wrong about a charge, and open the dispute."""
    cdr = find_cdr(scope, public_id, to=Action.DISPUTE)
    side = side_of(scope, cdr)
    charge = Charge.objects.filter(cdr=cdr).first()
    form = DisputeForm(
        request.POST or None,
        initial={"amount": charge.gross.normalize() if charge else None},
        is_provider=side.party.pk == cdr.provider_id,
    )
    if request.method == "POST" and form.is_valid():
        try:
            dispute = dispute_as(side, cdr=cdr, told=form.cleaned_data, at=timezone.now())
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The dispute is open. The other side has been given until its deadline to answer."))
            return redirect("portal:dispute", dispute_id=dispute.pk)
    return render(request, "portal/dispute_form.html", {"scope": scope, "cdr": cdr, "charge": charge, "form": form})


@require_POST
@portal_page(to=Action.DISPUTE)
def accept(request: HttpRequest, scope: Scope, public_id: UUID) -> HttpResponse:
    """This function will accept a charge as it stands; silence until the end of the dispute window does the same."""
    cdr = find_cdr(scope, public_id, to=Action.DISPUTE)
    try:
        accept_as(side_of(scope, cdr), cdr=cdr, at=timezone.now())
    except REFUSALS as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Accepted: the charge is right."))
    return redirect("portal:cdr", public_id=public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(to=Action.DISPUTE)
def dispute_detail(request: HttpRequest, scope: Scope, dispute_id: int) -> HttpResponse:
    """This function will show a dispute with what was said, and add what the person says."""
    dispute = find_dispute(scope, dispute_id)
    side = side_of(scope, dispute.cdr)
    answers = answers_for(dispute, side)
    form = AnswerForm(request.POST or None, request.FILES or None, answers=answers)
    if request.method == "POST" and form.is_valid():
        try:
            answer_as(side, dispute=dispute, form=form, at=timezone.now())
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("portal:dispute", dispute_id=dispute.pk)
    teller = _Teller(scope, dispute.cdr)
    return render(
        request,
        "portal/dispute.html",
        {
            "scope": scope,
            "dispute": dispute,
            "reason": REASONS.get(dispute.reason, dispute.reason),
            "opened_by": teller.name(dispute.opened_by)[0],
            "files": [(row, teller.name(row.by)[0]) for row in dispute.files.defer("content").order_by("shown_at", "pk")],
            "said": [teller.said(row) for row in dispute.messages.order_by("said_at", "pk")],
            "form": form,
        },
    )


@require_safe
@portal_page(to=Action.DISPUTE)
def evidence(request: HttpRequest, scope: Scope, public_id: UUID) -> HttpResponse:
    """This function will hand out what the hub holds about a CDR, as a zip with digests."""
    cdr = find_cdr(scope, public_id, to=Action.DISPUTE)
    answer = HttpResponse(build_pack(cdr=cdr).content, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="evidence_{cdr.owner.key}_{cdr.ended_at.astimezone(UTC):%Y%m%d}_{cdr.pk}.zip"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


class _Teller:
    """Names who said something: a colleague by name, the other side by its company, the hub as the hub."""

    def __init__(self, scope: Scope, cdr: Cdr) -> None:
        self._own = set(scope.parties(to=Action.SEE_OWN_RECORDS).values_list("pk", flat=True))
        self._sides = {cdr.owner_id: cdr.owner, cdr.provider_id: cdr.provider}
        self._known: dict[str, tuple[str, bool]] = {}

    def name(self, email: str) -> tuple[str, bool]:
        """This method will return the name, and whether it is the reader's own side."""
        if email not in self._known:
            self._known[email] = self._look_up(email)
        return self._known[email]

    def said(self, row: DisputeMessage) -> Said:
        """This method will return a message as the reader may see it."""
        who, is_own = self.name(row.by)
        return Said(who=who, text=row.text, at=row.said_at, is_own=is_own)

    def _look_up(self, email: str) -> tuple[str, bool]:
        user = User.objects.filter(email__iexact=email).first()
        parties = set(user.memberships.values_list("party_id", flat=True)) if user is not None else set()
        if user is not None and parties & self._own & set(self._sides):
            return user.name or user.email, True
        other = next((party for row, party in self._sides.items() if row in parties), None)
        return (party_name(other), False) if other is not None else (_("the hub"), False)
