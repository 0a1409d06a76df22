"""A run as scripts read it (design/interface.md, close_period)."""

from decimal import Decimal
from typing import Any

from roaming import canonical
from settlement.netting.models import Carry, NettingRun, PlannedPayment, Position


def describe_run(*, run: NettingRun) -> dict[str, Any]:
    """This function will return period, positions, planned payments and their sums; amounts as text in the currency's decimals."""
    positions = Position.objects.filter(run=run).select_related("party")
    rows = sorted(positions, key=lambda row: (row.currency, row.party.key))
    plan = PlannedPayment.objects.filter(run=run).select_related("payer", "payee")
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, Decimal(0)) + row.net
    told = {currency: _text(total, currency) for currency, total in sums.items()}
    return {
        "run": run.pk,
        "period": run.period,
        "netting_set": run.netting_set.name,
        "state": run.state,
        "positions": [{"party": str(row.party.key), "currency": row.currency, "amount": _text(row.net, row.currency)} for row in rows],
        "payments": [
            {
                "from": str(payment.payer.key),
                "to": str(payment.payee.key),
                "currency": payment.currency,
                "amount": _text(payment.amount, payment.currency),
            }
            for payment in sorted(plan, key=lambda payment: (payment.currency, payment.payer.key, payment.payee.key))
        ],
        "mode": run.mode,
        "excluded": run.excluded,
        "rates": run.rates,
        "carried_on": [
            {
                "from": str(carry.payer.key),
                "to": str(carry.payee.key),
                "currency": carry.currency,
                "amount": _text(carry.amount, carry.currency),
            }
            for carry in Carry.objects.filter(run=run).select_related("payer", "payee").order_by("id")
        ],
        "cdrs": run.cdr_count,
        "held": run.held_count,
        "figures": run.figures,
        "sum": told if len(told) > 1 else next(iter(told.values()), "0.00"),
    }


def _text(amount: Decimal, currency: str) -> str:
    return f"{amount:.{canonical.exponent(currency)}f}"
