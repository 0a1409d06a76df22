"""The rules of CDR control: all checks with what is in force, a change looked at on 90 days of history before it is asked for,
and its approval by somebody else. A rule's history is its changes."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import display
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from roaming.admin.pages import page_link
from roaming.admin.steps import Step, StepsPage
from roaming.figures import chip, instant, money
from roaming.models import RoamingAgreement
from settlement.control.catalogue import CHECKS, Room
from settlement.control.settings import (
    ApprovedAlready,
    Changes,
    MakerIsChecker,
    NoSuchRule,
    NotTighter,
    Setting,
    approve_change,
    propose_change,
    read_settings,
)
from settlement.control.simulate import Simulation, simulate_rule
from settlement.models import RuleChange
from settlement.terms.rights import RoleMayNot

_CHANGEABLE = (Room.CONTROL, Room.REGISTER, Room.TREND)
_DAYS = 90


def _approve(request: HttpRequest, change: RuleChange, reason: str) -> str:
    approve_change(
        change=change, by=str(request.user.get_username()), by_role=str(getattr(request.user, "staff_role", "")), at=timezone.now()
    )
    return f"{_named(change)} is in force for every CDR judged from now on."


def _named(change: RuleChange) -> str:
    return f"Check {change.check_number} {CHECKS[change.check_number].code}: {change.name} = {change.value}"


class ChangeForm(forms.Form):
    """A change of one rule."""

    check = forms.TypedChoiceField(
        coerce=int,
        choices=lambda: [(check.number, f"{check.number} {check.code}") for check in CHECKS.values() if check.room in _CHANGEABLE],
    )
    name = forms.CharField(max_length=20, label="What changes", help_text="“action” (value: flag or hold), or a parameter of the check.")
    value = forms.CharField(max_length=20)
    agreement = forms.ModelChoiceField(
        RoamingAgreement.objects.all(), required=False, empty_label="the whole hub", help_text="An agreement may only tighten."
    )
    reason = forms.CharField(max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text="Kept with the change.")

    def setting(self) -> Setting:
        """This function will return what the form names."""
        told = self.cleaned_data
        return Setting(told["check"], told["name"].strip(), told["value"].strip(), told["agreement"].pk if told["agreement"] else 0)


@admin.register(RuleChange)
class RuleChangePage(StepsPage):
    """Changes of rules, the newest first: asked for by one person, in force once another approved."""

    empty = "No rule was changed yet: the catalogue's values are in force. “All rules” shows them and lets you try a change."
    list_display = ["what", "whose", "state_chip", "asked", "agreed", "reason"]
    list_filter = ["check_number"]
    list_select_related = ["agreement__operator", "agreement__provider"]
    ordering = ["-id"]
    list_before_template = "admin/rules_tools.html"
    fieldsets = [(None, {"fields": [("what", "state_chip"), ("whose", "reason"), ("asked", "agreed")]})]
    readonly_fields = ["what", "whose", "state_chip", "asked", "agreed"]
    steps = (
        Step(
            name="approve",
            label="Approve",
            permission="settlement.approve_rule",
            explains=lambda change: (
                f"The change holds for every CDR judged from then on, and for no earlier one. {change.proposed_by} asked for it "
                "and cannot approve it."
            ),
            offered=lambda change: change.approved_at is None,
            run=_approve,
            refusals=(RoleMayNot, MakerIsChecker, ApprovedAlready),
            seen=lambda change: f"{change.check_number} {change.name} {change.value} {change.agreement_id}",
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """This function will add the page of all rules, where a change is tried and asked for."""
        return [path("all/", self.admin_site.admin_view(self.all_rules), name="settlement_rulechange_all"), *super().get_urls()]

    def facts(self, row: RuleChange) -> list[tuple[str, Any]]:
        """This function will show what is about to be put in force, beside what is."""
        return [
            ("Change", _named(row)),
            ("In force now", _in_force(row.check_number, row.name)),
            ("For", self.whose(row)),
            ("Asked for by", self.asked(row)),
            ("Reason", row.reason),
        ]

    def all_rules(self, request: HttpRequest) -> HttpResponse:
        """This function will show every rule in force; try a change on the past CDRs; or ask for it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_change = request.user.has_perm("settlement.change_rule")
        form = ChangeForm(request.POST if request.method == "POST" else None, initial={"name": "action"})
        tried: Simulation | None = None
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        if request.method == "POST" and form.is_valid():
            try:
                if "propose" in request.POST:
                    return self._propose(request, form)
                tried = simulate_rule(setting=form.setting(), at=timezone.now(), days=_DAYS)
            except (NoSuchRule, NotTighter, RoleMayNot) as refusal:
                form.add_error(None, str(refusal))
        told = {
            **self.admin_site.each_context(request),
            "title": "All rules",
            "opts": self.opts,
            "form": form,
            "may_change": may_change,
            "tried": _described(tried) if tried is not None else None,
            "rules": _rules(),
            "days": _DAYS,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/rules.html", told)

    def _propose(self, request: HttpRequest, form: ChangeForm) -> HttpResponse:
        change = propose_change(
            setting=form.setting(),
            reason=form.cleaned_data["reason"],
            by=str(request.user.get_username()),
            by_role=str(getattr(request.user, "staff_role", "")),
            at=timezone.now(),
        )
        messages.success(request, "Asked for. It holds once a checker who is not you approves it.")
        return redirect(reverse("admin:settlement_rulechange_change", args=[change.pk]))

    @display(description="change")
    def what(self, row: RuleChange) -> SafeString | str:
        """This function will say the change."""
        return _named(row)

    @display(description="for")
    def whose(self, row: RuleChange) -> SafeString | str:
        """This function will tell whom it holds for."""
        return page_link(row.agreement) if row.agreement else "the whole hub"

    @display(description="state")
    def state_chip(self, row: RuleChange) -> SafeString:
        """This function will tell whether it is in force."""
        return chip("approved", "in force since approval") if row.approved_at else chip("waiting", "waits for a checker")

    @display(description="asked for")
    def asked(self, row: RuleChange) -> str:
        """This function will tell who asked, and when."""
        return f"{row.proposed_by}, {instant(row.proposed_at)}"

    @display(description="approved")
    def agreed(self, row: RuleChange) -> str:
        """This function will tell who approved, and when."""
        return f"{row.approved_by}, {instant(row.approved_at)}" if row.approved_at else "not yet"


def _rules() -> list[dict[str, Any]]:
    limits = Changes(read_settings()).limits(agreement=None, amount=None, percent=None, late_days=None)
    return [
        {
            "number": check.number,
            "code": check.code,
            "asks": check.asks,
            "action": limits.action(check.number, check.action),
            "is_changed": limits.action(check.number, check.action) != check.action,
            "parameters": [
                (name, f"{limits.number(check.number, name).normalize():f}", f"{limit.default.normalize():f}")
                for name, limit in check.limits.items()
            ],
        }
        for check in CHECKS.values()
    ]


def _in_force(number: int, name: str) -> str:
    limits = Changes(read_settings()).limits(agreement=None, amount=None, percent=None, late_days=None)
    return limits.action(number, CHECKS[number].action) if name == "action" else f"{limits.number(number, name).normalize():f}"


def _described(told: Simulation) -> dict[str, Any]:
    return {
        **told._asdict(),
        "money_held": ", ".join(money(amount, currency) for currency, amount in told.money_held.items()) or "nothing",
        "money_freed": ", ".join(money(amount, currency) for currency, amount in told.money_freed.items()) or "nothing",
    }
