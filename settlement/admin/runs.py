"""Netting runs: what was closed, what it says, and the two steps that follow: approve by another person, then issue."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from roaming.admin.notes import NOTE, Noted
from roaming.admin.pages import ReadOnlyRows, page_link
from roaming.admin.steps import Step, StepsPage
from roaming.figures import NOTHING, chip, figure, instant, money, number, party_cell, two_lines
from settlement.admin.downloads import download_links
from settlement.admin.variance import compare_pairs, compare_positions, draft_before, run_before, variance_table
from settlement.models import NettingRun, PlannedPayment, Position, Statement
from settlement.netting.void import CannotVoid, VoidNeedsReason, void_run
from settlement.statements.approve import FiguresChanged, MakerIsChecker, WrongState, approve_run
from settlement.statements.issue import issue_run
from settlement.terms.rights import RoleMayNot

_FIRST_RUN = "the first run of this netting set: there is nothing to compare it with"


class PositionsOfRun(ReadOnlyRows):
    """What each party owes or is owed. The hub stands among them; they sum to zero per currency."""

    model = Position
    fields = ["who", "currency", "receivable_figure", "payable_figure", "fees_figure", "net_figure"]
    readonly_fields = ["who", "receivable_figure", "payable_figure", "fees_figure", "net_figure"]
    ordering = ["currency", "party__country_code", "party__party_id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Position]:
        """This function will read the parties along."""
        queryset: QuerySet[Position] = super().get_queryset(request).select_related("party")
        return queryset

    @display(description="party")
    def who(self, row: Position) -> SafeString | str:
        """This function will name the party."""
        return party_cell(row.party)

    @display(description="receivable")
    def receivable_figure(self, row: Position) -> SafeString:
        """This function will show what the party earned."""
        return figure(money(row.receivable, row.currency))

    @display(description="payable")
    def payable_figure(self, row: Position) -> SafeString:
        """This function will show what the party's drivers cost."""
        return figure(money(row.payable, row.currency))

    @display(description="hub fees")
    def fees_figure(self, row: Position) -> SafeString:
        """This function will show the fees, the hub's own negative."""
        return figure(money(row.fees, row.currency))

    @display(description="net")
    def net_figure(self, row: Position) -> SafeString:
        """This function will show the net: negative is owed, positive is due to the party."""
        return figure(money(row.net, row.currency))


