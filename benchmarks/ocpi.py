"""What OCPI partners wait for: a status change at two hundred receivers, and pages of locations in another version, deep ones too."""

import base64
import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median

import msgspec
import requests
from django.db import connection, transaction
from django.utils import timezone

from benchmarks.baselines import ANSWER
from benchmarks.house import House
from benchmarks.table import Measure, ratio_of_medians
from roaming import canonical
from roaming.deliveries.models import Delivery
from roaming.locations.receive import patch_location, put_location
from roaming.parties.agreements import sign_agreement
from roaming.parties.invite import invite_platform
from roaming.parties.models import Credential, RoamingAgreement
from roaming.parties.register import complete_registration

FAN_OUT_BAR, TRANSLATED_BAR, DEEP_BAR = 0.5, 0.5, 1.5
RECEIVERS = 200
OPERATOR = canonical.PartyId("FR", "PGS")
STAMP = datetime(2026, 10, 1, 10, tzinfo=UTC)
PER_PAGE, DEEP_PER_PAGE, DEEP_PAGE = 100, 10, 1000
_WAIT_SECONDS = 120.0


class NeverDelivered(Exception):
    """The dispatcher did not finish what was queued: the figures would mean nothing."""


@dataclass(frozen=True)
class Reader:
    """A provider that pulls, on one version."""

    version: str
    token: str
    key: canonical.PartyId

    @property
    def headers(self) -> dict[str, str]:
        """What it sends with a list: OCPI 2.1.1 has a raw token and no routing headers."""
        if self.version == "2.1.1":
            return {"Authorization": f"Token {self.token}"}
        encoded = base64.b64encode(self.token.encode()).decode()
        routing = {"OCPI-from-country-code": self.key.country_code, "OCPI-from-party-id": self.key.party_id}
        return {"Authorization": f"Token {encoded}", **routing, "OCPI-to-country-code": "DE", "OCPI-to-party-id": "HUB"}


def open_stage(*, house: House) -> int:
    """This function will connect one operator, let everyone roam with everyone, and return the port at which all partners listen.

    What measures before left behind goes: deliveries that wait, locations of others, and partners who would be told too.
    """
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE roaming_delivery, roaming_location, roaming_endpoint")
    port = house.start_provider(ANSWER)
    _connect(canonical.Role.CPO, OPERATOR, port, {"locations": "SENDER"})
    if not RoamingAgreement.objects.filter(operator=None, provider=None).exists():  # another measure may have made the offer to all
        sign_agreement(operator=None, provider=None, starts=date(2026, 1, 1), ends=None, modules=[], at=timezone.now())
    return port


def measure_fan_out(*, house: House, port: int, rounds: int, changes: int) -> list[Measure]:
    """This function will measure how fast the dispatcher tells a change to every receiver, against a bare loop of pooled requests."""
    for number in range(RECEIVERS):
        _connect(canonical.Role.EMSP, canonical.PartyId("NL", f"{number:03d}"), port, {"locations": "RECEIVER"})
    for number in range(changes):
        put_location(location=_location(number), audience=None, at=timezone.now(), correlation_id="bench", deliver=False)
    house.start_dispatcher()
    _tell(0, 1)  # connections and code are warm afterwards
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE roaming_delivery")  # as autovacuum does: a plan for an empty table would look at every row
    of_hub, of_loop, cpu_of_hub, cpu_of_loop = [], [], [], []
    for number in range(1, rounds + 1):
        cpu, told = house.cpu_seconds("dispatcher"), changes * RECEIVERS
        seconds = _tell(number, changes)
        of_hub.append(told / seconds)
        cpu_of_hub.append((house.cpu_seconds("dispatcher") - cpu) / told * 1e6)
        per_second, micros = _bare_loop(port, told)
        of_loop.append(per_second)
        cpu_of_loop.append(micros)
    house.stop("dispatcher")
    figure, floor = f"{median(of_hub):,.0f}/s", f"bare loop of pooled requests {median(of_loop):,.0f}/s"
    note = f"{median(cpu_of_hub):.0f} µs of processor time per delivery in the dispatcher; the loop uses {median(cpu_of_loop):.0f} µs."
    return [
        Measure(
            name=f"status PATCH to {RECEIVERS} receivers",
            figure=figure,
            baseline=floor,
            ratio=ratio_of_medians(of_hub, of_loop),
            bar=FAN_OUT_BAR,
            note=note,
        ),
        Measure(
            name="the same, by processor time",
            figure=f"{median(cpu_of_hub):.0f} µs each",
            baseline=f"bare loop {median(cpu_of_loop):.0f} µs each",
            ratio=ratio_of_medians(cpu_of_loop, cpu_of_hub),
            bar=FAN_OUT_BAR,
        ),
    ]


