"""The fees that terms ask per period, beyond what each CDR bore: counted from the charges of terms that have a plan, and only those."""

from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from roaming import canonical
from settlement.terms.fees import fee_of, read_plan, share_of
from settlement.terms.models import SettlementTerms


class PlanFee(NamedTuple):
    """What one party (by its row) owes by plans in one currency, and for how many CDRs."""

    party: int
    currency: str
    cdr_count: int
    exact: Decimal


# A turnover in another currency than the fee's is not converted here: percentages count what is in the fee's own.
_TURNOVER = """
SELECT charge.operator_id, charge.provider_id, count(*) FILTER (WHERE charge.bucket <> 'credit'),
    coalesce(sum(charge.net) FILTER (WHERE charge.bucket <> 'credit' AND charge.currency = %(currency)s), 0),
    coalesce(sum(charge.operator_fee), 0), coalesce(sum(charge.provider_fee), 0)
FROM settlement_charge charge
WHERE charge.netting_set_id = %(netting_set)s AND charge.period = %(period)s AND charge.terms_id = %(terms)s
GROUP BY charge.operator_id, charge.provider_id
"""


def sum_plans(*, netting_set: int, period: canonical.Period) -> list[PlanFee]:
    """This function will return the plan fees of a period, per party and currency.

    Terms of everyone with everyone ask each payer by its own volume; a subscription or minimum without any traffic is owed by pairs
    that have terms of their own.
    """
    owed: dict[tuple[int, str], tuple[int, Decimal]] = {}
    running = SettlementTerms.objects.exclude(fee_plan={}).filter(
        netting_set=netting_set, validity__overlap=(period.starts_at.date(), period.ends_at.date())
    )
    for terms in running.select_related("agreement").order_by("id"):
        plan = read_plan(terms.fee_plan)
        share = share_of(period=period, starts=terms.validity.lower, ends=terms.validity.upper)
        for payer, (count, net, borne, weight) in _turnovers(netting_set, period, terms).items():
            fee = fee_of(plan=plan, cdr_count=count, net=net, per_cdr=borne, share_of_period=share, currency=terms.currency) * weight
            before = owed.get((payer, terms.currency), (0, Decimal(0)))
            owed[payer, terms.currency] = (before[0] + count, before[1] + fee)
    return [PlanFee(party, currency, count, exact) for (party, currency), (count, exact) in sorted(owed.items()) if exact]


def _turnovers(netting_set: int, period: canonical.Period, terms: SettlementTerms) -> dict[int, tuple[int, Decimal, Decimal, Decimal]]:
    """This function will return, per payer: CDRs, net turnover, fees borne by CDRs, and the payer's share of the fee."""
    with connection.cursor() as cursor:
        cursor.execute(_TURNOVER, {"netting_set": netting_set, "period": period.name, "terms": terms.pk, "currency": terms.currency})
        rows = cursor.fetchall()
    agreement = terms.agreement
    if not rows and agreement.operator_id and agreement.provider_id:
        rows = [(agreement.operator_id, agreement.provider_id, 0, Decimal(0), Decimal(0), Decimal(0))]
    sides = {"operator": (0,), "provider": (1,), "both": (0, 1)}[terms.hub_fee_payer]
    found: dict[int, tuple[int, Decimal, Decimal, Decimal]] = {}
    for row in rows:
        for side in sides:
            count, net, borne, _ = found.get(row[side], (0, Decimal(0), Decimal(0), Decimal(1)))
            found[row[side]] = (count + row[2], net + row[3], borne + row[4] + row[5], Decimal(1) / len(sides))
    return found
