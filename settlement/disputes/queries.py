"""Read disputes and what they book."""

from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from settlement.disputes.models import Adjustment, Dispute

BUCKET = "dispute"
_OPEN = (Dispute.State.OPEN, Dispute.State.ANSWERED, Dispute.State.ESCALATED)


class Adjusted(NamedTuple):
    """The sum of one pair's adjustments of a period in one VAT group, as a pair total counts it."""

    operator: int
    provider: int
    currency: str
    vat_rate: Decimal
    tax_note: str
    adjustments: int
    net: Decimal
    vat: Decimal


_SUMS = """
SELECT operator_id, provider_id, currency, vat_rate, tax_note, count(*), sum(net), sum(vat)
FROM settlement_adjustment WHERE netting_set_id = %s AND period = %s
GROUP BY operator_id, provider_id, currency, vat_rate, tax_note
ORDER BY operator_id, provider_id, currency, vat_rate, tax_note
"""


def sum_adjustments(*, netting_set: int, period: str) -> list[Adjusted]:
    """This function will sum the adjustments of a period per pair, currency and VAT group, in that order."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [netting_set, period])
        return [Adjusted(*row) for row in cursor.fetchall()]


def describe_adjustments(
    *, netting_set: int, period: str, operator: int, provider: int, currency: str, vat_rate: Decimal, tax_note: str
) -> str:
    """This function will say, for a statement line, which disputes stand behind a sum and which service period each is about."""
    rows = Adjustment.objects.filter(
        netting_set=netting_set,
        period=period,
        operator=operator,
        provider=provider,
        currency=currency,
        vat_rate=vat_rate,
        tax_note=tax_note,
    ).order_by("id")
    told = [f"dispute {row.dispute_id} {row.kind} {row.gross.normalize():+f} ({row.service_period})" for row in rows[:6]]
    more = f" and {rows.count() - 6} more" if rows.count() > 6 else ""
    return ("Disputes: " + "; ".join(told))[:180] + more


def list_disputes(*, only_open: bool = False) -> QuerySet[Dispute]:
    """This function will list disputes, the one due first before the others."""
    rows = Dispute.objects.select_related("cdr__owner", "cdr__provider").order_by("resolve_due_at", "id")
    return rows.filter(state__in=_OPEN) if only_open else rows