def measure_pages(*, house: House, port: int, rounds: int, requests_per_round: int) -> list[Measure]:
    """This function will measure pages of locations: translated against untranslated, and the thousandth against the first."""
    plain = _reader("2.2.1", canonical.PartyId("NL", "PLN"), port)
    old = _reader("2.1.1", canonical.PartyId("NL", "OLD"), port)
    Credential.objects.filter(first_used_at=None).update(first_used_at=timezone.now())
    first = msgspec.structs.replace(_location(0), id="PAG-000000")
    put_location(location=first, audience=None, at=timezone.now(), correlation_id="bench", deliver=False)
    _multiply(DEEP_PAGE * DEEP_PER_PAGE)
    house.start_hub()
    deep = _cursor_of_page(house, plain)
    asked: dict[str, Callable[[], float]] = {
        "untranslated": lambda: _page(house, plain, f"limit={PER_PAGE}"),
        "translated": lambda: _page(house, old, f"limit={PER_PAGE}"),
        "first": lambda: _page(house, plain, f"limit={DEEP_PER_PAGE}"),
        "deep": lambda: _page(house, plain, f"limit={DEEP_PER_PAGE}&{deep}"),
        "offset": lambda: _page(house, plain, f"limit={DEEP_PER_PAGE}&offset={(DEEP_PAGE - 1) * DEEP_PER_PAGE}"),
    }
    took: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(rounds):
        for name, ask in asked.items():
            took[name].append(min(ask() for _ in range(requests_per_round)))
    house.stop_hub()
    told = {name: f"{median(seconds) * 1000:.1f} ms" for name, seconds in took.items()}
    return [
        Measure(
            name=f"GET page of {PER_PAGE} locations in 2.1.1",
            figure=told["translated"],
            baseline=f"untranslated {told['untranslated']}",
            ratio=ratio_of_medians(took["untranslated"], took["translated"]),
            bar=TRANSLATED_BAR,
        ),
        Measure(
            name=f"GET page {DEEP_PAGE:,} of a crawl",
            figure=told["deep"],
            baseline=f"page 1 {told['first']}",
            ratio=ratio_of_medians(took["deep"], took["first"]),
            bar=DEEP_BAR,
            at_most=True,
            note=f"{DEEP_PAGE * DEEP_PER_PAGE:,} locations, {DEEP_PER_PAGE} a page, by Link; by a bare offset {told['offset']}.",
        ),
    ]


def _connect(role: canonical.Role, key: canonical.PartyId, port: int, modules: dict[str, str], version: str = "2.2.1") -> str:
    at = timezone.now()
    invitation = invite_platform(name=str(key), parties=[(role, key)], protocol="ocpi", allowed_hosts=[f"127.0.0.1:{port}"], at=at)
    base = f"http://127.0.0.1:{port}/ocpi/{version}"
    return complete_registration(
        platform=invitation.platform,
        version=version,
        versions_url=f"http://127.0.0.1:{port}/ocpi/versions",
        endpoints=[(module, side, f"{base}/{module}") for module, side in modules.items()],
        outbound_token="outbound-token-of-the-bench",
        at=at,
    )


def _reader(version: str, key: canonical.PartyId, port: int) -> Reader:
    return Reader(version=version, token=_connect(canonical.Role.EMSP, key, port, {"tokens": "SENDER"}, version), key=key)


