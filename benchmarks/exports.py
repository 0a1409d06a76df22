"""A statement's CSV against PostgreSQL copying the same rows out without a thought."""

import csv
import io
import os
from statistics import median
from time import perf_counter

import psycopg

from benchmarks.month import PERIOD, Month, issue_month
from benchmarks.table import Measure
from settlement.documents.render import render_statement
from settlement.statements.models import Statement

CSV_BAR = 2.0

# The same rows and the same columns of the tables, in the same order: no numbering, no spreading of cents, no masked formulas.
_PLAIN = """
COPY (
    SELECT cdr.cdr_id, charge.operator_id, charge.provider_id, cdr.session_id, cdr.authorization_reference, charge.bucket, charge.period,
        charge.service_period, cdr.location_id, cdr.evse_id, cdr.country, cdr.contract_id, cdr.auth_method, cdr.started_at, cdr.ended_at,
        charge.energy_kwh, charge.currency, charge.net, charge.vat_rate, charge.vat, charge.gross, charge.tax_note, charge.provider_fee,
        cdr.priced_by, cdr.received_at, cdr.seal, cdr.public_id, charge.terms_id, told #>> '{{cdr_location,connector_id}}',
        told #>> '{{cdr_location,name}}', told #>> '{{cdr_location,address}}', told #>> '{{cdr_location,postal_code}}',
        told #>> '{{cdr_location,city}}', told #>> '{{cdr_location,coordinates,latitude}}',
        told #>> '{{cdr_location,coordinates,longitude}}', told #>> '{{cdr_location,connector_power_type}}', cdr.token_uid,
        told ->> 'total_time', told ->> 'total_parking_time', told ->> 'meter_id', told #>> '{{tariffs,0,id}}',
        told #>> '{{tariffs,0,last_updated}}', told #>> '{{tariffs,0,elements}}',
        told #>> '{{total_energy_cost,before_taxes}}', told #>> '{{total_time_cost,before_taxes}}',
        told #>> '{{total_parking_cost,before_taxes}}', told #>> '{{total_fixed_cost,before_taxes}}',
        told #>> '{{total_reservation_cost,before_taxes}}'
    FROM settlement_charge charge JOIN roaming_cdr cdr ON cdr.id = charge.cdr_id
    CROSS JOIN LATERAL (SELECT convert_from(cdr.body, 'UTF8')::jsonb AS told OFFSET 0) AS body
    WHERE charge.provider_id = {party} AND charge.period = '{period}' AND charge.currency = '{currency}'
    ORDER BY charge.ended_on, charge.cdr_id
) TO STDOUT (FORMAT csv)
"""


def measure_csv(*, month: Month, rounds: int) -> list[Measure]:
    """This function will render the CSV of the provider with the most lines, in turns with the plain copy."""
    issue_month(month=month)
    statement = Statement.objects.select_related("run", "party").get(
        run__netting_set=month.netting_set, party=month.provider, currency="EUR"
    )
    ours: list[float] = []
    plain: list[float] = []
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        query = _PLAIN.format(party=month.provider.pk, period=PERIOD, currency="EUR")
        for _ in range(rounds):
            started = perf_counter()
            rendered = render_statement(statement=statement, format="csv")
            ours.append(perf_counter() - started)
            started = perf_counter()
            copied = io.BytesIO()
            with connection.cursor().copy(query) as copy:
                for block in copy:
                    copied.write(block)
            plain.append(perf_counter() - started)
    lines = sum(1 for row in csv.DictReader(io.StringIO(rendered.content.decode())) if row["kind"] == "payable")
    assert lines == copied.getvalue().count(b"\n"), "both wrote the same CDRs"
    return [
        Measure(
            name=f"CSV of a statement, {lines:,} CDRs",
            figure=f"{median(ours):.2f} s, {len(rendered.content) / 1e6:.1f} MB",
            baseline=f"plain COPY {median(plain):.2f} s, {len(copied.getvalue()) / 1e6:.1f} MB",
            ratio=median(ours) / median(plain),
            bar=CSV_BAR,
            at_most=True,
            note="ours numbers the lines, spreads the rounding cents by largest remainder and defuses formulas; the copy does not.",
        )
    ]
