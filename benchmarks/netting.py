"""The money half in parts: netting from day totals, the full recount, charges copied in, and papers beside their libraries' minimum."""

import io
import os
import resource
from pathlib import Path
from statistics import median
from time import perf_counter

import duckdb
import psycopg
from reportlab.lib.pagesizes import A4
from reportlab.platypus import LongTable, SimpleDocTemplate
from rustpy_xlsxwriter import write_worksheet

from benchmarks.close import SAME_COUNT, SAME_SUMS
from benchmarks.month import CHARGE_COLUMNS, PERIOD, Month, fill_day_totals, issue_month
from benchmarks.table import Measure
from roaming import canonical
from settlement.clearing.roll_up import differing_days, roll_up
from settlement.documents.pdf_export import MOST_CDRS
from settlement.documents.render import render_statement
from settlement.netting.fees import sum_fees
from settlement.netting.netted import Owed, Rules, net_everything
from settlement.netting.pairs import round_pairs, sum_pairs
from settlement.netting.positions import Obligation
from settlement.statements.annex import read_annex
from settlement.statements.models import Statement
from settlement.terms.rates import rate_for

NETTING_BAR, RECOUNT_BAR, COPY_BAR, PDF_SECONDS, XLSX_SECONDS = 1.5, 8.0, 0.6, 0.060, 2.0
_COPIED = 50_000
_NETTED_AT_LEAST = 2_000_000
# What a statement prints of a CDR.
_ON_PAPER = ("line", "ended_at", "cdr", "provider", "evse_id", "energy_kwh", "net", "vat_rate", "gross", "amount")


def measure_netting(*, month: Month, directory: Path, rounds: int) -> list[Measure]:
    """This function will count the month anew and net ten times as many from day totals, in turns with DuckDB on the same rows."""
    period = canonical.Period.parse(PERIOD)
    large = fill_day_totals(like=month, count=max(10 * month.count, _NETTED_AT_LEAST), directory=directory)
    roll_up(netting_set=month.netting_set.pk, period=PERIOD)
    duck = duckdb.connect()
    duck.execute("SET threads = 2")
    series: dict[str, list[float]] = {"net": [], "sums": [], "recount": [], "count": []}
    for _ in range(rounds):
        for name, work in (
            ("net", lambda: _net(large, period)),
            ("sums", lambda: duck.execute(SAME_SUMS.format(parquet=large.parquet)).fetchall()),
            ("recount", lambda: differing_days(netting_set=month.netting_set.pk, period=PERIOD)),
            ("count", lambda: duck.execute(SAME_COUNT.format(parquet=month.parquet)).fetchall()),
        ):
            started = perf_counter()
            work()
            series[name].append(perf_counter() - started)
    large.parquet.unlink()
    took = {name: median(figures) for name, figures in series.items()}
    return [
        _against("netting of {:,} CDRs from day totals", took["net"], took["sums"], NETTING_BAR, large, "sums, rounding, positions, plan."),
        _against("full recount of {:,} CDRs", took["recount"], took["count"], RECOUNT_BAR, month, "every charge against its day total."),
    ]


def _net(month: Month, period: canonical.Period) -> None:
    sums = list(round_pairs(sum_pairs(netting_set=month.netting_set.pk, period=PERIOD)))
    key = {row: canonical.PartyId("DE", f"{number:03d}") for number, row in enumerate(sorted({p for s in sums for p in s.exact[:2]}))}
    pairs = [Obligation(key[each.exact.provider], key[each.exact.operator], each.exact.currency, each.gross) for each in sums]
    hub = canonical.PartyId("DE", "HUB")
    fees = [Obligation(key[fee.party], hub, fee.currency, fee.gross) for fee in sum_fees(netting_set=month.netting_set.pk, period=period)]
    net_everything(
        owed=Owed(pairs, fees, []),
        rules=Rules("multilateral", month.netting_set.de_minimis, frozenset()),
        settle_in=lambda pair: "",
        rate_for=lambda currency: rate_for(currency=currency, on=period.ends_at.date()),
    )


def _against(name: str, ours: float, floor: float, bar: float, month: Month, note: str) -> Measure:
    return Measure(
        name=name.format(month.count),
        figure=f"{ours:.3f} s",
        baseline=f"DuckDB {floor:.3f} s",
        ratio=ours / floor,
        bar=bar,
        at_most=True,
        note=f"{note} {_memory()}",
    )


