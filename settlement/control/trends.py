"""Checks over many CDRs (43, 66, 67): drifting clocks, jumping volumes, values just under the limits. They hold nothing back."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from settlement.control.catalogue import CHECKS
from settlement.control.settings import read_changes


class Trend(NamedTuple):
    """What one check says about a station, a pair or an operator."""

    check: int
    code: str
    about: str
    message: str


# The receive lag of a station: its median of the past week against that of the four weeks before.
_LAG = """
WITH lag AS (
    SELECT owner_id, evse_id, received_at > %(at)s - interval '7 days' AS recent,
        extract(epoch FROM received_at - ended_at) / 60 AS minutes
    FROM roaming_cdr WHERE received_at BETWEEN %(at)s - interval '35 days' AND %(at)s AND evse_id <> '' AND NOT is_credit
),
median AS (
    SELECT owner_id, evse_id, recent, percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) AS minutes
    FROM lag GROUP BY owner_id, evse_id, recent HAVING count(*) >= 5
)
SELECT operator.country_code || '-' || operator.party_id, now.evse_id, before.minutes, now.minutes
FROM median now JOIN median before ON before.owner_id = now.owner_id AND before.evse_id = now.evse_id AND NOT before.recent
JOIN roaming_party operator ON operator.id = now.owner_id
WHERE now.recent AND abs(now.minutes - before.minutes) > %(minutes)s ORDER BY 1, 2 LIMIT 500
"""

# CDRs a day of a pair: the latest whole day against mean and deviation of the four weeks before. Days without CDRs count as such.
_VOLUME = """
WITH days AS (
    SELECT owner_id, provider_id, (ended_at AT TIME ZONE 'UTC')::date AS day, count(*) AS cdrs
    FROM roaming_cdr WHERE NOT is_credit AND ended_at >= date_trunc('day', %(at)s AT TIME ZONE 'UTC') - interval '29 days'
        AND ended_at < date_trunc('day', %(at)s AT TIME ZONE 'UTC')
    GROUP BY 1, 2, 3
),
latest AS (SELECT (date_trunc('day', %(at)s AT TIME ZONE 'UTC') - interval '1 day')::date AS day),
usual AS (
    SELECT owner_id, provider_id, sum(cdrs) / 28.0 AS mean, sqrt(greatest(sum(cdrs * cdrs) / 28.0 - (sum(cdrs) / 28.0) ^ 2, 1)) AS deviation
    FROM days, latest WHERE days.day < latest.day GROUP BY 1, 2
)
SELECT operator.country_code || '-' || operator.party_id, provider.country_code || '-' || provider.party_id, days.cdrs, usual.mean
FROM days JOIN latest ON latest.day = days.day JOIN usual USING (owner_id, provider_id)
JOIN roaming_party operator ON operator.id = days.owner_id JOIN roaming_party provider ON provider.id = days.provider_id
WHERE days.cdrs > usual.mean + %(sigmas)s * usual.deviation ORDER BY 1, 2
"""

# The share of an operator's CDRs within five percent under a limit of duration or energy.
_UNDER = """
SELECT operator.country_code || '-' || operator.party_id, count(*), count(*) FILTER (
    WHERE cdr.energy_kwh BETWEEN %(kwh)s * 0.95 AND %(kwh)s
        OR cdr.ended_at - cdr.started_at BETWEEN %(hours)s * interval '57 minutes' AND %(hours)s * interval '1 hour')
FROM roaming_cdr cdr JOIN roaming_party operator ON operator.id = cdr.owner_id
WHERE cdr.received_at BETWEEN %(at)s - interval '30 days' AND %(at)s AND NOT cdr.is_credit
GROUP BY 1 HAVING count(*) >= 20 ORDER BY 1
"""


def list_trends(*, at: datetime) -> list[Trend]:
    """This function will list what the checks over many CDRs say on a day."""
    limits = read_changes().limits(agreement=None, amount=None, percent=None, late_days=None)
    found: list[Trend] = []
    with connection.cursor() as cursor:
        cursor.execute(_LAG, {"at": at, "minutes": limits.number(43, "minutes")})
        for operator, evse, before, now in cursor.fetchall():
            found.append(_trend(43, f"{operator} {evse}", f"CDRs come {now:.0f} min after the end, {before:.0f} min in the weeks before"))
        cursor.execute(_VOLUME, {"at": at, "sigmas": limits.number(66, "sigmas")})
        for operator, provider, cdrs, mean in cursor.fetchall():
            found.append(_trend(66, f"{operator} for {provider}", f"{cdrs} CDRs yesterday, {mean:.1f} a day in the four weeks before"))
        cursor.execute(_UNDER, {"at": at, "kwh": limits.number(47, "car_kwh"), "hours": limits.number(33, "hours_ac")})
        for operator, cdrs, under in cursor.fetchall():
            share = Decimal(under) * 100 / cdrs
            if share > limits.number(67, "percent"):
                found.append(_trend(67, operator, f"{share:.0f} % of {cdrs} CDRs lie just under a limit of energy or duration"))
    return found


def _trend(check: int, about: str, message: str) -> Trend:
    return Trend(check, CHECKS[check].code, about, message)
