"""Read disputes and what they book."""

from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from roaming.models import Party
from settlement.disputes.models import Adjustment, Dispute

BUCKET = "dispute"
# In which states money is still in doubt.
OPEN = (Dispute.State.OPEN, Dispute.State.ANSWERED, Dispute.State.ESCALATED)


class NoSuchDispute(Exception):
    """There is no dispute of that number."""


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


def list_disputes(
    *, party: Party | None = None, states: Collection[str] = (), after: int | None = None, limit: int | None = None
) -> QuerySet[Dispute]:
    """This function will list disputes with their CDRs, the one due first before the others: a party's own (none: everybody's).

    `states` keeps those in one of them (empty: all); `after` is the last dispute of the page before, by its number.
    """
    rows = Dispute.objects.select_related("cdr__owner", "cdr__provider", "opened_for", "credit", "replacement").order_by(
        "resolve_due_at", "id"
    )
    if party is not None:
        rows = rows.filter(Q(cdr__owner=party) | Q(cdr__provider=party))
    if states:
        rows = rows.filter(state__in=states)
    if after is not None:
        last = Dispute.objects.values_list("resolve_due_at", "id").filter(pk=after).first()
        if last is not None:
            rows = rows.filter(Q(resolve_due_at__gt=last[0]) | Q(resolve_due_at=last[0], id__gt=last[1]))
    return rows if limit is None else rows[:limit]


def get_dispute(*, number: int) -> Dispute:
    """This function will return a dispute with its CDR; it raises NoSuchDispute."""
    found = Dispute.objects.select_related("cdr__owner", "cdr__provider").filter(pk=number).first()
    if found is None:
        raise NoSuchDispute(f"there is no dispute {number}")
    return found


def sum_at_risk(*, party: Party | None = None) -> dict[str, Decimal]:
    """This function will sum what is in open dispute, gross, per currency: for one party or for all."""
    rows = list_disputes(party=party, states=OPEN).order_by("currency").values("currency").annotate(amount=Sum("amount"))
    return {row["currency"]: row["amount"] for row in rows}
