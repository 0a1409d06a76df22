"""What the sections of a statement read, each one statement to the database, as rows of text in the order they are shown."""

from typing import Any

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
