"""Checks of runs: pair totals are the charges of their period, positions follow from them and sum to zero, the books say the same."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from settlement.clearing.roll_up import differing_days
from settlement.ledger.balances import trial_balance
from settlement.ledger.models import Account
from settlement.ledger.verify import first_row
from settlement.netting.books import key_prefix, minor
from settlement.netting.digest import digest_of
from settlement.netting.models import NettingRun, PairTotal, PlannedPayment, Position
from settlement.netting.pairs import Sum, round_pairs
from settlement.terms.hub import hub_party

# Invariant 7: a closed period never gains, loses or changes a line. Counted from the charges themselves, never from day totals.
_RECOUNT = """
WITH counted AS (
    SELECT run.id AS run_id, charge.operator_id, charge.provider_id, charge.currency, charge.vat_rate, charge.tax_note, charge.bucket,
        count(*) AS count, sum(charge.energy_kwh) AS energy_kwh, sum(charge.net) AS net, sum(charge.vat) AS vat
    FROM settlement_nettingrun run
    JOIN settlement_charge charge ON charge.netting_set_id = run.netting_set_id AND charge.period = run.period
    WHERE run.state <> 'void'
    GROUP BY run.id, charge.operator_id, charge.provider_id, charge.currency, charge.vat_rate, charge.tax_note, charge.bucket

    UNION ALL
    SELECT run.id, adjusted.operator_id, adjusted.provider_id, adjusted.currency, adjusted.vat_rate, adjusted.tax_note, 'dispute',
        count(*), 0, sum(adjusted.net), sum(adjusted.vat)
    FROM settlement_nettingrun run
    JOIN settlement_adjustment adjusted ON adjusted.netting_set_id = run.netting_set_id AND adjusted.period = run.period
    WHERE run.state <> 'void'
    GROUP BY run.id, adjusted.operator_id, adjusted.provider_id, adjusted.currency, adjusted.vat_rate, adjusted.tax_note
),
told AS (
    SELECT pair.* FROM settlement_pairtotal pair JOIN settlement_nettingrun run ON run.id = pair.run_id WHERE run.state <> 'void'
)
SELECT run.period, provider.country_code || '-' || provider.party_id, operator.country_code || '-' || operator.party_id,
    coalesce(counted.currency, told.currency)
FROM counted
FULL JOIN told USING (run_id, operator_id, provider_id, currency, vat_rate, tax_note, bucket)
JOIN settlement_nettingrun run ON run.id = run_id
JOIN roaming_party operator ON operator.id = operator_id
JOIN roaming_party provider ON provider.id = provider_id
WHERE counted.count IS DISTINCT FROM told.count OR counted.energy_kwh IS DISTINCT FROM told.energy_kwh
    OR counted.net IS DISTINCT FROM told.exact_net OR counted.vat IS DISTINCT FROM told.exact_vat
