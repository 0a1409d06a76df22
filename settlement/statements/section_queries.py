"""What the sections of a statement read, each one statement to the database, as rows of text in the order they are shown."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection

from settlement.netting.models import NettingRun
from settlement.statements.models import Statement

# Before each of them: the charges on the statement, from the party's side. What does not name it costs nothing.
_STOOD = """
WITH stood AS (
    SELECT charge.*, 'operator' AS role, provider_id AS counterparty_id FROM settlement_charge charge
        WHERE operator_id = %(party)s AND netting_set_id = %(netting_set)s AND period = %(period)s AND currency = %(currency)s
    UNION ALL
    SELECT charge.*, 'provider', operator_id FROM settlement_charge charge
        WHERE provider_id = %(party)s AND netting_set_id = %(netting_set)s AND period = %(period)s AND currency = %(currency)s
)
"""
# A disputed amount counts here as long as nobody decided; what was decided is an adjustment of some period.
COUNTERPARTIES = """
SELECT role, company.country_code || '-' || company.party_id, string_agg(DISTINCT terms.agreement_id::text, ', '), count(*),
    sum(stood.energy_kwh), round(sum(extract(epoch FROM cdr.ended_at - cdr.started_at))::numeric / 3600, 2),
    sum(stood.net), sum(stood.vat), sum(stood.gross), coalesce(sum(stood.gross) FILTER (WHERE stood.bucket = 'credit'), 0),
    coalesce(sum(dispute.amount), 0)
FROM stood
JOIN roaming_cdr cdr ON cdr.id = stood.cdr_id
JOIN settlement_settlementterms terms ON terms.id = stood.terms_id
JOIN roaming_party company ON company.id = stood.counterparty_id
LEFT JOIN settlement_dispute dispute ON dispute.cdr_id = cdr.id AND dispute.state IN ('open', 'answered', 'escalated')
GROUP BY role, company.country_code, company.party_id ORDER BY role, company.country_code, company.party_id
"""

COUNTRIES = """
SELECT role, cdr.country, stood.tax_note, stood.vat_rate, count(*), sum(stood.energy_kwh), sum(stood.net), sum(stood.vat)
FROM stood JOIN roaming_cdr cdr ON cdr.id = stood.cdr_id
GROUP BY role, cdr.country, stood.tax_note, stood.vat_rate ORDER BY role, cdr.country, stood.vat_rate, stood.tax_note
"""

# The body of a CDR is read as JSON: some tens of microseconds each, so only where a statement has not too many.
PRODUCTS = """,
told AS MATERIALIZED (
    SELECT stood.role, stood.energy_kwh, stood.net, convert_from(cdr.body, 'UTF8')::jsonb AS body
    FROM stood JOIN roaming_cdr cdr ON cdr.id = stood.cdr_id
)
SELECT role, coalesce(body -> 'tariffs' -> 0 ->> 'id', body -> 'charging_periods' -> 0 ->> 'tariff_id', ''),
    coalesce(body -> 'cdr_location' ->> 'connector_power_type', ''), count(*), sum(energy_kwh),
    round(sum(net) / nullif(sum(energy_kwh), 0), 4),
    coalesce(sum((body -> 'total_fixed_cost' ->> 'before_taxes')::numeric), 0),
    coalesce(sum((body -> 'total_parking_cost' ->> 'before_taxes')::numeric), 0), sum(net)
FROM told GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

CORRECTIONS = """
SELECT owner.country_code || '-' || owner.party_id || '/' || cdr.cdr_id, original.cdr_id, coalesce(charged.period, ''),
    stood.net, stood.gross
FROM stood
JOIN roaming_cdr cdr ON cdr.id = stood.cdr_id
JOIN roaming_cdr original ON original.id = cdr.credit_of_id
JOIN roaming_party owner ON owner.id = cdr.owner_id
LEFT JOIN settlement_charge charged ON charged.cdr_id = original.id
WHERE stood.bucket = 'credit' ORDER BY 1 LIMIT %(most)s
"""

LATE = """
SELECT owner.country_code || '-' || owner.party_id || '/' || cdr.cdr_id, stood.service_period,
    to_char(cdr.received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), greatest(extract(day FROM cdr.received_at - cdr.ended_at)::int, 0),
    stood.gross
FROM stood JOIN roaming_cdr cdr ON cdr.id = stood.cdr_id JOIN roaming_party owner ON owner.id = cdr.owner_id
WHERE stood.bucket = 'late' ORDER BY stood.service_period, 1 LIMIT %(most)s
"""

