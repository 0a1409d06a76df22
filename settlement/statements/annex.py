"""The CDR annex of a statement: one line per CDR of the party, read from charges that never change.

One query serves every export, so that they agree by construction. `shown` is the CDR's gross amount in minor units, spread by largest
remainder over everything that was rounded together (settlement.netting.rounding.spread, here as window functions): per counterparty
and VAT group the shown amounts sum to what the statement asks for. `amount` is `shown`, signed for the party.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from roaming import canonical
from settlement.netting.models import NettingRun
from settlement.statements.annex_details import DETAILS, detail_parameters
from settlement.statements.models import Statement
from settlement.tax.rules import SUPPLY_RULES

# Name, SQL. Every value is text as it stands in all exports; numbers never pass through floating point. A party's contract IDs are
# its own: the operator's copy leaves them out.
COLUMNS: dict[str, str] = {
    "line": "line",
    "cdr": "operator || '/' || cdr_id",
    "side": "side",
    "operator": "operator",
    "provider": "provider",
    "session_id": "session_id",
    "authorization_reference": "authorization_reference",
    "credit_of": "CASE WHEN original_cdr_id IS NOT NULL THEN operator || '/' || original_cdr_id END",
    "bucket": "bucket",
    "period": "period",
    "service_period": "service_period",
    "original_statement": "original_statement",
    "original_line": "original_line",
    "location_id": "location_id",
    "evse_id": "evse_id",
    "country": "country",
    "contract_id": "CASE WHEN side = 'payable' THEN contract_id ELSE '' END",
    "auth_method": "auth_method",
    "started_at": "to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    "ended_at": "to_char(ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    "duration_seconds": "extract(epoch FROM ended_at - started_at)::bigint",
    "energy_kwh": "energy_kwh::text",
    "currency": "currency",
    "net": "net::text",
    "vat_rate": "vat_rate::text",
    "vat": "vat::text",
    "gross": "gross::text",
    "tax_note": "tax_note",
    "shown": "shown::text",
    "amount": "(CASE WHEN side = 'receivable' THEN shown ELSE -shown END)::text",
    "hub_fee": "hub_fee::text",
    "price_source": "priced_by",
    "received_at": "to_char(received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    "days_late": "greatest(extract(day FROM received_at - ended_at)::int, 0)",
    "seal": "encode(seal, 'hex')",
    **DETAILS,
}

# Narrow rows first: numbering and spreading need the charges only, the wide CDR is joined at the end.
_ANNEX = """
WITH charged AS (
    SELECT charge.*, 'receivable' AS side, operator_fee AS hub_fee FROM settlement_charge charge
        WHERE operator_id = %(party)s AND netting_set_id = %(netting_set)s AND period = %(period)s AND currency = %(currency)s
    UNION ALL
    SELECT charge.*, 'payable', provider_fee FROM settlement_charge charge
        WHERE provider_id = %(party)s AND netting_set_id = %(netting_set)s AND period = %(period)s AND currency = %(currency)s
),
rounded AS (
    SELECT operator_id, provider_id, vat_rate, tax_note, sum(gross) AS gross, CASE WHEN sum(gross) < 0 THEN -1 ELSE 1 END AS sign
    FROM settlement_pairtotal
    WHERE run_id = %(run)s AND currency = %(currency)s AND bucket <> 'dispute' AND (operator_id = %(party)s OR provider_id = %(party)s)
    GROUP BY operator_id, provider_id, vat_rate, tax_note
),
counted AS (
    SELECT charged.*, rounded.sign, rounded.sign * rounded.gross * %(unit)s AS units_of_group,
        rounded.sign * charged.gross * %(unit)s AS exact, floor(rounded.sign * charged.gross * %(unit)s) AS units
    FROM charged JOIN rounded USING (operator_id, provider_id, vat_rate, tax_note)
),
missing AS (
    SELECT counted.*,
        units_of_group - sum(units) OVER the_group AS missing,
        count(*) OVER the_group AS members,
        row_number() OVER (PARTITION BY operator_id, provider_id, vat_rate, tax_note ORDER BY exact - units DESC, ended_on, cdr_id) AS rank,
        row_number() OVER (ORDER BY side DESC, ended_on, cdr_id) AS line
    FROM counted WINDOW the_group AS (PARTITION BY operator_id, provider_id, vat_rate, tax_note)
),
shown AS (
    SELECT missing.*, round(sign * (units + each + (rank <= missing - each * members)::int) / %(unit)s, %(decimals)s) AS shown
    FROM missing, LATERAL (SELECT floor(missing / members) AS each) AS shared
),
-- Credits of earlier periods, which are few: number of the statement and line where the original stood, counted as it was there.
origins AS MATERIALIZED (
    SELECT cdr.credit_of_id AS cdr_id, original.period
    FROM charged
    JOIN roaming_cdr cdr ON cdr.id = charged.cdr_id
    JOIN settlement_charge original ON original.cdr_id = cdr.credit_of_id
    WHERE charged.bucket = 'credit' AND original.period <> %(period)s
),
earlier AS MATERIALIZED (
    SELECT numbered.cdr_id, numbered.line, statement.number
    FROM (
        SELECT charge.cdr_id, charge.period, row_number() OVER (
            PARTITION BY charge.period
            ORDER BY CASE WHEN charge.operator_id = %(party)s THEN 0 ELSE 1 END, charge.ended_on, charge.cdr_id
        ) AS line
        FROM settlement_charge charge
        WHERE charge.netting_set_id = %(netting_set)s AND charge.currency = %(currency)s
            AND (charge.operator_id = %(party)s OR charge.provider_id = %(party)s)
            AND charge.period = ANY(ARRAY(SELECT DISTINCT period FROM origins))
    ) AS numbered
    JOIN origins ON origins.cdr_id = numbered.cdr_id
    JOIN settlement_nettingrun run ON run.netting_set_id = %(netting_set)s AND run.period = numbered.period AND run.state = 'issued'
    JOIN settlement_statement statement
        ON statement.run_id = run.id AND statement.party_id = %(party)s AND statement.currency = %(currency)s
),
lines AS (
    SELECT shown.line, shown.side, cdr.cdr_id, operator.country_code || '-' || operator.party_id AS operator,
        provider.country_code || '-' || provider.party_id AS provider, original.cdr_id AS original_cdr_id,
        earlier.number AS original_statement, earlier.line AS original_line,
        cdr.session_id, cdr.authorization_reference, shown.bucket, shown.period, shown.service_period, cdr.location_id, cdr.evse_id,
        cdr.country, cdr.contract_id, cdr.auth_method, cdr.started_at, cdr.ended_at, shown.energy_kwh, shown.currency, shown.net,
        shown.vat_rate, shown.vat, shown.gross, shown.tax_note, shown.shown, shown.hub_fee, cdr.priced_by, cdr.received_at, cdr.seal,
        cdr.id AS cdr_row, cdr.public_id AS hub_trace_id, cdr.token_uid, shown.terms_id, terms.agreement_id AS agreement, body.told,
        coalesce(sold.number, 'draft-' || sold.id) || '-' || provider.country_code || '-' || provider.party_id
            || CASE WHEN pair.net < 0 OR (pair.net = 0 AND pair.vat < 0) THEN '-C' ELSE '' END
            || CASE WHEN shown.tax_note = ANY(%(outside)s) THEN '-O' ELSE '' END AS invoice_number
    FROM shown
    JOIN roaming_cdr cdr ON cdr.id = shown.cdr_id
    JOIN roaming_party operator ON operator.id = shown.operator_id
    JOIN roaming_party provider ON provider.id = shown.provider_id
    LEFT JOIN roaming_cdr original ON original.id = cdr.credit_of_id
    LEFT JOIN earlier ON earlier.cdr_id = cdr.credit_of_id
    JOIN settlement_settlementterms terms ON terms.id = shown.terms_id
    JOIN settlement_pairtotal pair ON pair.run_id = %(run)s AND pair.operator_id = shown.operator_id
        AND pair.provider_id = shown.provider_id AND pair.currency = %(currency)s AND pair.vat_rate = shown.vat_rate
        AND pair.tax_note = shown.tax_note AND pair.bucket = shown.bucket
    JOIN settlement_statement sold
        ON sold.run_id = %(run)s AND sold.party_id = shown.operator_id AND sold.currency = %(currency)s
    -- OFFSET keeps the planner from reading the body once for every column that asks.
    CROSS JOIN LATERAL (SELECT convert_from(cdr.body, 'UTF8')::jsonb AS told OFFSET 0) AS body
)
"""


def annex_query(*, select: str) -> str:
    """This function will return the SQL of the annex with `select` (expressions over `lines`) as its result, in order of lines."""
    return f"{_ANNEX} SELECT {select} FROM lines ORDER BY line"  # noqa: S608  (our own column expressions)


def annex_parameters(*, statement: Statement) -> dict[str, Any]:
    """This function will return what the annex query is asked for a statement."""
    run: NettingRun = statement.run
    decimals = canonical.exponent(statement.currency)
    return {
        "party": statement.party_id,
        "netting_set": run.netting_set_id,
        "period": run.period,
        "run": run.pk,
        "currency": statement.currency,
        "unit": 10**decimals,
        "decimals": decimals,
        "outside": [rule.note for rule in SUPPLY_RULES if rule.category == "O"],
        **detail_parameters(statement=statement),
    }


def read_annex(*, statement: Statement, limit: int | None = None, columns: Sequence[str] = tuple(COLUMNS)) -> Iterator[dict[str, Any]]:
    """This function will yield the lines of the annex as dictionaries, in order; the first `limit` of them where told.

    `columns` are those wanted: what nobody asks for is not computed.
    """
    select = ", ".join(f'{COLUMNS[name]} AS "{name}"' for name in columns)
    query = annex_query(select=select) + (f" LIMIT {limit:d}" if limit is not None else "")
    with connection.cursor() as cursor:
        cursor.execute(query, annex_parameters(statement=statement))
        while rows := cursor.fetchmany(5000):
            for row in rows:
                yield dict(zip(columns, row, strict=True))