ORDER BY run.id, operator_id, provider_id LIMIT 1
"""

_CLOSED_WITHOUT_RUN = """
SELECT p.name FROM settlement_settlementperiod p WHERE p.state = 'closed' AND NOT EXISTS (
    SELECT FROM settlement_nettingrun run WHERE run.netting_set_id = p.netting_set_id AND run.period = p.name AND run.state <> 'void'
) ORDER BY p.id LIMIT 1
"""

_RUN_WITHOUT_CLOSE = """
SELECT run.id, run.period FROM settlement_nettingrun run WHERE run.state <> 'void' AND NOT EXISTS (
    SELECT FROM settlement_settlementperiod p WHERE p.netting_set_id = run.netting_set_id AND p.name = run.period AND p.state = 'closed'
) ORDER BY run.id LIMIT 1
"""

_POSITIONS = """
WITH owed AS (
    SELECT run_id, party_id, currency, sum(receivable) AS receivable, sum(payable) AS payable FROM (
        SELECT run_id, operator_id AS party_id, currency, gross AS receivable, 0 AS payable FROM settlement_pairtotal
        UNION ALL
        SELECT run_id, provider_id, currency, 0, gross FROM settlement_pairtotal
    ) AS sides GROUP BY run_id, party_id, currency
)
SELECT run.period, company.country_code || '-' || company.party_id, differing.currency
FROM (
    SELECT run_id, party_id AS row, currency FROM owed FULL JOIN settlement_position position USING (run_id, party_id, currency)
    WHERE coalesce(owed.receivable, 0) IS DISTINCT FROM position.receivable OR coalesce(owed.payable, 0) IS DISTINCT FROM position.payable
        OR position.net IS DISTINCT FROM
            position.receivable - position.payable - position.fees + position.carried + position.converted
) AS differing
JOIN settlement_nettingrun run ON run.id = differing.run_id
JOIN roaming_party company ON company.id = differing.row
ORDER BY run.id, differing.row LIMIT 1
"""

# Both sides of a conversion and of a carry say the same: what stands in positions is the sum of those rows, and nothing else.
_MOVED = """
WITH told AS (
    SELECT run_id, party_id, currency, sum(carried) AS carried, sum(converted) AS converted FROM (
        SELECT taken_by_id AS run_id, payee_id AS party_id, currency, amount AS carried, 0 AS converted FROM settlement_carry
        UNION ALL SELECT taken_by_id, payer_id, currency, -amount, 0 FROM settlement_carry
        UNION ALL SELECT run_id, payer_id, currency, amount, 0 FROM settlement_carry
        UNION ALL SELECT run_id, payee_id, currency, -amount, 0 FROM settlement_carry
        UNION ALL SELECT run_id, creditor_id, currency, 0, -amount FROM settlement_conversion
        UNION ALL SELECT run_id, debtor_id, currency, 0, amount FROM settlement_conversion
        UNION ALL SELECT run_id, creditor_id, "into", 0, converted FROM settlement_conversion
        UNION ALL SELECT run_id, debtor_id, "into", 0, -converted FROM settlement_conversion
    ) AS sides WHERE run_id IS NOT NULL GROUP BY run_id, party_id, currency
)
SELECT run.period, company.country_code || '-' || company.party_id, differing.currency
FROM (
    SELECT run_id, party_id AS row, currency FROM told FULL JOIN settlement_position position USING (run_id, party_id, currency)
    WHERE coalesce(told.carried, 0) IS DISTINCT FROM position.carried OR coalesce(told.converted, 0) IS DISTINCT FROM position.converted
) AS differing
JOIN settlement_nettingrun run ON run.id = differing.run_id
JOIN roaming_party company ON company.id = differing.row
WHERE run.state <> 'void'
ORDER BY run.id, differing.row LIMIT 1
"""

# Invariant 4.
_ZERO = """
SELECT run.period, position.currency, sum(position.net) FROM settlement_position position
JOIN settlement_nettingrun run ON run.id = position.run_id
GROUP BY run.id, run.period, position.currency HAVING sum(position.net) <> 0 ORDER BY run.id LIMIT 1
"""


def pair_totals_are_their_charges() -> str | None:
    """This function will name the first pair of a closed period whose charges do not sum to its total, to the last decimal."""
    row = first_row(_RECOUNT)
    return f"pair {row[1]} to {row[2]} {row[3]} of {row[0]}: the charges do not sum to the pair total" if row else None


def closed_periods_have_one_run() -> str | None:
    """This function will name the first closed period without a run, or run of a period that is open."""
    row = first_row(_CLOSED_WITHOUT_RUN)
    if row:
        return f"period {row[0]} is closed and has no run"
    row = first_row(_RUN_WITHOUT_CLOSE)
    return f"run {row[0]}: its period {row[1]} is not closed" if row else None


def day_totals_of_closed_periods_are_their_charges() -> str | None:
    """This function will name the first day of a closed period whose day totals are not the sums of its charges."""
    for run in _runs():
        differing = differing_days(netting_set=run.netting_set_id, period=run.period)
        if differing:
            return f"day totals of {run.period} are not the sums of the charges of {differing[0]}"
    return None


def pair_totals_are_rounded_once() -> str | None:
    """This function will name the first pair total that is not its share of the group's one rounding."""
    for run in _runs():
        order = ("operator_id", "provider_id", "currency", "vat_rate", "tax_note", "bucket")
        stored = list(PairTotal.objects.filter(run=run).select_related("operator", "provider").order_by(*order))
        sums = [
            Sum(
                *(pair.operator_id, pair.provider_id, pair.currency, pair.vat_rate, pair.tax_note, pair.bucket),
                *(pair.count, pair.energy_kwh, pair.exact_net, pair.exact_vat),
            )
            for pair in stored
        ]
        for pair, right in zip(stored, round_pairs(sums), strict=True):
            if (pair.net, pair.vat, pair.gross) != (right.net, right.vat, right.gross):
                return f"pair {pair.provider.key} to {pair.operator.key} {pair.currency} of {run.period} is not rounded as it must be"
    return None


