"""The CDR annex of a statement: one line per CDR of the party, read from charges that never change.

One query serves every export, so that they agree by construction. `shown` is the CDR's gross amount in minor units, spread by largest
remainder over everything that was rounded together (settlement.netting.rounding.spread, here as window functions): per counterparty
and VAT group the shown amounts sum to what the statement asks for. `amount` is `shown`, signed for the party.
"""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection

from roaming import canonical
from settlement.netting.models import NettingRun
from settlement.statements.annex_details import DETAILS, UTC_FORMAT, detail_parameters
from settlement.statements.models import Statement
from settlement.tax.rules import SUPPLY_RULES

# Name, SQL. Every value is text as it stands in all exports; numbers never pass through floating point. A party's contract IDs are
# its own: the operator's copy leaves them out.
COLUMNS: dict[str, str] = {
    "line": "line",
    "cdr": "cdr",
    "side": "side",
    "operator": "operator",
    "provider": "provider",
    "session_id": "session_id",
    "authorization_reference": "authorization_reference",
    "credit_of": "credit_of",
    "bucket": "bucket",
    "period": "period",
    "service_period": "service_period",
    "original_statement": "original_statement",
    "original_line": "original_line",
    "location_id": "location_id",
    "evse_id": "evse_id",
    "country": "country",
    "contract_id": "CASE WHEN is_receivable THEN '' ELSE contract_id END",
    "auth_method": "auth_method",
    "started_at": "started",
    "ended_at": "ended",
    "duration_seconds": "extract(epoch FROM ended_at - started_at)::bigint",
    "energy_kwh": "energy_kwh::text",
    "currency": "currency",
    "net": "net::text",
    "vat_rate": "vat_rate::text",
    "vat": "vat::text",
    "gross": "gross::text",
    "tax_note": "tax_note",
    "shown": "shown::text",
    "amount": "(CASE WHEN is_receivable THEN shown ELSE -shown END)::text",
    "hub_fee": "hub_fee::text",
    "price_source": "priced_by",
    "received_at": f"to_char(received_at AT TIME ZONE 'UTC', {UTC_FORMAT})",
    "days_late": "greatest(extract(day FROM received_at - ended_at)::int, 0)",
    "seal": "seal",
    **DETAILS,
}

