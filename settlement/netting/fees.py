"""What the hub keeps: fees per party and currency, rounded once, with domestic VAT where hub and party have ids of one state.

A fee is the hub's own sale and may be set off in the net amount (finance §6.5). Credits count no fee and give none back.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from roaming import canonical
from settlement.netting.plans import sum_plans
from settlement.netting.rounding import round_group
from settlement.tax.treatment import treat_fee
from settlement.terms.hub import hub_party
from settlement.terms.models import TaxProfile


class Fee(NamedTuple):
    """The fees of one party (by its row) in one currency: `cdr_count` charges bore one; `exact` is the sum before rounding."""

    party: int
    currency: str
    cdr_count: int
    exact: Decimal
    net: Decimal
    vat_rate: Decimal
    vat: Decimal
    tax_note: str

    @property
    def gross(self) -> Decimal:
        """Net plus VAT."""
        return self.net + self.vat


_Row = tuple[int, str, int, Decimal]

# A day total sums charges that bear a fee with such that do not (credits): those have no fee currency and stand in rows of their own.
_FEES = """
WITH by_pair AS MATERIALIZED (
    SELECT operator_id, provider_id, fee_currency,
        sum(count) FILTER (WHERE operator_fee <> 0) AS operator_count, sum(operator_fee) AS operator_fee,
        sum(count) FILTER (WHERE provider_fee <> 0) AS provider_count, sum(provider_fee) AS provider_fee
    FROM settlement_daytotal WHERE netting_set_id = %(netting_set)s AND period = %(period)s AND fee_currency <> ''
    GROUP BY operator_id, provider_id, fee_currency
)
SELECT party, fee_currency, sum(count)::bigint, sum(fee) FROM (
    SELECT operator_id AS party, fee_currency, operator_count AS count, operator_fee AS fee FROM by_pair WHERE operator_count > 0
    UNION ALL
    SELECT provider_id, fee_currency, provider_count, provider_fee FROM by_pair WHERE provider_count > 0
) AS borne GROUP BY party, fee_currency ORDER BY party, fee_currency
"""


def sum_fees(*, netting_set: int, period: canonical.Period) -> list[Fee]:
    """This function will return the hub's fees of a period, taxed on its final day."""
    with connection.cursor() as cursor:
        cursor.execute(_FEES, {"netting_set": netting_set, "period": period.name})
        rows = cursor.fetchall()
    rows = _with_plans(rows, netting_set=netting_set, period=period)
    if not rows:
        return []
    vat_ids = dict(TaxProfile.objects.values_list("party_id", "vat_id"))
    hub_vat_id = vat_ids.get(hub_party().pk, "")
    return [_fee(*row, hub_vat_id=hub_vat_id, party_vat_id=vat_ids.get(row[0], ""), on=final_day(period)) for row in rows]


def _with_plans(rows: Sequence[_Row], *, netting_set: int, period: canonical.Period) -> list[_Row]:
    """This function will add what plans ask per period; CDRs that bore an amount themselves are not counted twice."""
    owed = {(party, currency): (count, exact) for party, currency, count, exact in rows}
    for plan in sum_plans(netting_set=netting_set, period=period):
        count, exact = owed.get((plan.party, plan.currency), (0, Decimal(0)))
        owed[plan.party, plan.currency] = (max(count, plan.cdr_count), exact + plan.exact)
    return [(party, currency, count, exact) for (party, currency), (count, exact) in sorted(owed.items())]


def final_day(period: canonical.Period) -> date:
    """This function will return the last day that belongs to a period."""
    return date.fromordinal(period.ends_at.date().toordinal() - 1)


def _fee(party: int, currency: str, cdr_count: int, exact: Decimal, *, hub_vat_id: str, party_vat_id: str, on: date) -> Fee:
    tax = treat_fee(hub_vat_id=hub_vat_id, party_vat_id=party_vat_id, on=on)
    rounded = round_group(net=exact, vat_rate=tax.rate, currency=currency)
    return Fee(party, currency, cdr_count, exact, rounded.net, tax.rate, rounded.vat, tax.note)
