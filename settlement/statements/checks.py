"""Checks of statements: each is its position, its lines sum to it, and what was issued stands as it was frozen."""

from decimal import Decimal

from roaming import canonical
from settlement.ledger.verify import first_row
from settlement.netting.fees import sum_fees
from settlement.netting.models import NettingRun
from settlement.statements.content import StatementContent, money, read_content
from settlement.statements.models import Statement
from settlement.terms.models import SettlementTerms

_POSITIONS = """
SELECT run.period, company.country_code || '-' || company.party_id, told.currency
FROM (
    SELECT run_id, party_id AS row, currency, statement.state,
        position.id IS NULL OR statement.id IS NULL OR position.receivable <> statement.receivable OR position.payable <> statement.payable
            OR position.fees <> statement.fees OR position.carried <> statement.carried OR position.converted <> statement.converted
            OR position.net <> statement.net AS differs
    FROM settlement_position position FULL JOIN settlement_statement statement USING (run_id, party_id, currency)
) AS told
JOIN settlement_nettingrun run ON run.id = told.run_id
JOIN roaming_party company ON company.id = told.row
WHERE run.state <> 'void' AND (told.differs OR (told.state = 'issued') <> (run.state = 'issued'))
ORDER BY run.id, told.row LIMIT 1
"""

# Invariant 3: totals are the sums of lines; net and tax parts add up by a constraint of each line.
_LINES = """
SELECT statement.id, coalesce(statement.number, 'draft ' || statement.id), statement.net
FROM settlement_statement statement
LEFT JOIN settlement_statementline line ON line.statement_id = statement.id
WHERE statement.state <> 'void'
GROUP BY statement.id
HAVING coalesce(sum(line.gross), 0) <> statement.net
    OR coalesce(sum(line.gross) FILTER (WHERE line.kind = 'fee'), 0) <> -statement.fees
    OR coalesce(bool_or(line.gross <> line.net + line.vat), false)
ORDER BY statement.id LIMIT 1
"""

# Invariant 2: lines are the exact sums of the charges of their pair.
_LINES_OF_PAIRS = """
WITH told AS (
    SELECT statement.run_id, statement.party_id, line.counterparty_id, statement.currency, line.kind, line.bucket, line.vat_rate,
        line.tax_note, sum(line.net) AS net, sum(line.vat) AS vat, sum(line.count) AS count
    FROM settlement_statementline line JOIN settlement_statement statement ON statement.id = line.statement_id
    WHERE line.kind IN ('receivable', 'payable') AND statement.state <> 'void'
    GROUP BY statement.run_id, statement.party_id, line.counterparty_id, statement.currency,
        line.kind, line.bucket, line.vat_rate, line.tax_note
),
paired AS (
    SELECT run_id, operator_id AS party_id, provider_id AS counterparty_id, currency, 'receivable' AS kind, bucket, vat_rate, tax_note,
        exact_net AS net, exact_vat AS vat, count FROM settlement_pairtotal WHERE bucket <> 'dispute'
    UNION ALL
    SELECT run_id, provider_id, operator_id, currency, 'payable', bucket, vat_rate, tax_note, -exact_net, -exact_vat, count
    FROM settlement_pairtotal WHERE bucket <> 'dispute'
)
SELECT run.period, company.country_code || '-' || company.party_id, differing.currency
FROM (
    SELECT run_id, party_id AS row, currency
    FROM told FULL JOIN paired USING (run_id, party_id, counterparty_id, currency, kind, bucket, vat_rate, tax_note)
    WHERE told.net IS DISTINCT FROM paired.net OR told.vat IS DISTINCT FROM paired.vat OR told.count IS DISTINCT FROM paired.count
) AS differing
JOIN settlement_nettingrun run ON run.id = differing.run_id
JOIN roaming_party company ON company.id = differing.row
WHERE run.state <> 'void'
ORDER BY run.id, differing.row LIMIT 1
"""

# Fees are what the charges of the period bore, rounded once per party.
_FEES = """
WITH borne AS (
    SELECT run.id AS run_id, fee.party_id, fee.currency, sum(fee.amount) AS exact
    FROM settlement_nettingrun run
    JOIN settlement_charge charge ON charge.netting_set_id = run.netting_set_id AND charge.period = run.period
    CROSS JOIN LATERAL (VALUES (charge.operator_id, charge.fee_currency, charge.operator_fee),
        (charge.provider_id, charge.fee_currency, charge.provider_fee)) AS fee (party_id, currency, amount)
    WHERE fee.amount <> 0 AND run.state <> 'void'
    GROUP BY run.id, fee.party_id, fee.currency
),
told AS (
    SELECT statement.run_id, statement.party_id, statement.currency, -sum(line.net) AS net
    FROM settlement_statementline line JOIN settlement_statement statement ON statement.id = line.statement_id
    WHERE line.kind = 'fee' AND statement.fees >= 0 AND statement.state <> 'void'
    GROUP BY statement.run_id, statement.party_id, statement.currency
)
SELECT run.period, company.country_code || '-' || company.party_id, fees.currency
FROM (
    SELECT run_id, party_id AS row, currency, coalesce(borne.exact, 0) AS exact, coalesce(told.net, 0) AS net
    FROM borne FULL JOIN told USING (run_id, party_id, currency)
) AS fees
JOIN settlement_nettingrun run ON run.id = fees.run_id
JOIN roaming_party company ON company.id = fees.row
LEFT JOIN unnest(%(currencies)s::text[], %(decimals)s::int[]) AS known (code, decimals) ON known.code = fees.currency
WHERE round(fees.exact, coalesce(known.decimals, 2)) <> fees.net
    AND NOT EXISTS (SELECT FROM settlement_settlementterms terms WHERE terms.netting_set_id = run.netting_set_id AND terms.fee_plan <> '{}')
ORDER BY run.id, fees.row LIMIT 1
"""

