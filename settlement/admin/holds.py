"""Held CDRs: why each is held, in words, and its release with a reason that is kept."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import action, display
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from roaming.admin.notes import NOTE, Noted
from roaming.admin.pages import BigTablePage, page_link
from roaming.admin.steps import Step, StepsPage
from roaming.figures import chip, energy, exact_money, figure, instant, moment, party_cell, place_of, two_lines
from settlement.clearing.release import AboveLimit, CannotRelease, NotHeld, ReasonMissing, SecondPersonNeeded, release_hold
from settlement.models import Hold
from settlement.terms.rights import RoleMayNot


def _release(request: HttpRequest, hold: Hold, reason: str) -> str:
    released = release_hold(
        hold=hold,
        by=str(request.user.get_username()),
        by_role=str(getattr(request.user, "staff_role", "")),
        reason=reason,
        at=timezone.now(),
    )
    if released.state == Hold.State.HELD:
        return f"CDR {hold.cdr.cdr_id} is worth so much that another person releases it, too."
    return f"CDR {hold.cdr.cdr_id} is released and charged."


def _asked(hold: Hold) -> str:
    return (
        f" {hold.release_asked_by} asked for it on {instant(hold.release_asked_at)}; you are the second person."
        if hold.release_asked_by
        else ""
    )


_RELEASE = Step(
    name="release",
    label="Release with a reason",
    permission="settlement.release_hold",
    explains=lambda hold: (
        f"{hold.cdr.provider} will be charged for this CDR although the checks below spoke against it. Your name and reason stay with it."
        f"{_asked(hold)}"
    ),
    offered=lambda hold: hold.state == Hold.State.HELD,
    run=_release,
    refusals=(RoleMayNot, NotHeld, ReasonMissing, CannotRelease, AboveLimit, SecondPersonNeeded),
    asks_reason=True,
)


@admin.register(Hold)
class HoldPage(Noted, BigTablePage, StepsPage):
    """Holds, the newest first. A held CDR is kept out of every run until somebody releases it, or its operator credits it."""

    empty = "Nothing is held. CDRs that a check speaks against appear here, with the money at risk."
    steps = (_RELEASE, NOTE)
    actions = ["release_many"]
    list_disable_select_all = True
    list_display = ["cdr_cell", "why", "operator", "provider", "energy_figure", "net_figure", "state_chip", "since_cell"]
    list_filter = ["state", "cdr__owner", "cdr__provider"]
    list_select_related = ["cdr__owner", "cdr__provider"]
    search_help_text = "CDR id."
    fieldsets = [
        (None, {"fields": [("cdr_link", "state_chip"), ("operator", "provider"), ("where", "when"), ("energy_figure", "net_figure")]}),
        ("Why it is held", {"fields": ["reasons_list", "since"]}),
        ("Release", {"fields": [("released", "release_reason")]}),
        ("Notes and changes", {"fields": ["trail"]}),
    ]
    readonly_fields = [
        *["cdr_link", "state_chip", "operator", "provider", "where", "when", "energy_figure", "net_figure"],
        *["reasons_list", "since", "released", "trail"],
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hold]:
        """This function will leave the received bytes aside."""
        queryset: QuerySet[Hold] = super().get_queryset(request).defer("cdr__received")
        return queryset

    def has_release_permission(self, request: HttpRequest) -> bool:
        """This function will tell who may release."""
        return bool(request.user.has_perm("settlement.release_hold"))

    @action(description="Release the selected, with one reason…", permissions=["release"])
    def release_many(self, request: HttpRequest, queryset: QuerySet[Hold]) -> HttpResponse | None:
        """This function will show what would be released and how much money that is, and release it when the reason is sent."""
        holds = list(queryset.filter(state=Hold.State.HELD).select_related("cdr__owner", "cdr__provider").defer("cdr__received"))
        reason = request.POST.get("reason", "").strip()
        if not holds:
            messages.warning(request, "None of these is held any more.")
            return None
        if "confirmed" in request.POST and reason:
            self._release_each(request, holds, reason)
            return None
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for hold in holds:
            sums[hold.cdr.currency] += hold.cdr.net
        told = {
            **self.admin_site.each_context(request),
            "title": "Release held CDRs",
            "opts": self.opts,
            "holds": holds,
            "sums": sorted(sums.items()),
            "problem": "Say why: the reason is kept with each row." if "confirmed" in request.POST else "",
            "media": self.media,
        }
        return TemplateResponse(request, "admin/bulk_release.html", told)

    def _release_each(self, request: HttpRequest, holds: list[Hold], reason: str) -> None:
        released = 0
        for hold in holds:
            try:
                told = _release(request, hold, reason)
                if "another person" in told:
                    messages.warning(request, told)
                else:
                    released += 1
            except _RELEASE.refusals as refusal:
                messages.error(request, f"{hold.cdr.cdr_id}: {refusal}")
        messages.success(request, f"{released} of {len(holds)} are released and charged.")

    def find(self, queryset: QuerySet[Hold], text: str) -> QuerySet[Hold]:
        """This function will find by the id of the CDR, in any letter case."""
        return queryset.filter(cdr__cdr_key=text.upper())

    def facts(self, row: Hold) -> list[tuple[str, Any]]:
        """This function will show what is about to be charged, and what spoke against it."""
        return [
            ("CDR", row.cdr.cdr_id),
            ("Operator", row.cdr.owner),
            ("Provider, who pays", row.cdr.provider),
            ("Where", self.where(row)),
            ("When", self.when(row)),
            ("Energy", self.energy_figure(row)),
            ("Price before VAT", self.net_figure(row)),
            ("Held because", self.reasons_list(row)),
        ]

    @display(description="CDR")
    def cdr_cell(self, row: Hold) -> SafeString:
        """This function will name the CDR and when it ended."""
        return two_lines(row.cdr.cdr_id, instant(row.cdr.ended_at))

    @display(description="CDR")
    def cdr_link(self, row: Hold) -> SafeString | str:
        """This function will link to the CDR."""
        return page_link(row.cdr)

    @display(description="why")
    def why(self, row: Hold) -> str:
        """This function will tell the first two reasons, and how many more there are."""
        told = [str(reason.get("message") or reason.get("code")) for reason in row.reasons]
        more = f" (+{len(told) - 2} more)" if len(told) > 2 else ""
        return "; ".join(told[:2]) + more if told else "no reason kept"

    @display(description="reasons")
    def reasons_list(self, row: Hold) -> SafeString:
        """This function will show every reason as a sentence, with the check that found it."""
        rows = ((reason.get("message", ""), reason.get("code", ""), reason.get("check", "")) for reason in row.reasons)
        return format_html('<ul class="reasons">{}</ul>', format_html_join("", "<li>{} <small>{} · check {}</small></li>", rows))

    @display(description="operator")
    def operator(self, row: Hold) -> SafeString | str:
        """This function will name the operator."""
        return party_cell(row.cdr.owner)

    @display(description="provider")
    def provider(self, row: Hold) -> SafeString | str:
        """This function will name the provider."""
        return party_cell(row.cdr.provider)

    @display(description="where")
    def where(self, row: Hold) -> str:
        """This function will tell the place."""
        place = place_of(row.cdr.body)
        return ", ".join(part for part in (place.name, place.address, place.city, place.country) if part)

    @display(description="when")
    def when(self, row: Hold) -> str:
        """This function will tell begin and end."""
        return f"{instant(row.cdr.started_at)} – {instant(row.cdr.ended_at)}"

    @display(description="energy")
    def energy_figure(self, row: Hold) -> SafeString:
        """This function will show the energy."""
        return figure(energy(row.cdr.energy_kwh))

    @display(description="net")
    def net_figure(self, row: Hold) -> SafeString:
        """This function will show the price before VAT: the money at risk."""
        return figure(exact_money(row.cdr.net, row.cdr.currency))

    @display(description="state")
    def state_chip(self, row: Hold) -> SafeString:
        """This function will show the state."""
        return chip(row.state)

    @display(description="held since")
    def since_cell(self, row: Hold) -> SafeString | str:
        """This function will tell since when, for the list."""
        return moment(row.held_at)

    @display(description="held since")
    def since(self, row: Hold) -> str:
        """This function will tell since when."""
        return instant(row.held_at)

    @display(description="released")
    def released(self, row: Hold) -> str:
        """This function will tell who released it, and when."""
        return f"{row.released_by}, {instant(row.released_at)}" if row.released_at else "not released"