def _location(number: int) -> canonical.Location:
    connectors = tuple(
        canonical.Connector(
            id=str(plug),
            standard=standard,
            format="CABLE",
            power_type="DC",
            max_voltage=920,
            max_amperage=400,
            max_electric_power=300_000,
            tariff_ids=("DC-1",),
            last_updated=STAMP,
        )
        for plug, standard in ((1, "IEC_62196_T2_COMBO"), (2, "CHADEMO"))
    )
    evses = tuple(
        canonical.Evse(uid=f"E-{evse}", evse_id=f"FR*PGS*E{evse:04d}", status="AVAILABLE", connectors=connectors, last_updated=STAMP)
        for evse in range(4)
    )
    return canonical.Location(
        country_code=OPERATOR.country_code,
        party_id=OPERATOR.party_id,
        id=f"LOC-{number:06d}",
        publish=True,
        name="Aire du Lac",
        address="Route de la Plage 7",
        city="Annecy",
        postal_code="74000",
        country="FRA",
        coordinates=canonical.GeoLocation(latitude="45.899200", longitude="6.129400"),
        time_zone="Europe/Paris",
        evses=evses,
        last_updated=STAMP,
    )


def _tell(round_number: int, changes: int) -> float:
    """This function will queue status changes in one commit and return the seconds until the last receiver has taken the last one."""
    stamp = STAMP + timedelta(minutes=1 + round_number)
    with transaction.atomic():
        for number in range(changes):
            patch_location(
                owner=OPERATOR,
                location_id=f"LOC-{number:06d}",
                evse_uid="E-1",
                changes={"status": "CHARGING" if round_number % 2 else "AVAILABLE", "last_updated": stamp.isoformat()},
                audience=None,
                at=timezone.now(),
                correlation_id="bench",
            )
    started = time.monotonic()
    while Delivery.objects.filter(state="waiting").exists():
        if time.monotonic() - started > _WAIT_SECONDS:
            raise NeverDelivered(f"{Delivery.objects.filter(state='waiting').count()} deliveries still wait")
        time.sleep(0.01)
    return time.monotonic() - started


def _bare_loop(port: int, count: int) -> tuple[float, float]:
    """This function will send the same change so often from one thread with kept connections; requests a second, and µs of processor."""
    body = msgspec.json.encode({"status": "CHARGING", "last_updated": "2026-10-01T10:01:00Z"})
    url = f"http://127.0.0.1:{port}/ocpi/2.2.1/locations/FR/PGS/LOC-000000/E-1"
    headers = {"Authorization": "Token b3V0Ym91bmQ=", "Content-Type": "application/json", "X-Request-ID": "1", "X-Correlation-ID": "1"}
    with requests.Session() as session:
        session.trust_env = False
        started, cpu = time.monotonic(), time.process_time()
        for _ in range(count):
            session.patch(url, data=body, headers=headers, timeout=10).raise_for_status()
        return count / (time.monotonic() - started), (time.process_time() - cpu) / count * 1e6


def _multiply(count: int) -> None:
    """This function will store the one location so often, as if each had been pushed a moment after the last."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO roaming_location (owner_id, location_id, location_key, publish, name, city, country, latitude, longitude,"
            " evse_uids, document, digest, last_updated, created_at)"
            " SELECT owner_id, own, own, publish, name, city, country, latitude, longitude, evse_uids,"
            " jsonb_set(document, '{id}', to_jsonb(own)), digest, last_updated, created_at + number * interval '1 millisecond'"
            " FROM roaming_location, generate_series(1, %s) AS number, lpad(number::text, 10, 'PAG-000000') AS own"
            " WHERE location_id = 'PAG-000000'",
            [count],
        )
        cursor.execute("ANALYZE roaming_location")


def _get(house: House, reader: Reader, query: str) -> http.client.HTTPResponse:
    asking = http.client.HTTPConnection("127.0.0.1", house.port, timeout=60)
    asking.request("GET", f"/ocpi/{reader.version}/sender/locations?{query}", headers=reader.headers)
    return asking.getresponse()


def _page(house: House, reader: Reader, query: str) -> float:
    started = time.perf_counter()
    answer = _get(house, reader, query)
    body = answer.read()
    seconds = time.perf_counter() - started
    if answer.status != 200 or body.count(b'"evses"') < DEEP_PER_PAGE:
        raise NeverDelivered(f"HTTP {answer.status}: {body[:200]!r}")
    return seconds


def _cursor_of_page(house: House, reader: Reader) -> str:
    """This function will return the query of the Link that leads to the deep page."""
    answer = _get(house, reader, f"limit={DEEP_PER_PAGE}&offset={(DEEP_PAGE - 2) * DEEP_PER_PAGE}")
    answer.read()
    query = (answer.getheader("Link") or "").partition("?")[2].partition(">")[0]
    return "&".join(part for part in query.split("&") if not part.startswith("limit="))
