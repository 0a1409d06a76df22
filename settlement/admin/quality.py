"""What settlement adds to a partner's score: how its CDRs of the past month fared, by the measures of a statement's section 15."""

from datetime import datetime, timedelta

from django.db import connection

from roaming.admin.score import Measure, measures
from roaming.models import Platform

_PAST = timedelta(days=30)
_MOST = 10_000  # a page must not read a million CDRs: the latest say enough
_CDRS = """
SELECT count(*), count(*) FILTER (WHERE received_at <= ended_at + interval '1 day'), count(*) FILTER (WHERE hold.id IS NULL),
    count(*) FILTER (WHERE NOT EXISTS (SELECT FROM roaming_cdr credit WHERE credit.credit_of_id = cdr.id)),
    count(*) FILTER (WHERE session_key <> '')
FROM (
    SELECT id, received_at, ended_at, session_key FROM roaming_cdr
    WHERE owner_id = ANY(%s) AND ended_at > %s AND ended_at <= %s AND NOT is_credit ORDER BY ended_at DESC LIMIT %s
) cdr LEFT JOIN settlement_hold hold ON hold.cdr_id = cdr.id
"""


def cdr_measures(platform: Platform, at: datetime) -> list[Measure]:
    """This function will return the shares of CDRs that came in time, were never held, never corrected, and named their session."""
    with connection.cursor() as cursor:
        cursor.execute(_CDRS, [[role.party_id for role in platform.party_roles.all()], at - _PAST, at, _MOST])
        count, timely, unheld, uncorrected, linked = cursor.fetchone()
    return [
        Measure("CDRs within a day of their session's end, past 30 days", timely, count),
        Measure("CDRs never held", unheld, count),
        Measure("CDRs never corrected", uncorrected, count),
        Measure("CDRs that name their session", linked, count),
    ]


measures.append(cdr_measures)
