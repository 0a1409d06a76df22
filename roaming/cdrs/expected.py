"""The register of sessions that still owe a CDR: finished, and nothing sealed for them that was not taken back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

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


STUCK = """
SELECT o.country_code, o.party_id, p.country_code, p.party_id, s.session_id, s.started_at, s.energy_kwh, s.currency,
    s.document -> 'total_cost' ->> 'before_taxes', s.last_updated, s.status
FROM roaming_session s
JOIN roaming_party o ON o.id = s.owner_id
JOIN roaming_party p ON p.id = s.provider_id
WHERE s.status IN ('ACTIVE', 'PENDING') AND s.last_updated < %(silent_since)s AND s.started_at >= %(from)s
    AND NOT EXISTS (
        SELECT 1 FROM roaming_cdr c WHERE c.owner_id = s.owner_id AND c.session_key = s.session_key AND NOT c.is_credit)
ORDER BY s.last_updated, s.id LIMIT %(limit)s
"""

# An ALLOWED answer owes a session: where none was told, the car perhaps charges unseen.
UNUSED = """
SELECT o.country_code, o.party_id, p.country_code, p.party_id, a.reference, a.at
FROM roaming_authorization a
JOIN roaming_party o ON o.id = a.operator_id
JOIN roaming_party p ON p.id = a.provider_id
WHERE a.outcome = 'ALLOWED' AND a.at >= %(from)s AND a.at < %(until)s AND a.reference <> ''
    AND NOT EXISTS (SELECT 1 FROM roaming_session s WHERE s.token_uid IN (a.token_uid, upper(a.token_uid)) AND s.owner_id = a.operator_id
        AND s.started_at BETWEEN a.at - interval '15 minutes' AND a.at + interval '1 day')
    AND NOT EXISTS (SELECT 1 FROM roaming_cdr c WHERE c.token_uid IN (a.token_uid, upper(a.token_uid)) AND c.owner_id = a.operator_id
        AND c.started_at BETWEEN a.at - interval '15 minutes' AND a.at + interval '1 day')
ORDER BY a.at, a.id LIMIT %(limit)s
"""

# CDRs whose session nobody told.
ORPHANS = """
SELECT o.country_code, o.party_id, p.country_code, p.party_id, c.cdr_id, c.ended_at, c.energy_kwh, c.currency, c.net
FROM roaming_cdr c
JOIN roaming_party o ON o.id = c.owner_id
JOIN roaming_party p ON p.id = c.provider_id
WHERE NOT c.is_credit AND c.received_at >= %(from)s AND c.received_at < %(until)s
    AND NOT EXISTS (SELECT 1 FROM roaming_session s WHERE s.owner_id = c.owner_id AND c.session_key <> '' AND s.session_key = c.session_key)
    AND NOT EXISTS (SELECT 1 FROM roaming_session s WHERE s.owner_id = c.owner_id AND c.session_key = '' AND s.token_uid = c.token_uid
        AND s.started_at = c.started_at)
ORDER BY c.ended_at, c.id LIMIT %(limit)s
"""

# Sent more than a day after the session.
LATE = """
SELECT o.country_code, o.party_id, p.country_code, p.party_id, c.cdr_id, c.ended_at, c.energy_kwh, c.currency, c.net
FROM roaming_cdr c
JOIN roaming_party o ON o.id = c.owner_id
JOIN roaming_party p ON p.id = c.provider_id
WHERE NOT c.is_credit AND c.received_at >= %(from)s AND c.received_at < %(until)s AND c.received_at - c.ended_at > interval '1 day'
ORDER BY c.ended_at, c.id LIMIT %(limit)s
"""


class Gap(msgspec.Struct, frozen=True):
    """One line of the register. `name` is the session's, the CDR's or the authorisation's id; amounts are None where nothing was told."""

    kind: str
    operator: canonical.PartyId
    provider: canonical.PartyId
    name: str
    at: datetime
    energy_kwh: Decimal | None = None
    currency: str = ""
    cost: Decimal | None = None


def list_gaps(*, at: datetime, days: int = 90, stuck_hours: int = 48, limit: int = 10_000) -> list[Gap]:
    """This function will list what does not fit together: stuck sessions, unused authorisations, orphaned and late CDRs.

    Sessions that owe a CDR are `list_expected_cdrs`. A session is stuck where it was silent for `stuck_hours`.
    """
    span: dict[str, datetime | int] = {"from": at - timedelta(days=days), "until": at, "limit": limit}
    asked: tuple[tuple[str, str, dict[str, datetime | int]], ...] = (
        ("stuck", STUCK, {**span, "silent_since": at - timedelta(hours=stuck_hours)}),
        ("unused", UNUSED, {**span, "until": at - timedelta(days=1)}),
        ("orphan", ORPHANS, span),
        ("late", LATE, span),
    )
    gaps = []
    with connection.cursor() as cursor:
        for kind, query, params in asked:
            cursor.execute(query, params)
            gaps += [_gap(kind, row) for row in cursor.fetchall()]
    return gaps


def _gap(kind: str, row: Sequence[Any]) -> Gap:
    operator, provider = canonical.PartyId(row[0], row[1]), canonical.PartyId(row[2], row[3])
    if kind == "unused":
        return Gap(kind, operator, provider, row[4], row[5])
    cost = None if row[8] is None else Decimal(row[8])
    return Gap(kind, operator, provider, row[4], row[5], row[6], row[7], cost)
