"""A run against the one before: what each party owes now and then, and by how much that moved. Big moves are looked at before approving."""

from decimal import Decimal
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from roaming.figures import NOTHING, figure, money, number, party_name
from settlement.models import NettingRun, PairTotal, Position

_MOST_PAIRS = 12
_TABLE = """<table class="small-table">
<tr><th></th><th>now</th><th>before</th><th>moved</th><th>by</th></tr>{}</table>"""


class Variance(NamedTuple):
    """One line: who, in which currency, now and then."""

    who: str
    currency: str
    now: Decimal
    before: Decimal

    @property
    def moved(self) -> Decimal:
        """By how much it moved."""
        return self.now - self.before

    @property
    def share(self) -> str:
        """By how many per cent of what it was, or that there was nothing."""
        return f"{number(self.moved * 100 / abs(self.before), decimals=1)} %" if self.before else "new"


def run_before(run: NettingRun) -> NettingRun | None:
    """This function will return the latest run of the same netting set before this one, or None."""
    earlier = NettingRun.objects.filter(netting_set=run.netting_set_id, starts_at__lt=run.starts_at).exclude(state=NettingRun.State.VOID)
    return earlier.order_by("-starts_at").first()


def draft_before(run: NettingRun) -> NettingRun | None:
    """This function will return the draft of the same period that was voided last before this run was closed, or None."""
    voided = NettingRun.objects.filter(netting_set=run.netting_set_id, period=run.period, state=NettingRun.State.VOID, pk__lt=run.pk)
    return voided.order_by("-pk").first()


def compare_positions(*, run: NettingRun, before: NettingRun | None) -> list[Variance]:
    """This function will compare the nets of two runs (two periods, or two drafts of one), the biggest move first."""
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for place, one in enumerate((run, before)):
        for row in Position.objects.filter(run=one).select_related("party") if one is not None else ():
            sums.setdefault((party_name(row.party), row.currency), [Decimal(0), Decimal(0)])[place] += row.net
    return _sorted(sums)


def compare_pairs(*, run: NettingRun, before: NettingRun | None) -> list[Variance]:
    """This function will compare the gross of each provider and operator, the biggest move first, the first dozen."""
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for place, one in enumerate((run, before)):
        for row in PairTotal.objects.filter(run=one).select_related("operator", "provider") if one is not None else ():
            name = f"{party_name(row.provider)} → {party_name(row.operator)}"
            sums.setdefault((name, row.currency), [Decimal(0), Decimal(0)])[place] += row.gross
    return _sorted(sums)[:_MOST_PAIRS]


def variance_table(rows: list[Variance]) -> SafeString | str:
    """This function will render a comparison."""
    if not rows:
        return NOTHING
    body = format_html_join(
        "",
        "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        (
            (row.who, *(figure(money(amount, row.currency)) for amount in (row.now, row.before, row.moved)), figure(row.share))
            for row in rows
        ),
    )
    return format_html(_TABLE, body)


def _sorted(sums: dict[tuple[str, str], list[Decimal]]) -> list[Variance]:
    rows = [Variance(who, currency, now, before) for (who, currency), (now, before) in sums.items()]
    return sorted(rows, key=lambda row: (-abs(row.moved), row.who))
