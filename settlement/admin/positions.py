"""From a net to its CDRs: positions over all runs, and the pair totals they are made of, each with its way down."""

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from roaming.admin.pages import ReadOnlyPage, page_link
from roaming.figures import figure, link, money
from settlement.admin.runs import PositionsOfRun
from settlement.models import PairTotal, Position


@admin.register(Position)
class PositionPage(ReadOnlyPage):
    """Positions over all runs: how a party's net developed."""

    empty = "No position yet. Positions appear when a period is closed."
    list_display = ["who", "run_link", "receivable_figure", "payable_figure", "fees_figure", "net_figure"]
    list_filter = ["currency", "run__period", "party"]
    list_select_related = ["party", "run__netting_set"]
    ordering = ["-run__starts_at", "currency", "party__country_code", "party__party_id"]
    fields = ["who", "run_link", "receivable_figure", "payable_figure", "fees_figure", "net_figure", "pairs"]
    readonly_fields = fields
    who = PositionsOfRun.who
    receivable_figure = PositionsOfRun.receivable_figure
    payable_figure = PositionsOfRun.payable_figure
    fees_figure = PositionsOfRun.fees_figure
    net_figure = PositionsOfRun.net_figure

    @display(description="run")
    def run_link(self, row: Position) -> SafeString | str:
        """This function will link to the run."""
        return page_link(row.run)

    @display(description="made of")
    def pairs(self, row: Position) -> SafeString:
        """This function will link to the pairs that the net is made of."""
        listed = f"{reverse('admin:settlement_pairtotal_changelist')}?run__id__exact={row.run_id}&currency__exact={row.currency}"
        return format_html(
            "{} · {}",
            link(f"{listed}&operator__id__exact={row.party_id}", "what it earned, by provider"),
            link(f"{listed}&provider__id__exact={row.party_id}", "what it owes, by operator"),
        )


@admin.register(PairTotal)
class PairTotalPage(ReadOnlyPage):
    """What one provider owes one operator in a run: the step between a position and its CDRs."""

    empty = "No pair total yet. They appear when a period is closed."
    list_display = ["run", "provider", "operator", "bucket", "count", "gross_figure", "cdrs"]
    list_filter = ["run__period", "currency", "bucket", "operator", "provider"]
    list_select_related = ["operator", "provider", "run__netting_set"]
    ordering = ["-run__starts_at", "-gross"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """This function will let a position's link name its run."""
        return lookup == "run__id__exact" or bool(super().lookup_allowed(lookup, value, request))

    @display(description="made of")
    def cdrs(self, row: PairTotal) -> SafeString:
        """This function will link to the CDRs that the total is made of."""
        told: dict[str, str | int] = {
            "owner__id__exact": row.operator_id,
            "provider__id__exact": row.provider_id,
            "charge__period": row.run.period,
            "charge__netting_set": row.run.netting_set_id,
            "charge__bucket": row.bucket,
            "charge__currency": row.currency,
        }
        return link(f"{reverse('admin:roaming_cdr_changelist')}?{urlencode(told)}", "its CDRs")

    @display(description="gross")
    def gross_figure(self, row: PairTotal) -> SafeString:
        """This function will show the gross."""
        return figure(money(row.gross, row.currency))
