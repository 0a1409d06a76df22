"""A month of charged CDRs, made by DuckDB and copied into the real tables and into Parquet: the same rows on both sides.

A close reads figures, not bodies: only the CDRs of the provider whose statement is rendered have bodies as partners send them, the
others stubs of a few bytes. Foreign keys are not checked while copying, which only the bench may do.
"""

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import psycopg
from django.db import connection
from django.utils import timezone

from roaming.parties.agreements import sign_agreement
from roaming.parties.models import Party
from settlement.netting.models import NettingRun
from settlement.statements.approve import approve_run
from settlement.statements.issue import issue_run
from settlement.terms.agree import agree_terms
from settlement.terms.models import NettingSet

OPERATORS, PROVIDERS = 20, 30
PERIOD, FIRST_DAY, DAYS = "2026-09", date(2026, 9, 1), 30

_ROWS = """
CREATE {kind} charged AS
SELECT
    i::BIGINT AS id,
    {operator} + (hash(i * 7) % {operators})::BIGINT AS operator,
    {provider} + CASE WHEN hash(i * 19) % 8 = 0 THEN 0 ELSE 1 + (hash(i * 11) % ({providers} - 1))::BIGINT END AS provider,
    CASE WHEN hash(i * 7) % {operators} < 2 THEN 'CHF' ELSE 'EUR' END AS currency,
    (DATE '{first_day}' + ((i - 1) * {days} // {count})::INTEGER) AS ended_on,
    TIMESTAMP '{first_day}' + INTERVAL 1 SECOND * ((i - 1) * {days} * 86400 // {count}) AS ended_at,
    (hash(i * 13) % 600000 / 10000.0)::DECIMAL(12, 4) AS energy_kwh,
    (hash(i * 17) % 300000 / 10000.0 + 1)::DECIMAL(14, 4) AS net,
    CASE WHEN hash(i * 7) % {operators} < 2 THEN 8.10 ELSE 19.00 END::DECIMAL(6, 2) AS vat_rate,
    0.0500::DECIMAL(12, 4) AS operator_fee
FROM range(1, {count} + 1) AS numbers(i)
"""

