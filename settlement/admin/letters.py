"""Dunning letters: what each would say, and its release or its withholding by a person of finance."""

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from roaming.admin.steps import Step, StepsPage
from roaming.figures import chip, figure, instant, money, party_cell
from settlement.models import DunningLetter
from settlement.payments.dunning import NAMES
from settlement.payments.letters import (
    LetterDecided,
    NoSuchLetter,
    NothingOpen,
    WithholdingNeedsReason,
    release_letter,
    withhold_letter,
)
from settlement.terms.rights import RoleMayNot

_REFUSALS = (LetterDecided, NoSuchLetter, NothingOpen, RoleMayNot, WithholdingNeedsReason)


def _name(request: HttpRequest) -> str:
    return str(request.user.get_username())


def _role(request: HttpRequest) -> str:
    return str(getattr(request.user, "staff_role", ""))


def _release(request: HttpRequest, letter: DunningLetter, reason: str) -> str:
    release_letter(letter_id=letter.pk, by=_name(request), by_role=_role(request), at=timezone.now())
    return f"The letter to {letter.notice.payment.payer} is released: it is mailed within the hour."


def _withhold(request: HttpRequest, letter: DunningLetter, reason: str) -> str:
    withhold_letter(letter_id=letter.pk, reason=reason, by=_name(request), by_role=_role(request), at=timezone.now())
    return f"The letter to {letter.notice.payment.payer} stays here."


def _waits(letter: DunningLetter) -> bool:
    return letter.state == DunningLetter.State.DRAFT


_STEPS = (
    Step(
        name="release",
        label="Release",
        permission="settlement.release_letter",
        explains=lambda letter: (
            f"{letter.notice.payment.payer} is asked, in the name of {letter.notice.payment.payee}, for what is open today, with interest "
            "as agreed. The letter goes to the debtor's people of finance once and cannot be taken back."
        ),
        offered=_waits,
        run=_release,
        refusals=_REFUSALS,
    ),
    Step(
        name="withhold",
        label="Withhold with a reason",
        permission="settlement.release_letter",
        explains=lambda letter: "The letter is not sent. The payment stays overdue; its next stage drafts another letter.",
        offered=_waits,
        run=_withhold,
        refusals=_REFUSALS,
        asks_reason=True,
    ),
)


@admin.register(DunningLetter)
class LetterPage(StepsPage):
    """Letters of overdue payments, those that wait first. The PDF: manage.py export_letter --letter …"""

    empty = "No letter. Payments that are three days overdue have one that waits here for a person."
    steps = _STEPS
    list_display = ["letter", "debtor", "creditor", "open_figure", "state_chip", "decided", "mailed"]
    list_filter = ["state", "notice__stage", "notice__payment__payer"]
    list_select_related = ["notice__payment__payer", "notice__payment__payee"]
    ordering = ["state", "-id"]
    fields = ["letter", ("debtor", "creditor"), "open_figure", "state_chip", ("decided", "reason"), "mailed"]
    readonly_fields = ["letter", "debtor", "creditor", "open_figure", "state_chip", "decided", "mailed"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DunningLetter]:
        """This function will read the payment along."""
        rows: QuerySet[DunningLetter] = super().get_queryset(request)
        return rows.select_related("notice__payment__payer", "notice__payment__payee")

    @display(description="letter")
    def letter(self, row: DunningLetter) -> str:
        """This function will name the stage."""
        return f"stage {row.notice.stage}: {NAMES[row.notice.stage]}"

    @display(description="to")
    def debtor(self, row: DunningLetter) -> SafeString | str:
        """This function will name who owes."""
        return party_cell(row.notice.payment.payer)

    @display(description="in the name of")
    def creditor(self, row: DunningLetter) -> SafeString | str:
        """This function will name who is owed."""
        return party_cell(row.notice.payment.payee)

    @display(description="open at that stage")
    def open_figure(self, row: DunningLetter) -> SafeString:
        """This function will show what was open when the stage was reached."""
        return figure(money(row.notice.open_amount, row.notice.payment.currency))

    @display(description="state")
    def state_chip(self, row: DunningLetter) -> SafeString:
        """This function will show the state."""
        return chip(row.state)

    @display(description="decided")
    def decided(self, row: DunningLetter) -> str:
        """This function will tell who decided, and when."""
        return f"{row.decided_by or 'the hub'}, {instant(row.decided_at)}" if row.decided_at else "waits"

    @display(description="mailed")
    def mailed(self, row: DunningLetter) -> str:
        """This function will tell when it was mailed."""
        return instant(row.mailed_at) if row.mailed_at else "not mailed"
