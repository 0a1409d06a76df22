"""OICP beside OCPI: the same authorisation over the bridge, and the data services against PostgreSQL copying the same rows."""

import http.client
import json
import os
from collections.abc import Callable, Iterator
from datetime import date
from statistics import median
from time import perf_counter, sleep
from typing import Any

import psycopg
from django.conf import settings
from django.utils import timezone

from benchmarks.authorize import NotRecorded, plan
from benchmarks.house import House
from benchmarks.load import Plan, Result, run_load
from benchmarks.partners import ASKED_UID, PROVIDER, Partners
from benchmarks.table import Measure, ratio_of_medians
from roaming import canonical
from roaming.authorizations.models import Authorization
from roaming.locations.models import EvseRecord
from roaming.parties.agreements import sign_agreement
from roaming.parties.certificates import register_oicp_partner
from roaming.parties.invite import invite_platform

AUTHORIZE_BAR = 0.8
CONNECTIONS = 16
PAGE = 2_000
_OPERATOR, _READER = canonical.PartyId("DE", "OIC"), canonical.PartyId("FR", "OIR")
_CERTIFICATES = {_OPERATOR: "0a" * 32, _READER: "0b" * 32}
_COLUMNS = (
    "owner_id, evse_key, evse_id, operator_name, document, digest, country, latitude, longitude, is_compatible, location_id, evse_uid,"
    " valid_from"
)
_CURRENT = f"SELECT {_COLUMNS} FROM roaming_evserecord WHERE valid_to IS NULL"  # noqa: S608  (constants)
_SECONDS = 120


def measure_oicp(*, house: House, partners: Partners, rounds: int, seconds: float, records: int) -> list[Measure]:
    """This function will connect an OICP operator and an OICP provider and measure what they do."""
    _connect()
    return [_authorize(house, partners, rounds, seconds), *_data(house, rounds, records)]


def _connect() -> None:
    at = timezone.now()
    for party, role in ((_OPERATOR, canonical.Role.CPO), (_READER, canonical.Role.EMSP)):
        invited = invite_platform(name=f"OICP {party}", parties=[(role, party)], protocol="oicp", allowed_hosts=[], at=at)
        register_oicp_partner(platform=invited.platform, sha256=_CERTIFICATES[party], urls={}, at=at)
    for provider in (PROVIDER, _READER):
        sign_agreement(operator=_OPERATOR, provider=provider, starts=date(2026, 1, 1), ends=None, modules=[], at=at)


def _authorize(house: House, partners: Partners, rounds: int, seconds: float) -> Measure:
    """Both ask the same OCPI provider about the same card; what differs is the operator's protocol."""
    ocpi = plan(house.port, ASKED_UID, partners)
    oicp = Plan(
        port=house.port,
        method="POST",
        path="/api/oicp/charging/v21/operators/DE*OIC/authorize/start",
        headers={"Content-Type": "application/json", **_headers(_OPERATOR)},
        body=json.dumps({"OperatorID": "DE*OIC", "Identification": {"RFIDMifareFamilyIdentification": {"UID": ASKED_UID}}}),
    )
    _warm(house)
    for one in (oicp, ocpi):  # connections are opened and statements planned
        run_load(plan=one, connections=CONNECTIONS, seconds=1.0)
    of_oicp: list[Result] = []
    of_ocpi: list[Result] = []
    spent = [0.0, 0.0]  # processor seconds of OICP and of OCPI
    for _ in range(rounds):
        cpu = house.cpu_seconds("lane", "web")
        before = Authorization.objects.filter(outcome="ALLOWED").count()
        of_oicp.append(run_load(plan=oicp, connections=CONNECTIONS, seconds=seconds))
        if Authorization.objects.filter(outcome="ALLOWED").count() - before < of_oicp[-1].requests:
            raise NotRecorded("an OICP answer without its row")
        between = house.cpu_seconds("lane", "web")
        of_ocpi.append(run_load(plan=ocpi, connections=CONNECTIONS, seconds=seconds))
        spent[0] += between - cpu
        spent[1] += house.cpu_seconds("lane", "web") - between
    micros = [seconds * 1e6 / sum(one.requests for one in results) for seconds, results in zip(spent, (of_oicp, of_ocpi), strict=True)]
    return Measure(
        name=f"OICP authorise to an OCPI provider, {CONNECTIONS} connections",
        figure=_told(of_oicp),
        baseline=f"OCPI to OCPI {_told(of_ocpi)}",
        ratio=ratio_of_medians([result.per_second for result in of_oicp], [result.per_second for result in of_ocpi]),
        bar=AUTHORIZE_BAR,
        note=f"processor time per request {micros[0]:.0f} µs for OICP's question, {micros[1]:.0f} µs for OCPI's; the lane answers both.",
    )