class StatementsOfRun(ReadOnlyRows):
    """The statements drafted or issued from the run."""

    model = Statement
    fields = ["statement", "who", "state_chip", "net_figure", "files"]
    readonly_fields = ["statement", "who", "state_chip", "net_figure", "files"]
    ordering = ["currency", "party__country_code", "party__party_id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Statement]:
        """This function will read the parties along."""
        queryset: QuerySet[Statement] = super().get_queryset(request).select_related("party").defer("content")
        return queryset

    @display(description="statement")
    def statement(self, row: Statement) -> SafeString | str:
        """This function will link to the statement."""
        return page_link(row, row.number or f"draft {row.pk}")

    @display(description="party")
    def who(self, row: Statement) -> SafeString | str:
        """This function will name the party."""
        return party_cell(row.party)

    @display(description="state")
    def state_chip(self, row: Statement) -> SafeString:
        """This function will show the state."""
        return chip(row.state)

    @display(description="net")
    def net_figure(self, row: Statement) -> SafeString:
        """This function will show the net."""
        return figure(money(row.net, row.currency))

    @display(description="download")
    def files(self, row: Statement) -> SafeString | str:
        """This function will offer the files."""
        return download_links(row)


class PaymentsOfRun(ReadOnlyRows):
    """The fewest payments that settle the run."""

    model = PlannedPayment
    verbose_name_plural = "payment plan"
    ordering = ["currency", "-amount", "id"]
    fields = ["from_whom", "to_whom", "amount_figure"]
    readonly_fields = ["from_whom", "to_whom", "amount_figure"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlannedPayment]:
        """This function will read both parties along."""
        queryset: QuerySet[PlannedPayment] = super().get_queryset(request).select_related("payer", "payee")
        return queryset

    @display(description="payer")
    def from_whom(self, row: PlannedPayment) -> SafeString | str:
        """This function will name the payer."""
        return party_cell(row.payer)

    @display(description="payee")
    def to_whom(self, row: PlannedPayment) -> SafeString | str:
        """This function will name the payee."""
        return party_cell(row.payee)

    @display(description="amount")
    def amount_figure(self, row: PlannedPayment) -> SafeString:
        """This function will show the amount."""
        return figure(money(row.amount, row.currency))


def _approve(request: HttpRequest, run: NettingRun, reason: str) -> str:
    approve_run(run=run, by=_name(request), by_role=_role(request), at=timezone.now())
    return f"Run {run.period} is approved. Next: issue it."


def _issue(request: HttpRequest, run: NettingRun, reason: str) -> str:
    issue_run(run=run, by=_name(request), by_role=_role(request), at=timezone.now())
    return f"Run {run.period} is issued: its statements are numbered, frozen and visible to the partners."


def _void(request: HttpRequest, run: NettingRun, reason: str) -> str:
    void_run(run=run, by=_name(request), by_role=_role(request), reason=reason, at=timezone.now())
    return f"The draft of {run.period} is void and the period open again. The board offers to close it; the next draft is compared with it."


def _name(request: HttpRequest) -> str:
    return str(request.user.get_username())


def _role(request: HttpRequest) -> str:
    return str(getattr(request.user, "staff_role", ""))


_APPROVE = Step(
    name="approve",
    label="Approve",
    permission="settlement.approve_run",
    explains=lambda run: (
        f"You confirm the figures below, exactly as they stand. {run.closed_by or 'Nobody'} closed this run and cannot approve it. "
        "From then on nothing is recomputed; held CDRs stay out and go to a later period."
    ),
    offered=lambda run: run.state == NettingRun.State.DRAFT,
    run=_approve,
    refusals=(RoleMayNot, MakerIsChecker, WrongState, FiguresChanged),
    seen=lambda run: run.digest,
)
_ISSUE = Step(
    name="issue",
    label="Issue statements",
    permission="settlement.issue_run",
    explains=lambda run: (
        "Each statement takes its number from the gapless series and is frozen. Partners see and download it at once. "
        "This cannot be undone: corrections go to the next period."
    ),
    offered=lambda run: run.state == NettingRun.State.APPROVED,
    run=_issue,
    refusals=(RoleMayNot, WrongState, FiguresChanged),
    seen=lambda run: run.digest,
)
_VOID = Step(
    name="void",
    label="Void",
    permission="settlement.void_run",
    explains=lambda run: (
        "The draft is taken back: its entries are reversed, its statements void, and the period is open again. Nothing is deleted; "
        "the next draft is shown beside this one."
    ),
    offered=lambda run: run.state == NettingRun.State.DRAFT,
    run=_void,
    refusals=(RoleMayNot, VoidNeedsReason, CannotVoid),
    asks_reason=True,
    is_grave=True,
    seen=lambda run: run.digest,
)
_NEXT = {
    NettingRun.State.DRAFT: "review, then approve (not by the closer)",
    NettingRun.State.APPROVED: "issue the statements",
    NettingRun.State.ISSUED: "done",
    NettingRun.State.VOID: "none: voided",
}


@admin.register(NettingRun)
class RunPage(Noted, StepsPage):
    """Runs. Closed on the board or by command; approved, issued and voided here or by command."""

    empty = "No run yet. A month that ended is closed on the first page (Today)."
    steps = (_APPROVE, _ISSUE, _VOID, NOTE)
    list_display = ["run", "state_chip", "next_step", "cdrs_figure", "held_figure", "gross_figure", "closer", "approver"]
    list_filter = ["state", "netting_set"]
    list_select_related = ["netting_set"]
    ordering = ["-starts_at", "-id"]
    inlines = [PositionsOfRun, StatementsOfRun, PaymentsOfRun]
    fieldsets = [
        (None, {"fields": [("run", "state_chip"), ("span", "next_step"), ("cdrs_figure", "held_figure"), "figures_table"]}),
        ("Against the draft before", {"fields": ["former_draft", "drafts_positions", "drafts_pairs"]}),
        ("Against the run before", {"fields": ["against_positions", "against_pairs"]}),
        ("Four eyes", {"fields": [("closed", "approved"), ("issued", "short_digest"), "chain_head"]}),
        ("Notes and changes", {"fields": ["trail"]}),
    ]
    readonly_fields = [
        *["run", "state_chip", "span", "next_step", "cdrs_figure", "held_figure", "figures_table"],
        *["closed", "approved", "issued", "short_digest", "chain_head", "trail", "against_positions", "against_pairs"],
        *["former_draft", "drafts_positions", "drafts_pairs"],
    ]

    def get_fieldsets(self, request: HttpRequest, obj: NettingRun | None = None) -> Any:
        """This function will compare with a former draft only where there is one."""
        given = super().get_fieldsets(request, obj)
        has_former = obj is not None and draft_before(obj) is not None
        return [part for part in given if has_former or part[0] != "Against the draft before"]

    def facts(self, row: NettingRun) -> list[tuple[str, Any]]:
        """This function will show what is about to be approved or issued."""
        nets = row.positions.select_related("party").order_by("currency", "party__country_code", "party__party_id")
        return [
            ("Run", str(row)),
            ("CDRs", number(row.cdr_count, decimals=0)),
            ("Held, not in this run", number(row.held_count, decimals=0)),
            *((str(position.party), figure(money(position.net, position.currency))) for position in nets),
            ("Digest of these figures", row.digest[:16]),
        ]

    @display(description="run", ordering="starts_at")
    def run(self, row: NettingRun) -> str:
        """This function will name the run by period and netting set."""
        return f"{row.period} · {row.netting_set}"

    @display(description="state")
    def state_chip(self, row: NettingRun) -> SafeString:
        """This function will show the state."""
        return chip(row.state, row.get_state_display())

    @display(description="next step")
    def next_step(self, row: NettingRun) -> str:
        """This function will tell what the run waits for."""
        return _NEXT[NettingRun.State(row.state)]

    @display(description="period")
    def span(self, row: NettingRun) -> str:
        """This function will tell first and last instant, the last not included."""
        return f"{instant(row.starts_at)} until {instant(row.ends_at)}"

    @display(description="CDRs")
    def cdrs_figure(self, row: NettingRun) -> SafeString:
        """This function will count what is in the run."""
        return figure(number(row.cdr_count, decimals=0))

    @display(description="held")
    def held_figure(self, row: NettingRun) -> SafeString:
        """This function will count what was left out."""
        return figure(number(row.held_count, decimals=0))

    @display(description="gross")
    def gross_figure(self, row: NettingRun) -> SafeString:
        """This function will show the gross per currency."""
        grosses = ((figure(money(gross, currency)),) for currency, gross in sorted(_gross(row.figures).items()))
        return format_html_join("", '<span class="first-line">{}</span>', grosses)

    @display(description="figures per currency")
    def figures_table(self, row: NettingRun) -> SafeString | str:
        """This function will show gross, moved and payments per currency."""
        return _figures_table(row.figures)

    @display(description="nets")
    def against_positions(self, row: NettingRun) -> SafeString | str:
        """This function will compare what each party owes or is owed with the run before."""
        before = run_before(row)
        return variance_table(compare_positions(run=row, before=before)) if before else _FIRST_RUN

    @display(description="pairs")
    def against_pairs(self, row: NettingRun) -> SafeString | str:
        """This function will compare the gross of each pair with the run before."""
        before = run_before(row)
        return variance_table(compare_pairs(run=row, before=before)) if before else _FIRST_RUN

    @display(description="draft before")
    def former_draft(self, row: NettingRun) -> SafeString | str:
        """This function will name the voided draft, say why it was voided, and how many CDRs came in or left since."""
        former = draft_before(row)
        if former is None:
            return NOTHING
        moved = row.cdr_count - former.cdr_count
        held = row.held_count - former.held_count
        words = f"voided by {former.voided_by}, {instant(former.voided_at)}: {former.void_reason}. CDRs {moved:+,}, held {held:+,} since."
        return format_html("{}, {}", page_link(former), words)

    @display(description="nets")
    def drafts_positions(self, row: NettingRun) -> SafeString | str:
        """This function will compare what each party owes or is owed with the draft before."""
        return variance_table(compare_positions(run=row, before=draft_before(row)))

    @display(description="pairs")
    def drafts_pairs(self, row: NettingRun) -> SafeString | str:
        """This function will compare the gross of each pair with the draft before."""
        return variance_table(compare_pairs(run=row, before=draft_before(row)))

    @display(description="closed by")
    def closer(self, row: NettingRun) -> SafeString:
        """This function will tell who closed."""
        return two_lines(row.closed_by or "the timetable", instant(row.closed_at))

    @display(description="approved by")
    def approver(self, row: NettingRun) -> SafeString | str:
        """This function will tell who approved."""
        return two_lines(row.approved_by, instant(row.approved_at)) if row.approved_at else "nobody yet"

    @display(description="closed")
    def closed(self, row: NettingRun) -> str:
        """This function will tell who closed, and when."""
        return _who_and_when(row.closed_by, row.closed_at)

    @display(description="approved")
    def approved(self, row: NettingRun) -> str:
        """This function will tell who approved, and when."""
        return _who_and_when(row.approved_by, row.approved_at)

    @display(description="issued")
    def issued(self, row: NettingRun) -> str:
        """This function will tell who issued, and when."""
        return _who_and_when(row.issued_by, row.issued_at)

    @display(description="digest approved")
    def short_digest(self, row: NettingRun) -> str:
        """This function will show the beginning of the digest: enough to compare two screens."""
        return row.digest[:16]

    @display(description="head of the CDR chain")
    def chain_head(self, row: NettingRun) -> str:
        """This function will show the beginning of the chain's head at issue."""
        return row.ledger_head[:16] or "when issued"


def _gross(figures: Mapping[str, Any]) -> dict[str, Decimal]:
    return {currency: Decimal(str(told["gross"])) for currency, told in figures.items() if isinstance(told, Mapping) and "gross" in told}


def _who_and_when(by: str, at: Any) -> str:
    return f"{by or 'the timetable'}, {instant(at)}" if at else "not yet"


def _figures_table(figures: Mapping[str, Any]) -> SafeString | str:
    if not figures:
        return "none"
    rows = format_html_join(
        "",
        "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        (
            (
                currency,
                figure(money(Decimal(str(told.get("gross", 0))), currency)),
                figure(money(Decimal(str(told.get("moved", 0))), currency)),
                figure(str(told.get("pairs", "–"))),
                figure(str(told.get("payments", "–"))),
            )
            for currency, told in sorted(figures.items())
        ),
    )
    return format_html(
        '<table class="small-table"><tr><th></th><th>gross</th><th>really moved</th><th>pairs</th><th>payments</th></tr>{}</table>', rows
    )