_NUMBERS = """
SELECT series.series || '-' || series.year, series.latest, count(statement.id)
FROM settlement_numberseries series
LEFT JOIN settlement_statement statement ON statement.number LIKE series.series || '-' || series.year || '-%'
GROUP BY series.id HAVING count(statement.id) <> series.latest
    OR coalesce(max(split_part(statement.number, '-', 3)::int), 0) <> series.latest LIMIT 1
"""


def statements_are_their_positions() -> str | None:
    """This function will name the first position without its statement, or statement that says something else."""
    row = first_row(_POSITIONS)
    return f"statement of {row[1]} {row[2]} for {row[0]} is not its position" if row else None


def lines_sum_to_their_statement() -> str | None:
    """This function will name the first statement whose lines do not sum to it, or are not the sums of its pairs."""
    row = first_row(_LINES)
    if row:
        return f"statement {row[1]}: its lines do not sum to {row[2]}"
    row = first_row(_LINES_OF_PAIRS)
    return f"statement of {row[1]} {row[2]} for {row[0]}: its lines are not the sums of its pairs" if row else None


def fees_are_those_of_the_charges() -> str | None:
    """This function will name the first party whose fee lines are not the rounded sum of what its charges bore."""
    currencies = sorted(set(Statement.objects.values_list("currency", flat=True)))
    row = first_row(_FEES, {"currencies": currencies, "decimals": [canonical.exponent(currency) for currency in currencies]})
    if row:
        return f"statement of {row[1]} {row[2]} for {row[0]}: its fee is not the sum of its charges' fees"
    return _fees_of_plans()


def _fees_of_plans() -> str | None:
    """This function will do the same where terms ask something per period: their plans are computed again."""
    with_plan = SettlementTerms.objects.exclude(fee_plan={}).values("netting_set")
    for run in NettingRun.objects.filter(netting_set__in=with_plan).exclude(state=NettingRun.State.VOID).order_by("id"):
        period = canonical.Period.parse(run.period)
        due = {(fee.party, fee.currency): fee.gross for fee in sum_fees(netting_set=run.netting_set_id, period=period) if fee.gross}
        told = Statement.objects.filter(run=run, fees__gt=0).values_list("party_id", "currency", "fees")
        if due != {(party, currency): fees for party, currency, fees in told}:
            return f"statements of run {run.pk}: their fees are not what charges and plans make them"
    return None


def issued_statements_stand_as_frozen() -> str | None:
    """This function will name the first issued statement whose rows say something else than what was frozen when it was issued."""
    issued = Statement.objects.filter(state=Statement.State.ISSUED).select_related("party", "run").prefetch_related("lines").order_by("id")
    for statement in issued.iterator(chunk_size=200):
        if not _stands_as_frozen(statement, read_content(statement=statement)):
            return f"statement {statement.number} is not what was issued"
    return None


def numbers_have_no_gap() -> str | None:
    """This function will name the first series of numbers with a gap."""
    row = first_row(_NUMBERS)
    return f"numbers {row[0]} run to {row[1]}, but {row[2]} statements carry one" if row else None


def _stands_as_frozen(statement: Statement, content: StatementContent) -> bool:
    currency = statement.currency
    told = (statement.number, str(statement.party.key), statement.run.period, currency, statement.due_on, statement.run.ledger_head)
    frozen = (content.number, content.party, content.period, content.currency, content.due_on, content.chain_head)
    sums = tuple(money(amount, currency) for amount in (statement.net, statement.receivable, statement.payable, statement.fees))
    lines = [
        (line.number, line.kind, money(line.net, currency), f"{line.vat_rate:.2f}", money(line.vat, currency), money(line.gross, currency))
        for line in sorted(statement.lines.all(), key=lambda line: line.number)
    ]
    totals = content.totals
    return (
        told == frozen
        and sums == (totals.net, totals.receivable, totals.payable, totals.fees)
        and lines == [(line.line, line.kind, line.net, line.vat_rate, line.vat, line.gross) for line in content.lines]
        and sum((Decimal(line.gross) for line in content.lines), Decimal(0)) == Decimal(totals.net)
    )


CHECKS = (
    statements_are_their_positions,
    lines_sum_to_their_statement,
    fees_are_those_of_the_charges,
    issued_statements_stand_as_frozen,
    numbers_have_no_gap,
)
