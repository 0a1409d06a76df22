"""The register of sessions that still owe a CDR: finished, and nothing sealed for them that was not taken back."""

from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
from django.db import connection

from roaming import canonical

OWING = """
SELECT o.country_code, o.party_id, p.country_code, p.party_id, s.session_id, s.ended_at, s.energy_kwh, s.currency,
    s.document -> 'total_cost' ->> 'before_taxes', s.last_updated
FROM roaming_session s
JOIN roaming_party o ON o.id = s.owner_id
JOIN roaming_party p ON p.id = s.provider_id
WHERE s.status = 'COMPLETED' AND s.ended_at < %(ended_before)s AND s.ended_at >= %(ended_from)s
    AND (%(operator)s::text IS NULL OR o.country_code || '-' || o.party_id = %(operator)s)
    AND (%(provider)s::text IS NULL OR p.country_code || '-' || p.party_id = %(provider)s)
    AND NOT EXISTS (
        SELECT 1 FROM roaming_cdr c
        WHERE c.owner_id = s.owner_id AND c.session_key = s.session_key AND NOT c.is_credit
            AND NOT EXISTS (SELECT 1 FROM roaming_cdr credit WHERE credit.credit_of_id = c.id))
ORDER BY s.ended_at, s.id
LIMIT %(limit)s
"""


class ExpectedCdr(msgspec.Struct, frozen=True):
    """A session without a CDR. `cost` is what the session said last, before taxes; None where it said nothing."""

    operator: canonical.PartyId
    provider: canonical.PartyId
    session_id: str
    ended_at: datetime
    energy_kwh: Decimal
    currency: str
    cost: Decimal | None
    last_updated: datetime


def list_expected_cdrs(
    *,
    at: datetime,
    older_than_hours: int = 24,
    within_days: int = 90,
    operator: canonical.PartyId | None = None,
    provider: canonical.PartyId | None = None,
    limit: int = 1000,
) -> list[ExpectedCdr]:
    """This function will list sessions that ended more than `older_than_hours` ago, the longest waiting first."""
    params = {
        "ended_before": at - timedelta(hours=older_than_hours),
        "ended_from": at - timedelta(days=within_days),
        "operator": str(operator) if operator else None,
        "provider": str(provider) if provider else None,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(OWING, params)
        rows = cursor.fetchall()
    return [
        ExpectedCdr(
            operator=canonical.PartyId(row[0], row[1]),
            provider=canonical.PartyId(row[2], row[3]),
            session_id=row[4],
            ended_at=row[5],
            energy_kwh=row[6],
            currency=row[7],
            cost=Decimal(row[8]) if row[8] else None,
            last_updated=row[9],
        )
        for row in rows
    ]