def _data(house: House, rounds: int, records: int) -> list[Measure]:
    push = json.dumps(_push(records)).encode()
    path = "/api/oicp/evsepush/v23/operators/DE*OIC/data-records"
    pull = json.dumps({"ProviderID": "FR-OIR", "GeoCoordinatesResponseFormat": "DecimalDegree"}).encode()
    pulled = f"/api/oicp/evsepull/v23/providers/FR-OIR/data-records?page=0&size={PAGE}"
    loads: list[float] = []
    pages: list[float] = []
    written: list[float] = []
    read: list[float] = []
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        for number in range(rounds):
            if number:
                _post(house, path, _OPERATOR, json.dumps(_push(0)).encode())  # each load finds an empty set
            loads.append(_timed(lambda: _post(house, path, _OPERATOR, push)))
            assert EvseRecord.objects.filter(valid_to=None).count() == records, "the load is in"
            written.append(_copied_in(database, records))
            pages.append(_timed(lambda: _post(house, pulled, _READER, pull)))
            read.append(_copied_out(database))
    shown = min(PAGE, records)
    return [
        Measure(
            name=f"PushEvseData, full load of {records:,}, one transaction",
            figure=f"{median(loads):.2f} s, {len(push) / 1e6:.1f} MB",
            baseline=f"COPY of the same rows {median(written):.2f} s",
            ratio=median(loads) / median(written),
            bar=None,
            at_most=True,
            note="ours reads and checks every member, keeps versions, and writes and queues the OCPI locations; COPY does none of it.",
        ),
        Measure(
            name=f"PullEvseData, page of {shown:,}",
            figure=f"{median(pages):.3f} s",
            baseline=f"COPY of the same rows {median(read):.3f} s",
            ratio=median(pages) / median(read),
            bar=None,
            at_most=True,
            note="ours decodes each record, adds what the hub knows, and encodes the page.",
        ),
    ]


def _copied_in(database: psycopg.Connection[Any], records: int) -> float:
    """Write the rows that the load wrote once more, into a table of the same columns and indexes."""
    database.execute("DROP TABLE IF EXISTS bench_evse")
    database.execute("CREATE TABLE bench_evse (LIKE roaming_evserecord INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES)")
    with database.cursor().copy(f"COPY ({_CURRENT}) TO STDOUT") as copy:
        blocks = [bytes(block) for block in copy]
    started = perf_counter()
    with database.cursor().copy(f"COPY bench_evse ({_COLUMNS}) FROM STDIN") as copy:
        for block in blocks:
            copy.write(block)
    seconds = perf_counter() - started
    assert database.execute("SELECT count(*) FROM bench_evse").fetchone() == (records,), "both wrote the same rows"
    database.execute("DROP TABLE bench_evse")
    return seconds


def _copied_out(database: psycopg.Connection[Any]) -> float:
    query = f"COPY ({_CURRENT} ORDER BY id LIMIT {PAGE}) TO STDOUT"
    started = perf_counter()
    with database.cursor().copy(query) as copy:
        for _ in copy:
            continue
    return perf_counter() - started


def _push(records: int) -> dict[str, Any]:
    data = {"OperatorID": "DE*OIC", "OperatorName": "Bench", "EvseDataRecord": list(_records(records))}
    return {"ActionType": "fullLoad", "OperatorEvseData": data}


def _records(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "EvseID": f"DE*OIC*E{number:06}",
            "ChargingPoolID": f"DE*OIC*P{number // 4:06}",
            "ChargingStationNames": [{"lang": "de", "value": f"Kanalweg {number // 4}"}],
            "Address": {"Country": "DEU", "City": "Berlin", "Street": "Kanalweg", "PostalCode": "10115", "HouseNum": str(number // 4)},
            "GeoCoordinates": {"DecimalDegree": {"Longitude": f"{13 + number / 1e5:.6f}", "Latitude": "52.480495"}},
            "Plugs": ["Type 2 Outlet"],
            "ChargingFacilities": [{"PowerType": "AC_3_PHASE", "Power": 22, "Voltage": 230, "Amperage": 32}],
            "RenewableEnergy": True,
            "CalibrationLawDataAvailability": "Local",
            "AuthenticationModes": ["NFC RFID Classic", "REMOTE"],
            "PaymentOptions": ["Contract"],
            "ValueAddedServices": ["None"],
            "Accessibility": "Free publicly accessible",
            "HotlinePhoneNumber": "+4930123456",
            "IsOpen24Hours": True,
            "IsHubjectCompatible": True,
            "DynamicInfoAvailable": "auto",
        }


def _warm(house: House) -> None:
    """Let every process of the hub learn of the partners before anything is timed."""
    body = json.dumps({"ProviderID": "FR-OIR"}).encode()
    for _ in range(40):
        if _post(house, "/api/oicp/evsepull/v21/providers/FR-OIR/status-records", _READER, body, checked=False) == 200:
            return
        sleep(0.1)


def _headers(party: canonical.PartyId) -> dict[str, str]:
    return {"X-Proxy-Secret": settings.HUB_PROXY_SECRET, "X-Client-Certificate-SHA256": _CERTIFICATES[party]}


def _post(house: House, path: str, party: canonical.PartyId, body: bytes, *, checked: bool = True) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=_SECONDS)
    connection.request("POST", path, body, {"Content-Type": "application/json", **_headers(party)})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    if checked and (answer.status != 200 or b'"Result":false' in content):
        raise NotRecorded(f"{path}: HTTP {answer.status} {content[:200]!r}")
    return answer.status


def _timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def _told(results: list[Result]) -> str:
    return f"{median(result.per_second for result in results):,.0f}/s, p50 {median(result.p50 for result in results):.1f} ms"
