"""A small network with a history, built through the hub's own verbs: last month closed, this month running, one CDR held, one credited.

Two operators (Alfa Laden in Hamburg, Charpente in Lyon) and two providers (Beta Mobility, Gamma Drive). Used by the tests of the doors
for people, and for their screenshots.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import uuid4

from roaming import canonical
from roaming.cdrs.receive import receive_cdr
from roaming.locations.receive import put_location
from roaming.models import Authorization, Exchange, Party, Platform
from roaming.parties import directory
from roaming.sessions.receive import put_session
from roaming.tariffs.receive import put_tariff
from roaming.tokens.receive import put_token
from settlement.clearing.clear import clear_everything
from settlement.netting.close import close_period
from settlement.netting.models import NettingRun
from settlement.terms.agree import agree_terms
from settlement.terms.details import set_details
from settlement.terms.queries import get_netting_set
from tests.builders import canonical_messages as messages
from tests.builders.parties import a_platform, a_provider, an_agreement, an_operator, platform_of

ALFA, CHARPENTE = canonical.PartyId("DE", "ALF"), canonical.PartyId("FR", "CHP")
BETA, GAMMA = canonical.PartyId("NL", "BET"), canonical.PartyId("DE", "GAM")
_NAMES = {ALFA: "Alfa Laden", CHARPENTE: "Charpente Énergie", BETA: "Beta Mobility", GAMMA: "Gamma Drive"}
_DETAILS = {
    ALFA: {"legal_name": "Alfa Laden GmbH", "street": "Hafenstraße 12", "postal_code": "20457", "city": "Hamburg", "country": "DE"},
    CHARPENTE: {"legal_name": "Charpente Énergie SAS", "street": "Rue de la Ré 3", "postal_code": "69002", "city": "Lyon", "country": "FR"},
    BETA: {"legal_name": "Beta Mobility B.V.", "street": "Keizersgracht 88", "postal_code": "1015", "city": "Amsterdam", "country": "NL"},
    GAMMA: {"legal_name": "Gamma Drive AG", "street": "Lindenallee 5", "postal_code": "50968", "city": "Köln", "country": "DE"},
}
# name, address, city, postal code, country, latitude, longitude
_SITES = {
    ALFA: ("Hafenstraße", "Hafenstraße 12", "Hamburg", "20457", "DEU", "53.545100", "9.966700"),
    CHARPENTE: ("Confluence", "Cours Charlemagne 112", "Lyon", "69002", "FRA", "45.743300", "4.815500"),
}
_PRICE = {ALFA: Decimal("0.39"), CHARPENTE: Decimal("0.44")}
_RATE = {ALFA: Decimal(19), CHARPENTE: Decimal(20)}


@dataclass(frozen=True)
class Network:
    """What was built. `last_month` is the period that is closed, `held` the CDR id that a check holds."""

    alfa: Party
    charpente: Party
    beta: Party
    gamma: Party
    now: datetime
    last_month: canonical.Period
    run: NettingRun
    held: str


def build_network(*, now: datetime, sessions: int = 24) -> Network:
    """This function will build the network as of `now`, with last month's run in draft, closed by maker@hub.example.

    Last month has `sessions` sessions of 12, 13, 14, … kWh (every third one in Lyon, every fourth by Gamma's drivers), one more that is
    credited and one that is held; this month has one a day at most, up to `sessions`.
    """
    parties = _invite(now)
    agreement = an_agreement(starts=(now - timedelta(days=400)).date())
    agree_terms(agreement=agreement, hub_fee=Decimal("0.20"), hub_fee_payer="provider")
    _publish(now)
    this_month = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    begin = (this_month - timedelta(days=1)).replace(day=1)
    for number in range(sessions):
        operator = (ALFA, CHARPENTE)[number % 3 == 0]
        provider = (BETA, GAMMA)[number % 4 == 1]
        _charge(operator, provider, begin + timedelta(days=number, hours=8, minutes=7 * number), kwh=12 + number, name=f"{number:03d}")
    _charge(ALFA, BETA, begin + timedelta(days=25, hours=9), kwh=20, name="CREDITED", then_credit=True)
    held = _charge(ALFA, BETA, begin + timedelta(days=26, hours=9), kwh=300, name="TOO-MUCH")
    period = canonical.Period.month_of(begin)
    run = close_period(netting_set=get_netting_set(name="default"), period=period, by="maker@hub.example", at=now)
    for number in range(min((now - this_month).days, sessions)):
        _charge(
            ALFA, (BETA, GAMMA)[number % 2], this_month + timedelta(days=number, hours=7), kwh=9 + 5 * (number % 5), name=f"N{number:03d}"
        )
    _charge(ALFA, GAMMA, this_month - timedelta(hours=30), kwh=18, name="LATE")
    clear_everything(at=now)
    _talk(now, parties)
    return Network(parties[ALFA], parties[CHARPENTE], parties[BETA], parties[GAMMA], now, period, run, held)


def _invite(now: datetime) -> dict[canonical.PartyId, Party]:
    parties = {}
    for key, name in _NAMES.items():
        platform = a_platform(f"{name} platform", version="2.2.1", last_seen_at=now - timedelta(seconds=40))
        make = an_operator if key in (ALFA, CHARPENTE) else a_provider
        parties[key] = make(str(key), platform=platform)
        Party.objects.filter(pk=parties[key].pk).update(name=name)
        parties[key].refresh_from_db()
        set_details(party=parties[key], details=_DETAILS[key])
    Platform.objects.filter(name="Gamma Drive platform").update(status=Platform.Status.OFFLINE)
    directory.changed()
    return parties


def _publish(now: datetime) -> None:
    stamp = now - timedelta(days=100)
    for provider in (BETA, GAMMA):
        token = messages.a_token(provider=provider, uid=_uid(provider), contract_id=f"{provider}-C00123456-X", last_updated=stamp)
        put_token(token=token, audience=None, at=now, correlation_id="t")
    for operator, (name, address, city, postal_code, country, latitude, longitude) in _SITES.items():
        put_tariff(
            tariff=messages.a_tariff(
                operator=operator,
                last_updated=stamp,
                elements=(
                    canonical.TariffElement(
                        price_components=(canonical.PriceComponent(type="ENERGY", price=_PRICE[operator], vat=_RATE[operator]),)
                    ),
                ),
            ),
            audience=None,
            at=now,
            correlation_id="t",
        )
        place = canonical.GeoLocation(latitude=latitude, longitude=longitude)
        put_location(
            location=messages.a_location(
                operator=operator,
                name=name,
                address=address,
                city=city,
                postal_code=postal_code,
                country=country,
                coordinates=place,
                last_updated=stamp,
            ),
            audience=None,
            at=now,
            correlation_id="t",
        )


def _charge(
    operator: canonical.PartyId,
    provider: canonical.PartyId,
    began: datetime,
    *,
    kwh: int,
    name: str,
    then_credit: bool = False,
) -> str:
    ended = began + timedelta(hours=2)
    site = _SITES[operator]
    net = (kwh * _PRICE[operator]).quantize(Decimal("0.0001"))
    vat = (net * _RATE[operator] / 100).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    total = canonical.Price(before_taxes=net, taxes=(canonical.TaxAmount(name="VAT", amount=vat, percentage=_RATE[operator]),))
    token = messages.a_cdr_token(provider=provider, uid=_uid(provider))
    period = messages.a_charging_period(kwh=str(kwh), starts_at=began)
    shared: dict[str, Any] = {
        "start_date_time": began,
        "end_date_time": ended,
        "cdr_token": token,
        "charging_periods": (period,),
        "last_updated": ended,
    }
    session = messages.a_session(
        operator=operator, provider=provider, id=f"S-{name}", status="COMPLETED", kwh=str(kwh), total_cost=total, **shared
    )
    put_session(session=session, at=ended, correlation_id=f"session-{name}")
    tariff = messages.a_tariff(
        operator=operator,
        elements=(
            canonical.TariffElement(
                price_components=(canonical.PriceComponent(type="ENERGY", price=_PRICE[operator], vat=_RATE[operator]),)
            ),
        ),
    )
    cdr = messages.a_cdr(
        operator=operator,
        provider=provider,
        id=f"CDR-{name}",
        session_id=f"S-{name}",
        tariffs=(tariff,),
        cdr_location=messages.a_cdr_location(
            operator=operator, name=site[0], address=site[1], city=site[2], postal_code=site[3], country=site[4]
        ),
        total_cost=total,
        total_energy_cost=total,
        total_energy=Decimal(kwh),
        total_time=Decimal(2),
        auth_method="WHITELIST",
        **shared,
    )
    for one in (cdr, messages.a_credit_of(cdr)) if then_credit else (cdr,):
        receive_cdr(cdr=one, received=canonical.encode(one), protocol="ocpi-2.2.1", at=one.last_updated, correlation_id=f"cdr-{one.id}")
    return cdr.id


def _talk(now: datetime, parties: dict[canonical.PartyId, Party]) -> None:
    for number in range(6):
        Exchange.objects.create(
            at=now - timedelta(minutes=3 * number + 1),
            direction="in" if number % 2 else "out",
            platform_id=platform_of(parties[BETA]).pk,
            method=("PUT", "POST", "GET")[number % 3],
            path=("/ocpi/2.2.1/sessions/DE/ALF/S-N001", "/ocpi/2.2.1/cdrs", "/ocpi/2.2.1/locations")[number % 3],
            module=("sessions", "cdrs", "locations")[number % 3],
            sender=str(ALFA if number % 2 == 0 else BETA),
            receiver=str(BETA if number % 2 == 0 else ALFA),
            request_id=f"request-{number}",
            correlation_id=f"correlation-{number}",
            http_status=None if number == 4 else 200,
            protocol_status=None if number == 4 else 1000,
            duration_ms=8 + 3 * number,
            request_body='{"kwh": 12.5}',
            response_body='{"status_code": 1000}',
        )
    for number, outcome in enumerate(["ALLOWED", "ALLOWED", "BLOCKED", "TIMEOUT"]):
        Authorization.objects.create(
            id=uuid4(),
            at=now - timedelta(minutes=number),
            platform_id=platform_of(parties[ALFA]).pk,
            operator=parties[ALFA],
            provider=parties[BETA],
            token_uid=_uid(BETA),
            token_type="RFID",
            outcome=outcome,
            source="none" if outcome == "TIMEOUT" else "provider",
            duration_ms=14 + 40 * number,
        )


def _uid(provider: canonical.PartyId) -> str:
    return f"04A2B3C4D5{provider.party_id.encode().hex().upper()[:4]}"
