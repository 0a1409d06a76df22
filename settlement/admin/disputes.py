"""Disputes: what is doubted, by whom, until when; taken by somebody, and decided. Each step is the domain's own verb."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from roaming.admin.notes import NOTE, Noted
from roaming.admin.pages import BigTablePage, page_link
from roaming.admin.steps import Step, StepsPage
from roaming.figures import NOTHING, chip, exact_money, figure, instant, moment, party_cell, two_lines
from settlement.disputes.assign import assign_dispute
from settlement.disputes.end import ResolvedAlready
from settlement.disputes.resolve import WrongOutcome, resolve_dispute
from settlement.models import Dispute
from settlement.terms.rights import RoleMayNot

_OPEN = (Dispute.State.OPEN, Dispute.State.ANSWERED, Dispute.State.ESCALATED)
_REFUSALS = (RoleMayNot, ResolvedAlready, WrongOutcome)


def _person(request: HttpRequest) -> dict[str, Any]:
    return {"by": str(request.user.get_username()), "by_role": str(getattr(request.user, "staff_role", ""))}


def _take(request: HttpRequest, dispute: Dispute, reason: str) -> str:
    assign_dispute(dispute=dispute, to=str(request.user.get_username()), **_person(request))
    return "You look into it."


def _decide(outcome: str) -> Callable[[HttpRequest, Dispute, str], str]:
    def run(request: HttpRequest, dispute: Dispute, reason: str) -> str:
        resolve_dispute(dispute=dispute, outcome=outcome, at=timezone.now(), **_person(request))
        return f"Dispute {dispute.pk} is {outcome}. What follows is booked."

    return run


def _decision(name: str, outcome: str, label: str, follows: str) -> Step:
    return Step(
        name=name,
        label=label,
        permission="settlement.resolve_dispute",
        explains=lambda dispute: f"{follows} This cannot be taken back.",
        offered=lambda dispute: dispute.state in _OPEN,
        run=_decide(outcome),
        refusals=_REFUSALS,
        seen=lambda dispute: f"{dispute.state} {dispute.answer} {dispute.offered_amount}",
    )


_TAKE = Step(
    name="take",
    label="Take it",
    permission="settlement.assign_work",
    explains=lambda dispute: "Others see that you look into it.",
    offered=lambda dispute: dispute.state in _OPEN,
    run=_take,
    refusals=_REFUSALS,
)


@admin.register(Dispute)
class DisputePage(Noted, BigTablePage, StepsPage):
    """Disputes, the newest first. Only the disputed part is withheld from the netting; the rest of the charge is paid."""

    empty = "No dispute yet. Partners open them in the portal, on a CDR or a statement's line; manage.py open_dispute does too."
    steps = (
        _TAKE,
        _decision(
            "uphold", "upheld", "Not owed", "The whole disputed amount is taken back from the operator and returned to the provider."
        ),
        _decision("split", "split", "Split in half", "Half of the disputed amount is not owed, rounded to the currency; the rest is."),
        _decision("reject", "rejected", "Owed", "The disputed amount is owed as it was charged, and is withheld no longer."),
        NOTE,
    )
    list_display = ["dispute", "why", "doubter", "other_side", "amount_figure", "state_chip", "owner_of_work", "due"]
    list_filter = ["state", "reason", "cdr__owner", "cdr__provider"]
    list_select_related = ["cdr__owner", "cdr__provider", "opened_for"]
    search_help_text = "Number of the dispute, or CDR id."
    fieldsets = [
        (None, {"fields": [("cdr_link", "state_chip"), ("doubter", "other_side"), ("amount_figure", "why"), "text"]}),
        ("Clocks", {"fields": [("opened", "owner_of_work"), ("answer_due", "due")]}),
        ("What was said", {"fields": ["answer_told", "messages_list"]}),
        ("End", {"fields": ["ended"]}),
        ("Notes and changes", {"fields": ["trail"]}),
    ]
    readonly_fields = [
        *["cdr_link", "state_chip", "doubter", "other_side", "amount_figure", "why", "opened", "owner_of_work", "answer_due", "due"],
        *["answer_told", "messages_list", "ended", "trail"],
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        """This function will leave the received bytes of the CDRs aside."""
        queryset: QuerySet[Dispute] = super().get_queryset(request).defer("cdr__received", "cdr__body")
        return queryset

    def find(self, queryset: QuerySet[Dispute], text: str) -> QuerySet[Dispute]:
        """This function will find by number, or by the id of the CDR in any letter case."""
        return queryset.filter(pk=text) if text.isdecimal() and len(text) < 18 else queryset.filter(cdr__cdr_key=text.upper())

    def facts(self, row: Dispute) -> list[tuple[str, Any]]:
        """This function will show what is about to be decided."""
        return [
            ("Dispute", f"{row.pk}: {row.get_reason_display()}"),
            ("CDR", row.cdr.cdr_id),
            ("Who doubts", self.doubter(row)),
            ("Other side", self.other_side(row)),
            ("Amount in dispute", self.amount_figure(row)),
            ("Answer", self.answer_told(row)),
        ]

    @display(description="dispute")
    def dispute(self, row: Dispute) -> SafeString:
        """This function will name it by number and CDR."""
        return two_lines(f"No. {row.pk}", row.cdr.cdr_id)

    @display(description="CDR")
    def cdr_link(self, row: Dispute) -> SafeString | str:
        """This function will link to the CDR."""
        return page_link(row.cdr, row.cdr.cdr_id)

    @display(description="reason")
    def why(self, row: Dispute) -> str:
        """This function will tell the reason."""
        return row.get_reason_display()

    @display(description="who doubts")
    def doubter(self, row: Dispute) -> SafeString | str:
        """This function will name the side that doubts."""
        return party_cell(row.opened_for or row.cdr.provider)

    @display(description="other side")
    def other_side(self, row: Dispute) -> SafeString | str:
        """This function will name the side that answers."""
        return party_cell(row.cdr.owner if (row.opened_for_id or row.cdr.provider_id) == row.cdr.provider_id else row.cdr.provider)

    @display(description="amount")
    def amount_figure(self, row: Dispute) -> SafeString:
        """This function will show the gross amount in dispute."""
        return figure(exact_money(row.amount, row.currency))

    @display(description="state")
    def state_chip(self, row: Dispute) -> SafeString:
        """This function will show the state."""
        return chip("open" if row.state in _OPEN else "released", row.get_state_display())

    @display(description="who looks into it")
    def owner_of_work(self, row: Dispute) -> str:
        """This function will name who took it."""
        return row.assigned_to or "nobody yet"

    @display(description="opened")
    def opened(self, row: Dispute) -> str:
        """This function will tell who opened it, and when."""
        return f"{row.opened_by}, {instant(row.opened_at)}"

    @display(description="answer due")
    def answer_due(self, row: Dispute) -> str:
        """This function will tell until when the other side answers."""
        return instant(row.answer_due_at)

    @display(description="decision due")
    def due(self, row: Dispute) -> SafeString | str:
        """This function will tell until when it is decided."""
        return moment(row.resolve_due_at)

    @display(description="answer")
    def answer_told(self, row: Dispute) -> str:
        """This function will tell what the other side answered."""
        offered = f" ({exact_money(row.offered_amount, row.currency)} not owed)" if row.offered_amount is not None else ""
        return f"{row.get_answer_display()}{offered}, {row.answered_by}" if row.answer else "none yet"

    @display(description="messages")
    def messages_list(self, row: Dispute) -> SafeString | str:
        """This function will show what was said, in order."""
        said = [(message.by, instant(message.said_at), message.text) for message in row.messages.order_by("id")]
        if not said:
            return NOTHING
        return format_html('<ul class="reasons">{}</ul>', format_html_join("", "<li>{} <small>{}</small><br>{}</li>", said))

    @display(description="ended")
    def ended(self, row: Dispute) -> str:
        """This function will tell how it ended."""
        if row.resolved_at is None:
            return "not yet"
        return f"{exact_money(row.upheld_amount, row.currency)} not owed, by {row.resolved_by}, {instant(row.resolved_at)}"
