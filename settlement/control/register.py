"""The register of expected CDRs in money: what is missing, late, orphaned or doubled, and reminders on day 3, 7 and 14."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from roaming import canonical
from roaming.cdrs.expected import Gap, list_expected_cdrs, list_gaps
from roaming.models import Session
from settlement.control.models import CdrReminder

REMIND_ON_DAYS = (3, 7, 14)

# A session that told no cost is worth its energy at the pair's own price per kWh of the past month.
_PRICES = """
SELECT o.country_code || '-' || o.party_id, p.country_code || '-' || p.party_id, c.currency, sum(c.net) / sum(c.energy_kwh)
FROM roaming_cdr c JOIN roaming_party o ON o.id = c.owner_id JOIN roaming_party p ON p.id = c.provider_id
WHERE NOT c.is_credit AND c.received_at > %s - interval '30 days' GROUP BY 1, 2, 3 HAVING sum(c.energy_kwh) > 0
"""

_DOUBLES = """
SELECT o.country_code, o.party_id, p.country_code, p.party_id, c.cdr_id, c.ended_at, c.energy_kwh, c.currency, c.net
FROM settlement_finding f JOIN roaming_cdr c ON c.id = f.cdr_id
JOIN roaming_party o ON o.id = c.owner_id JOIN roaming_party p ON p.id = c.provider_id
WHERE f.check_number IN (5, 6) AND f.found_at > %s - interval '90 days' ORDER BY c.ended_at, c.id
"""


class Summary(NamedTuple):
    """One kind of gap of one pair in one currency; `estimated` sums what was told or can be estimated."""

    kind: str
    operator: str
    provider: str
    currency: str
    lines: int
    energy_kwh: Decimal
    estimated: Decimal


def list_register(*, at: datetime) -> list[Gap]:
    """This function will list everything that is missing, stuck, unused, orphaned, late or doubled; costs are estimated where untold."""
    prices = _prices(at)
    missing = [
        Gap("missing", row.operator, row.provider, row.session_id, row.ended_at, row.energy_kwh, row.currency, row.cost)
        for row in list_expected_cdrs(at=at, limit=10_000)
    ]
    return [_estimated(gap, prices) for gap in (*missing, *list_gaps(at=at), *_doubles(at))]


def summarize(gaps: Iterable[Gap]) -> list[Summary]:
    """This function will count gaps and sum their estimated money per kind, pair and currency."""
    sums: dict[tuple[str, str, str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0), Decimal(0)])
    for gap in gaps:
        of = sums[gap.kind, str(gap.operator), str(gap.provider), gap.currency]
        of[0] += 1
        of[1] += gap.energy_kwh or Decimal(0)
        of[2] += gap.cost or Decimal(0)
    return [Summary(*key, int(count), energy, money) for key, (count, energy, money) in sorted(sums.items())]


def remind(*, at: datetime) -> list[CdrReminder]:
    """This function will note, once per session, kind and day, which operators are to be reminded today, and return the new reminders.

    A session that ended and owes a CDR counts from its end, one that is stuck open from its start.
    """
    prices = _prices(at)
    missing = [
        Gap("missing", row.operator, row.provider, row.session_id, row.ended_at, row.energy_kwh, row.currency, row.cost)
        for row in list_expected_cdrs(at=at, older_than_hours=24 * REMIND_ON_DAYS[0], limit=10_000)
    ]
    stuck = [gap for gap in list_gaps(at=at) if gap.kind == CdrReminder.Kind.STUCK]
    reminded: list[CdrReminder] = []
    for gap in (*missing, *stuck):
        due = [day for day in REMIND_ON_DAYS if day <= (at - gap.at).days]
        session = Session.objects.filter(
            owner__country_code=gap.operator.country_code, owner__party_id=gap.operator.party_id, session_key=gap.name.upper()
        ).first()
        if session is None or not due:
            continue
        told = {"estimate": _estimated(gap, prices).cost, "currency": gap.currency, "reminded_at": at}
        reminder, is_new = CdrReminder.objects.get_or_create(session=session, kind=gap.kind, day=due[-1], defaults=told)
        if is_new:
            reminded.append(reminder)
    return reminded


def _prices(at: datetime) -> dict[tuple[str, str, str], Decimal]:
    with connection.cursor() as cursor:
        cursor.execute(_PRICES, [at])
        return {(operator, provider, currency): price for operator, provider, currency, price in cursor.fetchall()}


def _doubles(at: datetime) -> list[Gap]:
    with connection.cursor() as cursor:
        cursor.execute(_DOUBLES, [at])
        return [
            Gap("duplicate", canonical.PartyId(row[0], row[1]), canonical.PartyId(row[2], row[3]), row[4], row[5], row[6], row[7], row[8])
            for row in cursor.fetchall()
        ]


def _estimated(gap: Gap, prices: dict[tuple[str, str, str], Decimal]) -> Gap:
    if gap.cost is not None or not gap.energy_kwh:
        return gap
    price = prices.get((str(gap.operator), str(gap.provider), gap.currency))
    if price is None:
        return gap
    return Gap(gap.kind, gap.operator, gap.provider, gap.name, gap.at, gap.energy_kwh, gap.currency, round(price * gap.energy_kwh, 4))
