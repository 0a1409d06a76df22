"""Agreements in the portal: those in force, offers on the table, and the way out with notice."""

from datetime import UTC, date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hub.directory.presence import present_roles
from hub.portal.models import AgreementOffer
from hub.portal.offers import (
    NOTICE,
    NoticeTooShort,
    NotSigned,
    OfferAnswered,
    OfferStands,
    WrongOffer,
    answer_offer,
    end_by_notice,
    make_offer,
    withdraw_offer,
)
from hub.portal.scope import Scope, portal_page
from hub.users.permissions import Action
from roaming.audit.write import write_audit
from roaming.canonical import Role
from roaming.models import Party, RoamingAgreement

_OTHER = {"operator": Role.EMSP, "provider": Role.CPO}


class OfferForm(forms.Form):
    """What a party proposes."""

    partner = forms.ModelChoiceField(label=gettext_lazy("With"), queryset=Party.objects.none())
    starts_on = forms.DateField(label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    ends_on = forms.DateField(
        label=gettext_lazy("Until before (empty: until further notice)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    due_days = forms.IntegerField(label=gettext_lazy("Days to pay"), min_value=1, max_value=90, initial=14)
    dispute_days = forms.IntegerField(label=gettext_lazy("Days to dispute"), min_value=5, max_value=180, initial=30)
    text = forms.CharField(
        label=gettext_lazy("A word to the other side"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class EndForm(forms.Form):
    """When an agreement ends."""

    on = forms.DateField(label=gettext_lazy("First day without it"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


def agreements_of(party: Party) -> QuerySet[RoamingAgreement]:
    """This function will return the agreements that name a party, and the offers of everyone to everyone."""
    return (
        RoamingAgreement.objects.filter(Q(operator=party) | Q(provider=party) | Q(operator=None))
        .select_related("operator", "provider")
        .prefetch_related("terms")
        .order_by("-validity", "pk")
    )


def offers_of(parties: QuerySet[Party]) -> QuerySet[AgreementOffer]:
    """This function will return the offers that these parties made or got."""
    return AgreementOffer.objects.filter(Q(operator__in=parties) | Q(provider__in=parties)).select_related(
        "operator", "provider", "made_by"
    )


@require_safe
@portal_page(to=Action.SEE_OWN_CONNECTION)
def agreement_list(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will list agreements and offers of the party looked at."""
    today = timezone.now().astimezone(UTC).date()
    own = Party.objects.filter(pk=scope.party.pk)
    return render(
        request,
        "portal/agreements.html",
        {
            "scope": scope,
            "rows": [
                {"agreement": row, "terms": _latest(row), "state": _state(row, today), "other": _other(row, scope.party)}
                for row in agreements_of(scope.party)[:500]
            ],
            "offers": offers_of(own).filter(state=AgreementOffer.State.OPEN).order_by("-pk"),
            "answered": offers_of(own).exclude(state=AgreementOffer.State.OPEN).order_by("-pk")[:10],
        },
    )


def _latest(row: RoamingAgreement) -> Any:
    return max(row.terms.all(), key=lambda terms: terms.pk, default=None)


def _state(row: RoamingAgreement, today: date) -> str:
    if row.validity.isempty or (row.validity.upper is not None and row.validity.upper <= today):
        return "ended"
    return "planned" if row.validity.lower is not None and row.validity.lower > today else "in force"


def _other(row: RoamingAgreement, party: Party) -> Party | None:
    return row.provider if row.operator_id == party.pk else row.operator


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(to=Action.AGREE)
def offer(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will ask for the terms of an offer, and make it."""
    side = request.POST.get("side") or request.GET.get("side") or ""
    side = side if side in scope.sides else (scope.sides or ["operator"])[0]
    partners = Party.objects.filter(pk__in=present_roles().filter(role=_OTHER[side]).values("party_id")).exclude(pk=scope.party.pk)
    now = timezone.now()
    first = (now.astimezone(UTC).date().replace(day=1) + timedelta(days=32)).replace(day=1)
    form = OfferForm(request.POST or None, initial={"starts_on": first, "partner": request.GET.get("partner")})
    field = form.fields["partner"]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = partners.order_by("name", "country_code", "party_id")
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        pair = {"operator": scope.party, "provider": told["partner"]}
        if side == "provider":
            pair = {"operator": told["partner"], "provider": scope.party}
        try:
            made = make_offer(
                **pair,
                made_by=scope.party,
                person=scope.user.email,
                starts_on=told["starts_on"],
                ends_on=told["ends_on"],
                due_days=told["due_days"],
                dispute_days=told["dispute_days"],
                text=told["text"],
                at=now,
            )
        except (WrongOffer, OfferStands) as refusal:
            form.add_error(None, str(refusal))
        else:
            write_audit(action="agreement offered", by=scope.user.email, subject=made)
            messages.success(request, _("The offer is on the table: it holds once the other side accepts."))
            return redirect("portal:agreements")
    return render(request, "portal/offer_form.html", {"scope": scope, "form": form, "side": side})


@require_POST
@portal_page(to=Action.AGREE)
def answer(request: HttpRequest, scope: Scope, offer_id: int) -> HttpResponse:
    """This function will accept or decline an offer of the other side, or take back an own one."""
    parties = scope.parties(to=Action.AGREE)
    row = get_object_or_404(offers_of(parties), pk=offer_id)
    own = set(parties.values_list("pk", flat=True))
    verb, now = request.POST.get("answer", ""), timezone.now()
    # Whoever works for both sides answers for neither alone: the maker's own person takes back, the other side's person accepts.
    answers_for = {row.operator_id, row.provider_id} - {row.made_by_id}
    try:
        if verb == "withdraw" and row.made_by_id in own:
            withdraw_offer(offer=row, person=scope.user.email, at=now)
        elif verb in ("accept", "decline") and answers_for & own and scope.user.email != row.made_by_person:
            answer_offer(offer=row, accepts=verb == "accept", person=scope.user.email, at=now)
        else:
            messages.warning(request, _("The other side answers an offer, by another person than the one who made it."))
            return redirect("portal:agreements")
    except (OfferAnswered, NotSigned) as refusal:
        messages.warning(request, str(refusal))
        return redirect("portal:agreements")
    write_audit(action=f"agreement offer {verb}", by=scope.user.email, subject=row)
    messages.success(request, {"accept": _("Signed."), "decline": _("Declined."), "withdraw": _("Taken back.")}[verb])
    return redirect("portal:agreements")


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(to=Action.AGREE)
def end(request: HttpRequest, scope: Scope, agreement_id: int) -> HttpResponse:
    """This function will say what an end means for drivers, ask for the day, and end the agreement with notice."""
    parties = scope.parties(to=Action.AGREE)
    row = get_object_or_404(
        RoamingAgreement.objects.select_related("operator", "provider").exclude(operator=None),
        Q(operator__in=parties) | Q(provider__in=parties),
        pk=agreement_id,
    )
    now = timezone.now()
    earliest = now.astimezone(UTC).date() + NOTICE
    form = EndForm(request.POST or None, initial={"on": earliest})
    if request.method == "POST" and form.is_valid():
        try:
            end_by_notice(agreement=row, on=form.cleaned_data["on"], at=now)
        except NoticeTooShort as refusal:
            form.add_error("on", str(refusal))
        else:
            write_audit(action="agreement ended", by=scope.user.email, subject=row, after={"on": str(form.cleaned_data["on"])})
            messages.success(request, _("The agreement ends on that day. What was charged until then stays."))
            return redirect("portal:agreements")
    return render(request, "portal/agreement_end.html", {"scope": scope, "agreement": row, "form": form, "earliest": earliest})
