"""Statements: what each party was told, line by line, with its files."""

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from roaming.admin.notes import NOTE, Noted
from roaming.admin.pages import ReadOnlyRows, page_link
from roaming.admin.steps import StepsPage
from roaming.figures import chip, day, energy, exact_money, figure, instant, money, number, party_cell
from settlement.admin.downloads import download, download_links
from settlement.models import Statement, StatementLine


class LinesOfStatement(ReadOnlyRows):
    """The lines, signed for the party; they sum to the net."""

    model = StatementLine
    fields = ["number", "kind", "with_whom", "description", "count_figure", "energy_figure", "net_figure", "vat_figure", "gross_figure"]
    readonly_fields = ["with_whom", "count_figure", "energy_figure", "net_figure", "vat_figure", "gross_figure"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatementLine]:
        """This function will read counterparty and currency along."""
        queryset: QuerySet[StatementLine] = super().get_queryset(request).select_related("counterparty", "statement")
        return queryset

    @display(description="with")
    def with_whom(self, row: StatementLine) -> SafeString | str:
        """This function will name the counterparty."""
        return party_cell(row.counterparty)

    @display(description="CDRs")
    def count_figure(self, row: StatementLine) -> SafeString:
        """This function will count the CDRs of the line."""
        return figure(number(row.count, decimals=0))

    @display(description="energy")
    def energy_figure(self, row: StatementLine) -> SafeString:
        """This function will show the energy of the line."""
        return figure(energy(row.energy_kwh))

    @display(description="net")
    def net_figure(self, row: StatementLine) -> SafeString:
        """This function will show the net."""
        return figure(exact_money(row.net, row.statement.currency))

    @display(description="VAT")
    def vat_figure(self, row: StatementLine) -> SafeString:
        """This function will show the VAT and its rate."""
        return figure(f"{exact_money(row.vat, row.statement.currency)} ({number(row.vat_rate, decimals=2)} %)")

    @display(description="gross")
    def gross_figure(self, row: StatementLine) -> SafeString:
        """This function will show the gross."""
        return figure(exact_money(row.gross, row.statement.currency))


@admin.register(Statement)
class StatementPage(Noted, StepsPage):
    """Statements. Drafted with a run, numbered and frozen when it is issued."""

    steps = (NOTE,)
    empty = "No statement yet. Statements are drafted when a period is closed."
    list_display = ["statement", "who", "period", "state_chip", "receivable_figure", "payable_figure", "net_figure", "files"]
    list_filter = ["state", "currency", "run__period", "party"]
    list_select_related = ["party", "run__netting_set"]
    search_fields = ["number", "party__name", "party__party_id"]
    ordering = ["-run__starts_at", "party__country_code", "party__party_id"]
    inlines = [LinesOfStatement]
    fieldsets = [
        (None, {"fields": [("statement", "state_chip"), ("who", "run_link"), ("issued", "due"), "files"]}),
        ("Totals", {"fields": [("receivable_figure", "payable_figure"), ("fees_figure", "net_figure")]}),
        ("Notes and changes", {"fields": ["trail"]}),
    ]
    readonly_fields = [
        *["statement", "state_chip", "who", "run_link", "issued", "due", "files"],
        *["receivable_figure", "payable_figure", "fees_figure", "net_figure", "trail"],
    ]

    def get_urls(self) -> list[URLPattern]:
        """This function will add the files."""
        own = path(
            "<int:statement_id>/download/<str:file_format>/", self.admin_site.admin_view(download), name="settlement_statement_download"
        )
        return [own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Statement]:
        """This function will leave the frozen content aside: it may be long, and the files show it."""
        queryset: QuerySet[Statement] = super().get_queryset(request).defer("content")
        return queryset

    @display(description="statement", ordering="number")
    def statement(self, row: Statement) -> str:
        """This function will name it by its number."""
        return row.number or f"draft {row.pk}"

    @display(description="party")
    def who(self, row: Statement) -> SafeString | str:
        """This function will name the party."""
        return party_cell(row.party)

    @display(description="period")
    def period(self, row: Statement) -> str:
        """This function will name the period."""
        return row.run.period

    @display(description="run")
    def run_link(self, row: Statement) -> SafeString | str:
        """This function will link to the run."""
        return page_link(row.run)

    @display(description="state")
    def state_chip(self, row: Statement) -> SafeString:
        """This function will show the state."""
        return chip(row.state)

    @display(description="issued")
    def issued(self, row: Statement) -> str:
        """This function will tell when it was issued."""
        return instant(row.issued_at) if row.issued_at else "not yet"

    @display(description="due")
    def due(self, row: Statement) -> str:
        """This function will tell when payment is due."""
        return day(row.due_on)

    @display(description="receivable")
    def receivable_figure(self, row: Statement) -> SafeString:
        """This function will show what the party earned."""
        return figure(money(row.receivable, row.currency))

    @display(description="payable")
    def payable_figure(self, row: Statement) -> SafeString:
        """This function will show what the party's drivers cost."""
        return figure(money(row.payable, row.currency))

    @display(description="hub fees")
    def fees_figure(self, row: Statement) -> SafeString:
        """This function will show the fees."""
        return figure(money(row.fees, row.currency))

    @display(description="net", ordering="net")
    def net_figure(self, row: Statement) -> SafeString:
        """This function will show the net: negative is owed, positive is due to the party."""
        return figure(money(row.net, row.currency))

    @display(description="download")
    def files(self, row: Statement) -> SafeString | str:
        """This function will offer the files."""
        return download_links(row)
