"""Closing a month against DuckDB summing the same rows from Parquet: what the practical floor of such a sum is on this machine."""

from statistics import median
from time import perf_counter

import duckdb
from django.utils import timezone

from benchmarks.month import PERIOD, Month
from benchmarks.table import Measure
from roaming import canonical
from settlement.clearing.models import DayTotal
from settlement.clearing.roll_up import roll_up
from settlement.netting.close import close_period, preview_period

BAR = 4.0

# The two sums of a close: what every pair owes, and the count by day and currency that must agree with it.
SAME_SUMS = """
SELECT operator, provider, currency, vat_rate, tax_note, bucket, count(*), sum(energy_kwh), sum(net), sum(vat), sum(gross),
    sum(operator_fee), sum(provider_fee)
FROM '{parquet}' GROUP BY ALL
"""
SAME_COUNT = """
SELECT booked_on, currency, count(*), sum(energy_kwh), sum(net), sum(vat), sum(gross), sum(operator_fee + provider_fee)
FROM '{parquet}' GROUP BY ALL
"""


def measure_close(*, month: Month, rounds: int) -> list[Measure]:
    """This function will close the month `rounds` times without keeping it, in turns with DuckDB."""
    period = canonical.Period.parse(PERIOD)
    duck = duckdb.connect()
    duck.execute("SET threads = 2")
    floors: list[float] = []
    raw: list[float] = []
    rolled: list[float] = []
    for figures in (raw, rolled):
        if figures is rolled:
            roll_up(netting_set=month.netting_set.pk, period=PERIOD)
        for _ in range(rounds):
            started = perf_counter()
            pairs = duck.execute(SAME_SUMS.format(parquet=month.parquet)).fetchall()
            duck.execute(SAME_COUNT.format(parquet=month.parquet)).fetchall()
            floors.append(perf_counter() - started)
            started = perf_counter()
            seen = preview_period(
                netting_set=month.netting_set, period=period, at=timezone.now(), look=lambda run: {"count": run.cdr_count}
            )
            figures.append(perf_counter() - started)
            assert seen["count"] == month.count, "every charge is in the run"
            assert sum(pair[6] for pair in pairs) == month.count
    days = DayTotal.objects.filter(netting_set=month.netting_set, period=PERIOD).count()
    floor = median(floors)
    baseline = f"DuckDB {floor:.3f} s"
    return [
        Measure(
            name=f"close of {month.count:,} CDRs, rolled up nightly",
            figure=f"{median(rolled):.3f} s",
            baseline=baseline,
            ratio=median(rolled) / floor,
            bar=BAR,
            at_most=True,
            note=f"{days:,} day totals stood before; the close counts all charges again and compares.",
        ),
        Measure(
            name=f"close of {month.count:,} CDRs, nothing rolled up",
            figure=f"{median(raw):.3f} s",
            baseline=baseline,
            ratio=median(raw) / floor,
            bar=None,
            at_most=True,
            note="charges stood, no day total: the close makes them first.",
        ),
    ]


def keep_close(*, month: Month) -> list[Measure]:
    """This function will close the month for good: what is measured of statements follows from it."""
    started = perf_counter()
    close_period(netting_set=month.netting_set, period=canonical.Period.parse(PERIOD), by="bench", at=timezone.now())
    return [
        Measure(
            name=f"close of {month.count:,} CDRs, kept for good",
            figure=f"{perf_counter() - started:.3f} s",
            baseline="–",
            ratio=None,
            bar=None,
            at_most=True,
            note="with the checks of the books before it and the commits of its steps.",
        )
    ]
