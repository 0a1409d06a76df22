"""Roll charges up to day totals: what a close reads instead of ten million rows (finance §3.3).

A day total is a cache that proves itself: each use compares count and sums with the charges, pair by pair and to the last decimal. Where
one pair differs, the days that do are found and rolled up again. So nobody has to know which days are stale.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db import connection, transaction

from settlement.clearing.gate import allow_long_work, shut_gate


class RecountDiffers(Exception):
    """Charges and day totals of a period do not agree after rolling up again: something changes them; nothing may be closed."""


class Sums(NamedTuple):
    """One day and currency, counted from charges or from day totals. Gross is net plus VAT by a constraint of each row."""

    day: date
    currency: str
    cdr_count: int
    energy_kwh: Decimal
    net: Decimal
    vat: Decimal
    fees: Decimal
    spread: Decimal  # gross by pair: the same sums between other parties are not the same


_COUNT_CHARGES = """
SELECT booked_on, currency, count(*), sum(energy_kwh), sum(net), sum(vat), sum(operator_fee + provider_fee),
    sum(gross * (operator_id * 7919 + provider_id))
FROM settlement_charge WHERE netting_set_id = %s AND period = %s GROUP BY booked_on, currency
"""

_COUNT_DAY_TOTALS = """
SELECT booked_on, currency, sum(count)::bigint, sum(energy_kwh), sum(net), sum(vat), sum(operator_fee + provider_fee),
    sum(gross * (operator_id * 7919 + provider_id))
FROM settlement_daytotal WHERE netting_set_id = %s AND period = %s GROUP BY booked_on, currency
"""

# What is netted: whether each pair's count and sums are those of its charges. Less work than counting by day, where a weight must tell
# pairs apart. Not EXISTS: PostgreSQL then hurries to a first row along an index, and there is none.
_DIFFERING_PAIRS = """
SELECT count(*)
FROM (
    SELECT operator_id, provider_id, currency, count(*) AS cdr_count, sum(energy_kwh) AS energy_kwh, sum(net) AS net, sum(vat) AS vat,
        sum(operator_fee) AS operator_fee, sum(provider_fee) AS provider_fee
    FROM settlement_charge WHERE netting_set_id = %(netting_set)s AND period = %(period)s
    GROUP BY operator_id, provider_id, currency
) AS counted
FULL JOIN (
    SELECT operator_id, provider_id, currency, sum(count)::bigint AS cdr_count, sum(energy_kwh) AS energy_kwh, sum(net) AS net,
        sum(vat) AS vat, sum(operator_fee) AS operator_fee, sum(provider_fee) AS provider_fee
    FROM settlement_daytotal WHERE netting_set_id = %(netting_set)s AND period = %(period)s
    GROUP BY operator_id, provider_id, currency
) AS told USING (operator_id, provider_id, currency)
WHERE (counted.cdr_count, counted.energy_kwh, counted.net, counted.vat, counted.operator_fee, counted.provider_fee)
    IS DISTINCT FROM (told.cdr_count, told.energy_kwh, told.net, told.vat, told.operator_fee, told.provider_fee)
"""

_FORGET = "DELETE FROM settlement_daytotal WHERE netting_set_id = %s AND period = %s AND booked_on = ANY(%s)"

_ROLL_UP = """
INSERT INTO settlement_daytotal (
    netting_set_id, period, booked_on, operator_id, provider_id, currency, bucket, vat_rate, tax_note, fee_currency,
    count, energy_kwh, net, vat, gross, operator_fee, provider_fee
)
SELECT
    netting_set_id, period, booked_on, operator_id, provider_id, currency, bucket, vat_rate, tax_note, fee_currency,
    count(*), sum(energy_kwh), sum(net), sum(vat), sum(gross), sum(operator_fee), sum(provider_fee)
FROM settlement_charge
WHERE netting_set_id = %s AND period = %s AND booked_on = ANY(%s)
GROUP BY netting_set_id, period, booked_on, operator_id, provider_id, currency, bucket, vat_rate, tax_note, fee_currency
"""

_OPEN_PERIODS = """
SELECT DISTINCT charge.netting_set_id, charge.period FROM settlement_charge charge
WHERE charge.charged_at > %s AND NOT EXISTS (
    SELECT FROM settlement_settlementperiod p
    WHERE p.netting_set_id = charge.netting_set_id AND p.name = charge.period AND p.state = 'closed'
)
"""


def roll_up(*, netting_set: int, period: str) -> int:
    """This function will bring the day totals of an open period up to its charges and return how many days it rolled up.

    It shuts the gate of the netting set meanwhile. It raises RecountDiffers where the totals do not become equal.
    """
    with transaction.atomic():
        allow_long_work()
        shut_gate(netting_set=netting_set)
        if not some_pair_differs(netting_set=netting_set, period=period):
            return 0
        stale = differing_days(netting_set=netting_set, period=period)
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, [netting_set, period, stale])
            cursor.execute(_ROLL_UP, [netting_set, period, stale])
        if some_pair_differs(netting_set=netting_set, period=period):
            still = differing_days(netting_set=netting_set, period=period)
            raise RecountDiffers(f"charges of {period} and their day totals differ on {', '.join(map(str, still))}")
    return len(stale)


def roll_up_day(*, netting_set: int, period: str, day: date) -> None:
    """This function will roll one day up anew under the gate, for a close that does day by day; roll_up compares them all once more."""
    with transaction.atomic():
        allow_long_work()
        shut_gate(netting_set=netting_set)
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, [netting_set, period, [day]])
            cursor.execute(_ROLL_UP, [netting_set, period, [day]])


def some_pair_differs(*, netting_set: int, period: str) -> bool:
    """This function will tell whether count, energy, money or fees of any pair are not equal in charges and day totals of a period."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERING_PAIRS, {"netting_set": netting_set, "period": period})
        return bool(cursor.fetchone()[0])


def differing_days(*, netting_set: int, period: str) -> list[date]:
    """This function will return the days on which count, energy or money of charges and day totals are not equal, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_CHARGES, [netting_set, period])
        charges = {Sums(*row) for row in cursor.fetchall()}
        cursor.execute(_COUNT_DAY_TOTALS, [netting_set, period])
        totals = {Sums(*row) for row in cursor.fetchall()}
    return sorted({sums.day for sums in charges ^ totals})


def list_open_periods(*, charged_since: date) -> Sequence[tuple[int, str]]:
    """This function will list (netting set, period) of open periods that received a charge since a day."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_PERIODS, [charged_since])
        return [(int(netting_set), str(period)) for netting_set, period in cursor.fetchall()]
