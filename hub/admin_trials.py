"""Try terms, an agreement or a tariff on a past month before anybody signs it: what would it have cost, earned and held?

Nothing is written here. Terms are signed by command afterwards, and the page writes that command down.
"""

import json
import shlex
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from roaming import canonical
from roaming.models import Party, RoamingAgreement, Tariff
from roaming.protocols.ocpi.cut_down import read_tariffs
from roaming.protocols.ocpi.dialect import BadFields
from roaming.protocols.ocpi.intake import NotJson, read_json
from settlement.clearing.try_terms import NoTermsToTry, Trial, try_terms
from settlement.control.replay import Replay, replay
from settlement.models import SettlementTerms
from settlement.terms.agree import WrongTerms
from settlement.terms.queries import NoTermsInForce, terms_in_force

_MOST_CDRS = 5000
_PLAN = ("percent", "subscription", "minimum")
_SCOPE = ("countries", "token_types", "power_types")
_PLAIN = ("hub_fee", "hub_fee_payer", "price_authority", "tolerance_amount", "tolerance_percent", "late_hold_days")


def _optional(choices: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [("", "as it is"), *choices]


class TrialForm(forms.Form):
    """What is tried, on whom and on which month. A term left empty stays as it is."""

    agreement = forms.ModelChoiceField(RoamingAgreement.objects.none(), required=False, empty_label="a pair, named below")
    operator = forms.ModelChoiceField(Party.objects.none(), required=False, empty_label="–")
    provider = forms.ModelChoiceField(Party.objects.none(), required=False, empty_label="–")
    period = forms.CharField(max_length=8, label="Month", help_text="Like 2026-10. The latest 5,000 CDRs of it are looked at.")
    hub_fee = forms.DecimalField(required=False, min_value=0, max_digits=12, decimal_places=4, label="Hub fee per CDR")
    hub_fee_payer = forms.ChoiceField(required=False, choices=_optional(SettlementTerms.FeePayer.choices), label="Fee paid by")
    percent = forms.DecimalField(required=False, min_value=0, max_digits=6, decimal_places=3, label="Fee, per cent of turnover")
    subscription = forms.DecimalField(required=False, min_value=0, max_digits=12, decimal_places=2, label="Fee per month")
    minimum = forms.DecimalField(required=False, min_value=0, max_digits=12, decimal_places=2, label="Least fee per month")
    price_authority = forms.ChoiceField(
        required=False, choices=_optional(SettlementTerms.PriceAuthority.choices), label="Whose price counts"
    )
    tolerance_amount = forms.DecimalField(required=False, min_value=0, max_digits=8, decimal_places=4, label="Price may differ by")
    tolerance_percent = forms.DecimalField(
        required=False, min_value=0, max_digits=5, decimal_places=2, label="Price may differ by, per cent"
    )
    late_hold_days = forms.IntegerField(required=False, min_value=0, max_value=3650, label="Held when later than, days")
    countries = forms.CharField(required=False, max_length=200, label="Only countries", help_text="Like DEU, NLD.")
    token_types = forms.CharField(required=False, max_length=200, label="Only token types", help_text="Like RFID, APP_USER.")
    power_types = forms.CharField(required=False, max_length=200, label="Only power types", help_text="Like DC, AC_3_PHASE.")
    tariff = forms.CharField(required=False, max_length=36, label="Published tariff", help_text="Its id, of the operator above.")
    tariff_text = forms.CharField(
        required=False,
        max_length=100_000,
        label="Or a tariff of your own",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="OCPI JSON.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parties = Party.objects.order_by("country_code", "party_id")
        agreements = RoamingAgreement.objects.select_related("operator", "provider").order_by("-signed_at")
        for name, rows in (("agreement", agreements), ("operator", parties), ("provider", parties)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows

    def clean_period(self) -> canonical.Period:
        """This function will read the month."""
        try:
            return canonical.Period.parse(str(self.cleaned_data["period"]).strip())
        except canonical.NotAPeriod as wrong:
            raise forms.ValidationError(str(wrong)) from wrong

    def clean(self) -> dict[str, Any]:
        """This function will ask for an agreement or a whole pair, and for something to try."""
        told: dict[str, Any] = super().clean() or {}
        pair = [told.get("operator"), told.get("provider")]
        if told.get("agreement") is None and None in pair:
            raise forms.ValidationError("Name an agreement, or an operator and a provider.")
        if not self.errors and not self.changed_terms() and not told.get("tariff") and not told.get("tariff_text"):
            raise forms.ValidationError("Say at least one term, or a tariff, to try.")
        return told

    def changed_terms(self) -> dict[str, Any]:
        """This function will return the fields of the terms that differ."""
        told = self.cleaned_data
        changed = {name: told[name] for name in _PLAIN if told.get(name) not in (None, "")}
        plan = {name: f"{told[name]}" for name in _PLAN if told.get(name) is not None}
        scope = {name: told[name].upper().replace(",", " ").split() for name in _SCOPE if told.get(name)}
        return changed | ({"fee_plan": plan} if plan else {}) | ({"scope": scope} if scope else {})

    def tariffs(self) -> list[canonical.Tariff]:
        """This function will return the tariff to price with, the pasted one first; it raises BadFields, NotJson and NoSuchTariff."""
        told = self.cleaned_data
        if told["tariff_text"]:
            return list(read_tariffs(read_json(told["tariff_text"].encode())))
        operator = told["agreement"].operator if told["agreement"] and told["agreement"].operator else told["operator"]
        published = Tariff.objects.filter(tariff_key=told["tariff"].upper(), owner=operator).order_by("-last_updated").first()
        if operator is None or published is None:
            raise NoSuchTariff(f"{operator or 'Nobody named as operator'} has published no tariff {told['tariff']}")
        return [canonical.decode(json.dumps(published.document).encode(), canonical.Tariff)]


class NoSuchTariff(Exception):
    """The operator published no tariff of that id."""


def trial(request: HttpRequest) -> HttpResponse:
    """This function will show the form, and beside it what the past month would have been."""
    if not request.user.has_perm("settlement.view_settlementterms"):
        raise PermissionDenied
    last_month = canonical.Period.month_of(canonical.Period.month_of(timezone.now()).starts_at - timedelta(days=1))
    # A look at the past changes nothing, so it may stand in the address: a trial can be kept as a bookmark and sent to a colleague.
    is_asked = "period" in request.GET
    given = {name: request.GET.get(name) for name in ("agreement", "operator", "provider", "tariff")}
    form = TrialForm(request.GET if is_asked else None, initial={"period": last_month.name, **given})
    told: dict[str, Any] = {}
    if is_asked and form.is_valid():
        try:
            told = _tried(form, at=timezone.now())
        except (NoTermsToTry, WrongTerms, NoSuchTariff, NoTermsInForce, NotJson, BadFields) as refusal:
            form.add_error(None, str(refusal))
    context = {**admin.site.each_context(request), "title": "Try a change on a past month", "form": form, **told}
    return TemplateResponse(request, "admin/trial.html", context, status=400 if is_asked and not form.is_valid() else 200)


def _tried(form: TrialForm, *, at: datetime) -> dict[str, Any]:
    told, changed = form.cleaned_data, form.changed_terms()
    agreement, operator, provider, period = told["agreement"], told["operator"], told["provider"], told["period"]
    tried: Trial | None = None
    priced: Replay | None = None
    if changed:
        tried = try_terms(agreement=agreement, operator=operator, provider=provider, period=period, changed=changed, most=_MOST_CDRS)
    if told["tariff"] or told["tariff_text"]:
        tariffs = form.tariffs()
        if agreement is None:
            agreement = terms_in_force(operator=operator, provider=provider, at=at).agreement
        priced = replay(agreement=agreement, tariffs=tariffs, period=period, operator=operator, most=_MOST_CDRS)
    command = _command(told["agreement"], changed) if changed and told["agreement"] else ""
    difference = priced.replayed - priced.told if priced else None
    return {"tried": tried, "priced": priced, "difference": difference, "period": period.name, "command": command}


def _command(agreement: RoamingAgreement, changed: dict[str, Any]) -> str:
    """The command that signs what was tried, but for the day it begins."""
    words = ["manage.py", "change_terms", "--agreement", str(agreement.pk), "--starts", "DATE"]
    for name, value in changed.items():
        words += [f"--{name.replace('_', '-')}", json.dumps(value) if isinstance(value, dict) else str(value)]
    return shlex.join(words)