def measure_copy(*, month: Month, rounds: int) -> list[Measure]:
    """This function will copy charges into the table with all its promises, in turns with a bare table with the same keys."""
    count = min(_COPIED, month.count)
    promised: list[float] = []
    bare: list[float] = []
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        rows = _rows_for_copy(cursor, count)
        cursor.execute("CREATE TABLE bare (LIKE settlement_charge INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES)")
        for _ in range(rounds):
            for table, figures in (("settlement_charge", promised), ("bare", bare)):
                cursor.execute("SAVEPOINT before")
                started = perf_counter()
                with cursor.copy(f"COPY {table} ({CHARGE_COLUMNS}) FROM STDIN") as copy:
                    copy.write(rows)
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                figures.append(perf_counter() - started)
                cursor.execute("ROLLBACK TO before")
        connection.rollback()
    ours, floor = count / median(promised), count / median(bare)
    return [
        Measure(
            name=f"COPY of {count:,} charges, all promises kept",
            figure=f"{ours:,.0f}/s",
            baseline=f"bare table, same keys {floor:,.0f}/s",
            ratio=ours / floor,
            bar=COPY_BAR,
            note="what charges refer to, checks and the gate of closed periods against the keys alone.",
        )
    ]


def _rows_for_copy(cursor: psycopg.Cursor, count: int) -> bytes:
    """This function will make CDRs that nobody charged yet, by copying the last ones, and return charges for them as COPY text."""
    columns = [
        row[0]
        for row in cursor.execute(
            "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = 'roaming_cdr'::regclass AND attnum > 0 AND NOT attisdropped"
            " AND attname NOT IN ('id', 'public_id', 'cdr_key')"
        ).fetchall()
    ]
    listed = ", ".join(columns)
    cursor.execute(
        f"CREATE TEMP TABLE made ON COMMIT DROP AS WITH added AS (INSERT INTO roaming_cdr (public_id, cdr_key, {listed})"  # noqa: S608  (our own columns)
        f" SELECT gen_random_uuid(), 'N' || cdr_key, {listed} FROM roaming_cdr WHERE id <= %s ORDER BY id RETURNING id)"
        " SELECT id FROM added",
        [count],
    )
    # A later period: the month itself may be closed by now.
    text = CHARGE_COLUMNS.replace("cdr_id,", "made.id,").replace("period, service_period", "'2027-01', '2027-01'")
    query = (
        f"COPY (SELECT {text} FROM settlement_charge charge"  # noqa: S608  (our own columns)
        " JOIN (SELECT id, row_number() OVER (ORDER BY id) AS cdr FROM made) AS made"
        f" ON made.cdr = charge.cdr_id WHERE charge.cdr_id <= {count}) TO STDOUT"
    )
    out = io.BytesIO()
    with cursor.copy(query) as copy:
        for block in copy:
            out.write(block)
    assert out.getvalue().count(b"\n") == count
    return out.getvalue()


def measure_papers(*, month: Month, rounds: int) -> list[Measure]:
    """This function will render statements as PDF, and the longest as XLSX, each beside its library writing the same cells bare."""
    issue_month(month=month)
    statements = list(Statement.objects.filter(run__netting_set=month.netting_set).select_related("run__netting_set", "party")[:10])
    longest = Statement.objects.select_related("run__netting_set", "party").get(
        run__netting_set=month.netting_set, party=month.provider, currency="EUR"
    )
    small = [statement for statement in statements if statement != longest]
    pdf: list[float] = []
    pdf_floor: list[float] = []
    render_statement(statement=small[0], format="pdf")  # the first reads the fonts
    for statement in small:
        lines = [[str(cell) for cell in line.values()] for line in read_annex(statement=statement, limit=MOST_CDRS, columns=_ON_PAPER)]
        if not lines:
            continue
        started = perf_counter()
        render_statement(statement=statement, format="pdf")
        pdf.append(perf_counter() - started)
        started = perf_counter()
        SimpleDocTemplate(io.BytesIO(), pagesize=A4, invariant=1).build([LongTable(lines)])
        pdf_floor.append(perf_counter() - started)
    xlsx, xlsx_floor, rows = [], [], [dict(line) for line in read_annex(statement=longest)]
    for _ in range(rounds):
        started = perf_counter()
        render_statement(statement=longest, format="xlsx")
        xlsx.append((perf_counter() - started) * 100_000 / len(rows))
        started = perf_counter()
        write_worksheet(rows, os.devnull, "annex")
        xlsx_floor.append((perf_counter() - started) * 100_000 / len(rows))
    return [
        _paper("PDF of a statement", median(pdf), median(pdf_floor), PDF_SECONDS, "reportlab, the same CDRs"),
        _paper("XLSX per 100,000 CDRs", median(xlsx), median(xlsx_floor), XLSX_SECONDS, "rustpy-xlsxwriter, the same cells"),
    ]


def _paper(name: str, ours: float, floor: float, bar: float, library: str) -> Measure:
    return Measure(
        name=name,
        figure=f"{ours * 1000:.0f} ms",
        baseline=f"{library} {floor * 1000:.0f} ms",
        ratio=max(ours - floor, 0.0),
        bar=bar,
        unit="s",
        at_most=True,
        note=f"the share that is ours; {ours / floor:.1f} × the library's own minimum. {_memory()}",
    )


def _memory() -> str:
    """This function will say how much memory this process has needed at most so far."""
    return f"Peak memory so far {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB."