def positions_follow_from_pairs() -> str | None:
    """This function will name the first position that is not what its pairs and fees make it, or the currency that misses zero."""
    row = first_row(_POSITIONS)
    if row:
        return f"position {row[1]} {row[2]} of {row[0]} does not follow from its pairs"
    row = first_row(_MOVED)
    if row:
        return f"position {row[1]} {row[2]} of {row[0]} does not follow from what was carried and converted"
    row = first_row(_ZERO)
    return f"positions of {row[0]} in {row[1]} sum to {row[2]}, not to zero" if row else None


def runs_fit_their_digests() -> str | None:
    """This function will name the first run whose figures are not those that were computed, and approved, by digest."""
    for run in _runs():
        if digest_of(run=run.pk) != run.digest:
            return f"run {run.pk} of {run.period} does not fit its digest"
    return None


def books_say_the_positions() -> str | None:
    """This function will name the first party whose position is not what the entries of its run say (invariant 5)."""
    hub = None
    for run in _runs():
        booked: dict[tuple[int, str], int] = defaultdict(int)
        for balance in trial_balance(key_prefix=key_prefix(run=run)):
            if balance.kind in (Account.Kind.FEE_INCOME, Account.Kind.VAT_OUT):
                hub = hub or hub_party()
                booked[hub.pk, balance.currency] -= balance.balance_minor
            else:
                booked[balance.party or 0, balance.currency] -= balance.balance_minor
        for position in Position.objects.filter(run=run).select_related("party").order_by("currency", "party_id"):
            if booked.pop((position.party_id, position.currency), 0) != minor(position.net - position.carried, position.currency):
                return f"position {position.party.key} {position.currency} of {run.period} is not what the ledger's entries say"
        left = {key: amount for key, amount in booked.items() if amount}
        if left:
            return f"entries of {run.period} are about accounts without a position: {sorted(left)[0]}"
    return None


def plans_pay_the_positions_off() -> str | None:
    """This function will name the first party that the planned payments leave with a position."""
    for run in _runs():
        left = {(row.party_id, row.currency): row.net for row in Position.objects.filter(run=run)}
        for payment in PlannedPayment.objects.filter(run=run):
            for party, amount in ((payment.payer_id, payment.amount), (payment.payee_id, -payment.amount)):
                left[party, payment.currency] = left.get((party, payment.currency), Decimal(0)) + amount
        for (party, currency), amount in left.items():
            if amount:
                return f"the planned payments of {run.period} leave {amount} {currency} to party row {party}"
    return None


def _runs() -> Iterator[NettingRun]:
    return NettingRun.objects.exclude(state=NettingRun.State.VOID).order_by("id").iterator()


CHECKS = (
    closed_periods_have_one_run,
    pair_totals_are_their_charges,
    day_totals_of_closed_periods_are_their_charges,
    pair_totals_are_rounded_once,
    positions_follow_from_pairs,
    runs_fit_their_digests,
    books_say_the_positions,
    plans_pay_the_positions_off,
)