DISPUTES = """
SELECT dispute.id, owner.country_code || '-' || owner.party_id || '/' || cdr.cdr_id, dispute.reason, dispute.state, dispute.amount,
    coalesce(dispute.upheld_amount::text, ''), to_char(dispute.opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
    CASE WHEN dispute.resolved_at IS NULL THEN to_char(dispute.resolve_due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') ELSE '' END
FROM settlement_dispute dispute
JOIN roaming_cdr cdr ON cdr.id = dispute.cdr_id
JOIN roaming_party owner ON owner.id = cdr.owner_id
WHERE (cdr.owner_id = %(party)s OR cdr.provider_id = %(party)s) AND dispute.currency = %(currency)s
    AND (dispute.resolved_at IS NULL OR dispute.resolved_at >= %(starts_at)s)
ORDER BY dispute.id LIMIT %(most)s
"""

# Of several reasons the first counts: each CDR stands here once.
HELD = """
SELECT hold.reasons -> 0 ->> 'code', CASE WHEN cdr.owner_id = %(party)s THEN 'operator' ELSE 'provider' END, count(*), sum(cdr.net)
FROM settlement_hold hold JOIN roaming_cdr cdr ON cdr.id = hold.cdr_id
WHERE hold.state = 'held' AND (cdr.owner_id = %(party)s OR cdr.provider_id = %(party)s) AND cdr.currency = %(currency)s
    AND cdr.ended_at >= %(starts_at)s AND cdr.ended_at < %(ends_at)s
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""

# Sessions that ended in the period, those with a CDR, CDRs received for it, held, charged in it or elsewhere.
BRIDGE = """
SELECT
    (SELECT count(*) FROM roaming_session told WHERE (told.owner_id = %(party)s OR told.provider_id = %(party)s)
        AND told.status = 'COMPLETED' AND told.currency = %(currency)s AND told.ended_at >= %(starts_at)s AND told.ended_at < %(ends_at)s),
    count(*), coalesce(sum(cdr.net), 0),
    count(*) FILTER (WHERE hold.state = 'held'), coalesce(sum(cdr.net) FILTER (WHERE hold.state = 'held'), 0),
    count(*) FILTER (WHERE charge.id IS NULL AND hold.state IS DISTINCT FROM 'held'),
    coalesce(sum(cdr.net) FILTER (WHERE charge.id IS NULL AND hold.state IS DISTINCT FROM 'held'), 0),
    count(*) FILTER (WHERE charge.period <> %(period)s), coalesce(sum(cdr.net) FILTER (WHERE charge.period <> %(period)s), 0),
    count(*) FILTER (WHERE charge.period = %(period)s), coalesce(sum(charge.net) FILTER (WHERE charge.period = %(period)s), 0),
    count(*) FILTER (WHERE cdr.session_id = ''), count(*) FILTER (WHERE cdr.is_credit),
    count(*) FILTER (WHERE cdr.received_at > cdr.ended_at + interval '1 day'),
    coalesce(round((percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM cdr.received_at - cdr.ended_at)))::numeric / 3600, 2), 0)
FROM roaming_cdr cdr
LEFT JOIN settlement_charge charge ON charge.cdr_id = cdr.id
LEFT JOIN settlement_hold hold ON hold.cdr_id = cdr.id
WHERE (cdr.owner_id = %(party)s OR cdr.provider_id = %(party)s) AND cdr.currency = %(currency)s
    AND cdr.ended_at >= %(starts_at)s AND cdr.ended_at < %(ends_at)s
"""

# Payments of earlier issued runs of the set, from the party's side (+ it is paid): what was open when the statement before this one was
# issued, and what came or went since. What came beyond a payment is on account: the carried lines have it.
PAID = """,
earlier AS (
    SELECT payment.id, payment.amount, CASE WHEN payment.payee_id = %(party)s THEN 1 ELSE -1 END AS sign
    FROM settlement_plannedpayment payment JOIN settlement_nettingrun run ON run.id = payment.run_id
    WHERE run.netting_set_id = %(netting_set)s AND run.state = 'issued' AND run.starts_at < %(starts_at)s
        AND payment.currency = %(currency)s AND %(party)s IN (payment.payer_id, payment.payee_id)
),
since AS (
    SELECT coalesce(max(statement.issued_at), '-infinity') AS instant
    FROM settlement_statement statement JOIN settlement_nettingrun run ON run.id = statement.run_id
    WHERE statement.party_id = %(party)s AND statement.currency = %(currency)s AND statement.state = 'issued'
        AND run.netting_set_id = %(netting_set)s AND run.starts_at < %(starts_at)s
),
told AS (
    SELECT earlier.sign, earlier.amount,
        least(coalesce(sum(match.amount) FILTER (WHERE match.matched_at <= since.instant), 0), earlier.amount) AS before,
        least(coalesce(sum(match.amount), 0), earlier.amount) AS now
    FROM earlier CROSS JOIN since LEFT JOIN settlement_paymentmatch match ON match.payment_id = earlier.id
    GROUP BY earlier.id, earlier.sign, earlier.amount
)
SELECT coalesce(sum(sign * (amount - before)), 0), coalesce(sum(now - before) FILTER (WHERE sign > 0), 0),
    coalesce(sum(now - before) FILTER (WHERE sign < 0), 0)