_CDR_COLUMNS = (
    "id, public_id, owner_id, cdr_id, cdr_key, provider_id, session_id, session_key, started_at, ended_at, energy_kwh, duration_hours,"
    " currency, net, vat, token_uid, contract_id, location_id, evse_id, country, authorization_reference, auth_method, is_credit,"
    " priced_by, protocol, received, body, content_digest, seal, last_updated"
)
_CDRS = """
SELECT id, uuid(), operator, 'C' || lpad(id::VARCHAR, 9, '0'), 'C' || lpad(id::VARCHAR, 9, '0'), provider, 'S' || id, 'S' || id,
    ended_at - INTERVAL 1 HOUR, ended_at, energy_kwh, 1.0, currency, net, round(net * vat_rate / 100, 4), 'UID' || id % 50000,
    'NLBETC' || id % 50000, 'LOC' || id % 900, 'DE*ALF*E' || id % 2000, 'DEU', '', 'WHITELIST', FALSE, 'operator', 'ocpi-2.2.1',
    '\\x7b7d',
    CASE WHEN provider = {longest} THEN '\\x' || lower(hex(replace('{body}', '@N@', lpad(id::VARCHAR, 9, '0')))) ELSE '\\x7b7d' END,
    '\\x00', '\\x00', ended_at
FROM charged
"""
# The canonical form of a CDR with three periods and the tariff it was priced by.
_BODY = json.dumps(
    {
        "country_code": "DE",
        "party_id": "ALF",
        "id": "C@N@",
        "start_date_time": "2026-09-03T17:12:44Z",
        "end_date_time": "2026-09-03T18:12:44Z",
        "cdr_token": {"country_code": "NL", "party_id": "ETC", "uid": "UID@N@", "type": "RFID", "contract_id": "NLETCC@N@"},
        "auth_method": "WHITELIST",
        "cdr_location": {
            "id": "LOC@N@",
            "name": "Harbour car park, level 2",
            "address": "Speicherstrasse 14",
            "city": "Hamburg",
            "postal_code": "20457",
            "country": "DEU",
            "coordinates": {"latitude": "53.5436", "longitude": "9.9881"},
            "evse_uid": "E@N@",
            "evse_id": "DE*ALF*E@N@",
            "connector_id": "1",
            "connector_standard": "IEC_62196_T2_COMBO",
            "connector_format": "CABLE",
            "connector_power_type": "DC",
        },
        "currency": "EUR",
        "charging_periods": [
            {"start_date_time": f"2026-09-03T17:{minute}:44Z", "dimensions": [{"type": kind, "volume": "7.1201"}], "tariff_id": "DC-1"}
            for minute, kind in ((12, "ENERGY"), (32, "ENERGY"), (52, "PARKING_TIME"))
        ],
        "tariffs": [
            {
                "id": "DC-1",
                "currency": "EUR",
                "elements": [
                    {"price_components": [{"type": kind, "price": price, "step_size": 1, "vat": "19"}]}
                    for kind, price in (("ENERGY", "0.49"), ("PARKING_TIME", "6.00"), ("FLAT", "0.35"))
                ],
                "last_updated": "2026-08-01T00:00:00Z",
            }
        ],
        "total_cost": {"before_taxes": "12.3400"},
        "total_fixed_cost": {"before_taxes": "0.3500"},
        "total_energy_cost": {"before_taxes": "10.9900"},
        "total_parking_cost": {"before_taxes": "1.0000"},
        "total_energy": "22.4300",
        "total_time": "1.0000",
        "total_parking_time": "0.1667",
        "meter_id": "MTR@N@",
        "last_updated": "2026-09-03T18:13:02Z",
    },
    separators=(",", ":"),
)
CHARGE_COLUMNS = (
    "cdr_id, terms_id, netting_set_id, period, service_period, ended_on, booked_on, operator_id, provider_id, currency, bucket, energy_kwh,"
    " net, vat_rate, vat, gross, tax_note, operator_fee, provider_fee, fee_currency"
)
_CHARGES = """
SELECT id, {terms}, {netting_set}, '{period}' AS period, '{period}' AS service_period, ended_on, ended_on AS booked_on, operator, provider,
    currency, 'current' AS bucket, energy_kwh, net, vat_rate, round(net * vat_rate / 100, 4) AS vat,
    net + round(net * vat_rate / 100, 4) AS gross, '' AS tax_note, operator_fee, 0.0000::DECIMAL(12, 4) AS provider_fee,
    'EUR' AS fee_currency
FROM charged
"""
_DAY_TOTAL_COLUMNS = (
    "netting_set_id, period, booked_on, operator_id, provider_id, currency, bucket, vat_rate, tax_note, fee_currency, count, energy_kwh,"
    " net, vat, gross, operator_fee, provider_fee"
)
_DAY_TOTALS = """
SELECT {netting_set}, '{period}', booked_on, operator, provider, currency, bucket, vat_rate, tax_note, fee_currency, count(*),
    sum(energy_kwh), sum(net), sum(vat), sum(gross), sum(operator_fee), sum(provider_fee)
FROM '{parquet}' GROUP BY booked_on, operator, provider, currency, bucket, vat_rate, tax_note, fee_currency
"""


@dataclass(frozen=True)
class Month:
    """A period with its charges in PostgreSQL, and the same charges in Parquet."""

    netting_set: NettingSet
    parquet: Path
    count: int
    provider: Party  # the one with an eighth of all CDRs