# What is the same for a whole group of charges (pair, VAT rate, note and bucket) is written once per group, not once per line; numbering
# and spreading go over narrow rows of whole numbers (ten-thousandths); the wide CDR is joined at the end, in the order of the lines.
_ANNEX = """
WITH groups AS MATERIALIZED (
    SELECT pair.operator_id, pair.provider_id, pair.vat_rate, pair.tax_note, pair.bucket, pair.operator_id = %(party)s AS is_receivable,
        min(pair.id) OVER together AS spread_id,
        CASE WHEN sum(pair.gross) OVER together < 0 THEN -1 ELSE 1 END AS sign,
        abs(sum(pair.gross) OVER together * %(unit)s)::bigint AS units_of_group,
        operator.country_code || '-' || operator.party_id AS operator, provider.country_code || '-' || provider.party_id AS provider,
        coalesce(sold.number, 'draft-' || sold.id) || '-' || provider.country_code || '-' || provider.party_id
            || CASE WHEN pair.net < 0 OR (pair.net = 0 AND pair.vat < 0) THEN '-C' ELSE '' END
            || CASE WHEN pair.tax_note = ANY(%(outside)s) THEN '-O' ELSE '' END AS invoice_number,
        coalesce(%(categories)s::jsonb ->> pair.tax_note, CASE WHEN pair.vat_rate = 0 THEN 'Z' ELSE 'S' END) AS vat_code,
        to_json(pair.tax_note)::text AS told_note, settled.into AS settlement_currency, settled.rate AS fx_rate
    FROM settlement_pairtotal pair
    JOIN roaming_party operator ON operator.id = pair.operator_id
    JOIN roaming_party provider ON provider.id = pair.provider_id
    JOIN settlement_statement sold ON sold.run_id = pair.run_id AND sold.party_id = pair.operator_id AND sold.currency = pair.currency
    LEFT JOIN LATERAL (
        SELECT conversion.into, round(coalesce((%(rates)s::jsonb ->> conversion.into)::numeric, 1)
            / coalesce((%(rates)s::jsonb ->> pair.currency)::numeric, 1), 10) AS rate
        FROM settlement_conversion conversion
        WHERE conversion.run_id = pair.run_id AND conversion.currency = pair.currency
            AND pair.operator_id IN (conversion.debtor_id, conversion.creditor_id)
            AND pair.provider_id IN (conversion.debtor_id, conversion.creditor_id)
        LIMIT 1
    ) AS settled ON true
    WHERE pair.run_id = %(run)s AND pair.currency = %(currency)s AND pair.bucket <> 'dispute'
        AND (pair.operator_id = %(party)s OR pair.provider_id = %(party)s)
    WINDOW together AS (PARTITION BY pair.operator_id, pair.provider_id, pair.vat_rate, pair.tax_note)
),
charged AS MATERIALIZED (
    SELECT cdr_id, terms_id, ended_on, operator_id, provider_id, vat_rate, tax_note, bucket, service_period, energy_kwh, net, vat, gross,
        operator_fee AS hub_fee, (gross * 10000)::bigint AS exact
    FROM settlement_charge
    WHERE operator_id = %(party)s AND netting_set_id = %(netting_set)s AND period = %(period)s AND currency = %(currency)s
    UNION ALL
    SELECT cdr_id, terms_id, ended_on, operator_id, provider_id, vat_rate, tax_note, bucket, service_period, energy_kwh, net, vat, gross,
        provider_fee, (gross * 10000)::bigint
    FROM settlement_charge
    WHERE provider_id = %(party)s AND netting_set_id = %(netting_set)s AND period = %(period)s AND currency = %(currency)s
),
-- The rest of a division has the sign of what is divided: so twice, for one that rounds down.
counted AS (
    SELECT *, ((sign * exact) %% %(step)s + %(step)s) %% %(step)s AS rest
    FROM charged JOIN groups USING (operator_id, provider_id, vat_rate, tax_note, bucket)
),
missing AS (
    SELECT counted.*, (sign * exact - rest) / %(step)s AS units,
        units_of_group - (sum((sign * exact - rest) / %(step)s) OVER the_group)::bigint AS missing,
        count(*) OVER the_group AS members,
        row_number() OVER (PARTITION BY spread_id ORDER BY rest DESC, ended_on, cdr_id) AS rank,
        row_number() OVER (ORDER BY is_receivable DESC, ended_on, cdr_id) AS line
    FROM counted WINDOW the_group AS (PARTITION BY spread_id)
),
shown AS MATERIALIZED (
    SELECT missing.*, (sign * (units + each + (rank <= missing - each * members)::int)) * %(fraction)s::numeric AS shown
    FROM missing, LATERAL (SELECT (missing - (missing %% members + members) %% members) / members AS each) AS shared
    ORDER BY line
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
    SELECT shown.*, CASE WHEN is_receivable THEN 'receivable' ELSE 'payable' END AS side, operator || '/' || cdr.cdr_id AS cdr,
        %(period)s AS period, %(currency)s AS currency, operator || '/' || original.cdr_id AS credit_of,
        earlier.number AS original_statement, earlier.line AS original_line,
        cdr.session_id, cdr.authorization_reference, cdr.location_id, cdr.evse_id,
        cdr.country, cdr.contract_id, cdr.auth_method, cdr.started_at, cdr.ended_at, cdr.priced_by, cdr.received_at,
        encode(cdr.seal, 'hex') AS seal, cdr.id AS cdr_row, cdr.public_id AS hub_trace_id, cdr.token_uid,
        terms.agreement_id AS agreement, cdr.protocol, cdr.received, cdr.body, body.told, body.place, body.started, body.ended, body.zone
    FROM shown
    JOIN roaming_cdr cdr ON cdr.id = shown.cdr_id
    LEFT JOIN roaming_cdr original ON original.id = cdr.credit_of_id
    LEFT JOIN earlier ON earlier.cdr_id = cdr.credit_of_id
    JOIN settlement_settlementterms terms ON terms.id = shown.terms_id
    -- OFFSET keeps the planner from reading the body once for every column that asks.
    CROSS JOIN LATERAL (
        SELECT told, told -> 'cdr_location' AS place,
            to_char(cdr.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started,
            to_char(cdr.ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS ended,
            coalesce(%(zones)s::jsonb ->> cdr.country, 'UTC') AS zone
        FROM (SELECT convert_from(cdr.body, 'UTF8')::jsonb AS told OFFSET 0) AS parsed OFFSET 0
    ) AS body
)
"""


def annex_query(*, select: str, columns: Sequence[str] = tuple(COLUMNS), limit: int | None = None) -> str:
    """This function will return the SQL of the annex with `select` (expressions over `columns` of `told_line`), in order of lines.

    `limit` takes the first so many lines. What no expression names is not computed.
    """
    told = ", ".join(f'{COLUMNS[name]} AS "{name}"' for name in columns)
    few = f" LIMIT {limit:d}" if limit is not None else ""
    # OFFSET again: each column is computed once, however often `select` names it.
    return f"{_ANNEX} SELECT {select} FROM (SELECT {told} FROM lines ORDER BY lines.line{few} OFFSET 0) AS told_line"  # noqa: S608  (our own)


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
        "step": 10 ** (4 - decimals),
        "fraction": Decimal(1).scaleb(-decimals),
        "rates": json.dumps({rate["currency"]: str(rate["per_euro"]) for rate in run.rates}),
        "outside": [rule.note for rule in SUPPLY_RULES if rule.category == "O"],
        **detail_parameters(statement=statement),
    }


def read_annex(*, statement: Statement, limit: int | None = None, columns: Sequence[str] = tuple(COLUMNS)) -> Iterator[dict[str, Any]]:
    """This function will yield the lines of the annex as dictionaries, in order; the first `limit` of them where told.

    `columns` are those wanted: what nobody asks for is not computed.
    """
    query = annex_query(select=", ".join(f'"{name}"' for name in columns), columns=columns, limit=limit)
    with connection.cursor() as cursor:
        cursor.execute(query, annex_parameters(statement=statement))
        while rows := cursor.fetchmany(5000):
            for row in rows:
                yield dict(zip(columns, row, strict=True))