FROM told
"""

WITHHELD = """
SELECT coalesce(sum(CASE WHEN cdr.owner_id = %(party)s THEN dispute.amount ELSE -dispute.amount END), 0)
FROM settlement_dispute dispute JOIN stood ON stood.cdr_id = dispute.cdr_id JOIN roaming_cdr cdr ON cdr.id = dispute.cdr_id
WHERE dispute.state IN ('open', 'answered', 'escalated')
"""

# A location's mix as its operator tells it today: kWh by source, grams of CO2, and whether it calls itself green.
# Summed per site first: a document is read once per site, not once per CDR.
ENERGY = """,
sites AS MATERIALIZED (
    SELECT stood.role, cdr.owner_id, upper(cdr.location_id) AS location_key, sum(stood.energy_kwh) AS energy_kwh
    FROM stood JOIN roaming_cdr cdr ON cdr.id = stood.cdr_id GROUP BY 1, 2, 3
),
mixed AS (
    SELECT sites.role, sites.energy_kwh, site.document -> 'energy_mix' AS mix
    FROM sites LEFT JOIN roaming_location site
        ON site.owner_id = sites.owner_id AND site.location_key = sites.location_key AND site.audience_id IS NULL
),
named AS (
    SELECT role, energy_kwh, mix, (mix ->> 'is_green_energy')::boolean AS green,
        jsonb_array_length(coalesce(nullif(mix -> 'energy_sources', 'null'), '[]')) AS sources,
        (SELECT sum((impact ->> 'amount')::numeric)
            FROM jsonb_array_elements(coalesce(nullif(mix -> 'environ_impact', 'null'), '[]')) impact
            WHERE impact ->> 'category' = 'CARBON_DIOXIDE') AS grams
    FROM mixed
),
split AS (
    SELECT role, source ->> 'source' AS source, energy_kwh * (source ->> 'percentage')::numeric / 100 AS kwh,
        grams * energy_kwh * (source ->> 'percentage')::numeric / 100 AS grams
    FROM named, jsonb_array_elements(mix -> 'energy_sources') source WHERE sources > 0
    UNION ALL
    SELECT role, CASE WHEN mix IS NULL THEN 'not told' WHEN green THEN 'green, not split' ELSE 'not green, not split' END, energy_kwh,
        grams * energy_kwh
    FROM named WHERE sources = 0
)
SELECT role, source, round(sum(kwh), 4), round(100 * sum(kwh) / nullif(sum(sum(kwh)) OVER (PARTITION BY role), 0), 2),
    round(sum(grams) / 1000, 3)
FROM split GROUP BY role, source ORDER BY role, sum(kwh) DESC, source
"""

# Both sides of every answer of the period in one pass over it: the rows are many, so it is asked once per run and kept.
_SERVICE = """
WITH asked AS (
    SELECT party, outcome, duration_ms FROM roaming_authorization, LATERAL (VALUES (operator_id), (provider_id)) AS side (party)
    WHERE at >= %(starts_at)s AND at < %(ends_at)s AND party IS NOT NULL
)
SELECT party, count(*), count(*) FILTER (WHERE outcome NOT IN ('TIMEOUT', 'UNREACHABLE', 'BAD_ANSWER', 'NO_ROUTE')),
    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms)), round(percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms))
FROM asked GROUP BY party
"""


class Service(NamedTuple):
    """How the hub served authorisations of a party in a period; the times are milliseconds."""

    asked: int
    answered: int
    median_ms: int
    most_ms: int  # 95 of 100 were quicker


def read_service(*, run: NettingRun, party: int) -> Service | None:
    """This function will return how authorisations at, and for drivers of, a party were answered in a run's period; None: nobody asked."""
    return _service_of(run.pk, run.starts_at, run.ends_at).get(party)


@lru_cache(maxsize=4)
def _service_of(run: int, starts_at: datetime, ends_at: datetime) -> Mapping[int, Service]:
    # Answers are never changed and the period is over: what was read for a run stays true.
    with connection.cursor() as cursor:
        cursor.execute(_SERVICE, {"starts_at": starts_at, "ends_at": ends_at})
        return {row[0]: Service(row[1], row[2], int(row[3]), int(row[4])) for row in cursor.fetchall()}


def read_rows(sql: str, *, statement: Statement, most: int = 0) -> list[tuple[Any, ...]]:
    """This function will return the rows of one of this module's statements for a statement; `most` bounds lists of CDRs."""
    run: NettingRun = statement.run
    parameters: dict[str, Any] = {
        "party": statement.party_id,
        "netting_set": run.netting_set_id,
        "period": run.period,
        "currency": statement.currency,
        "starts_at": run.starts_at,
        "ends_at": run.ends_at,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STOOD + sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