def fill_month(*, count: int, directory: Path) -> Month:
    """This function will make `count` CDRs and their charges between 20 operators and 30 providers."""
    at = timezone.now()
    parties = [
        Party(country_code="DE" if number < OPERATORS else "NL", party_id=f"{number:03d}", name=f"Bench {number}")
        for number in range(OPERATORS + PROVIDERS)
    ]
    rows = [party.pk for party in Party.objects.bulk_create(parties)]
    assert rows == list(range(rows[0], rows[0] + len(rows))), "the generator counts on consecutive rows"
    terms = agree_terms(
        agreement=sign_agreement(operator=None, provider=None, starts=FIRST_DAY, ends=None, modules=[], at=at), netting_set="bench"
    )
    duck = _charged("TABLE", first_party=rows[0], count=count)
    charges = _CHARGES.format(terms=terms.pk, netting_set=terms.netting_set_id, period=PERIOD)
    cdrs = _CDRS.format(longest=rows[OPERATORS], body=_BODY)
    _copy(duck, cdrs, table="roaming_cdr", columns=_CDR_COLUMNS, through=directory / "cdrs.csv")
    _copy(duck, charges, table="settlement_charge", columns=CHARGE_COLUMNS, through=directory / "charges.csv")
    parquet = directory / "charges.parquet"
    duck.execute(f"COPY ({charges}) TO '{parquet}' (FORMAT parquet, COMPRESSION zstd)")
    duck.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('roaming_cdr_id_seq', %s)", [count])
        cursor.execute("INSERT INTO settlement_clearingcursor (seen_up_to) VALUES (%s)", [count])  # clearing has been here
        cursor.execute("VACUUM ANALYZE roaming_cdr, settlement_charge")
    return Month(netting_set=terms.netting_set, parquet=parquet, count=count, provider=parties[OPERATORS])


def fill_day_totals(*, like: Month, count: int, directory: Path) -> Month:
    """This function will make `count` charges between the same parties in Parquet, and in PostgreSQL no more than their day totals.

    Netting reads nothing else: so ten million CDRs take seconds to make.
    """
    duck = _charged("VIEW", first_party=like.provider.pk - OPERATORS, count=count)
    netting_set = NettingSet.objects.create(name=f"bench {count}")
    parquet = directory / f"charges-{count}.parquet"
    charges = _CHARGES.format(terms=0, netting_set=netting_set.pk, period=PERIOD)
    duck.execute(f"COPY ({charges}) TO '{parquet}' (FORMAT parquet, COMPRESSION zstd)")
    totals = _DAY_TOTALS.format(netting_set=netting_set.pk, period=PERIOD, parquet=parquet)
    _copy(duck, totals, table="settlement_daytotal", columns=_DAY_TOTAL_COLUMNS, through=directory / "days.csv")
    duck.close()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE settlement_daytotal")
    return Month(netting_set=netting_set, parquet=parquet, count=count, provider=like.provider)


def _charged(kind: str, *, first_party: int, count: int) -> duckdb.DuckDBPyConnection:
    duck = duckdb.connect()
    duck.execute("SET threads = 2")
    duck.execute(
        _ROWS.format(
            kind=kind,
            operator=first_party,
            provider=first_party + OPERATORS,
            operators=OPERATORS,
            providers=PROVIDERS,
            first_day=FIRST_DAY,
            days=DAYS,
            count=count,
        )
    )
    return duck


def _copy(duck: duckdb.DuckDBPyConnection, query: str, *, table: str, columns: str, through: Path) -> None:
    duck.execute(f"COPY ({query}) TO '{through}' (FORMAT csv, HEADER false)")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        with through.open("rb") as file, cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT csv)") as copy:
            while block := file.read(1 << 20):
                copy.write(block)
    through.unlink()


def issue_month(*, month: Month) -> None:
    """This function will approve and issue the run of a closed month; where it is issued, nothing happens.

    Files are kept of issued statements, whose content is frozen: those are what is measured.
    """
    at = timezone.now()
    run = NettingRun.objects.exclude(state=NettingRun.State.VOID).get(netting_set=month.netting_set, period=PERIOD)
    if run.state != NettingRun.State.ISSUED:
        run = approve_run(run=run, by="checker", by_role="checker", at=at)
        issue_run(run=run, by="bench", by_role="maker", at=at)
