"""A seeded world: operators with sites, chargers and tariffs, providers with cards, and who signed with whom. PURE."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from hub.sandbox.companies import OICP, OPERATOR, PROVIDER, Company
from hub.sandbox.geography import City
from hub.sandbox.prices import Tariff


@dataclass(frozen=True)
class Charger:
    """One EVSE with one connector; power in kW."""

    uid: str
    evse_id: str
    connector_id: str
    standard: str
    format: str
    power_type: str
    voltage: int
    amperage: int
    power_kw: int
    tariff_id: str

    @property
    def is_dc(self) -> bool:
        """Whether the rectifier stands in the charger."""
        return self.power_type == "DC"


@dataclass(frozen=True)
class Site:
    """A location with its chargers; coordinates as the text that goes on the wire."""

    id: str
    name: str
    address: str
    postal_code: str
    city: str
    latitude: str
    longitude: str
    chargers: tuple[Charger, ...]


@dataclass(frozen=True)
class Card:
    """A driver's card with its car. `verdict` is what its provider answers; `UNKNOWN` is a card that no provider has issued."""

    uid: str
    contract_id: str
    visual_number: str
    whitelist: str
    verdict: str
    battery_kwh: int
    ac_kw: int
    dc_kw: int


@dataclass(frozen=True)
class OperatorPlan:
    """What one operator has."""

    company: Company
    sites: tuple[Site, ...]
    tariffs: tuple[Tariff, ...]
    addresses_provider: bool  # sessions and CDRs name the provider; otherwise the hub finds it (open routing)

    def tariff(self, tariff_id: str) -> Tariff:
        """The offer with that id; raises KeyError where there is none."""
        return {tariff.id: tariff for tariff in self.tariffs}[tariff_id]


@dataclass(frozen=True)
class ProviderPlan:
    """What one provider has issued."""

    company: Company
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class World:
    """Everybody, and the pairs (operator, provider) that signed an agreement."""

    operators: tuple[OperatorPlan, ...]
    providers: tuple[ProviderPlan, ...]
    agreements: tuple[tuple[Company, Company], ...]
    companies: tuple[Company, ...] = field(default=())

    def providers_of(self, operator: Company) -> list[ProviderPlan]:
        """The providers whose drivers may charge at `operator`."""
        partners = {provider.id for signed, provider in self.agreements if signed.id == operator.id}
        return [plan for plan in self.providers if plan.company.id in partners]


# (standard, format, power type, voltage, amperage per phase, kW, how many of ten sites have such chargers)
_KINDS = (
    ("IEC_62196_T2", "SOCKET", "AC_3_PHASE", 230, 16, 11),
    ("IEC_62196_T2", "SOCKET", "AC_3_PHASE", 230, 32, 22),
    ("IEC_62196_T2_COMBO", "CABLE", "DC", 920, 200, 150),
    ("IEC_62196_T2_COMBO", "CABLE", "DC", 920, 400, 300),
)
# (battery kWh, AC kW, DC kW) of the cars on the road
_CARS = ((40, 7, 50), (58, 11, 120), (64, 11, 100), (77, 11, 150), (82, 11, 200), (93, 22, 260), (100, 11, 250))


def make_world(
    *,
    companies: Sequence[Company],
    seed: int,
    valid_from: datetime,
    sites_per_operator: int = 4,
    cards_per_provider: int = 24,
    without_agreement: Sequence[tuple[str, str]] = (),
) -> World:
    """This function will furnish `companies` with sites, tariffs and cards. `without_agreement` names (operator, provider) ids.

    A company never signs with itself: its own drivers at its own chargers are no roaming.
    """
    operators = [company for company in companies if OPERATOR in company.roles]
    providers = [company for company in companies if PROVIDER in company.roles]
    return World(
        operators=tuple(_operator(company, seed, valid_from, sites_per_operator, index) for index, company in enumerate(operators)),
        providers=tuple(
            ProviderPlan(company, make_cards(company, seed=f"{seed}-{index}", count=cards_per_provider))
            for index, company in enumerate(providers)
        ),
        agreements=tuple(
            (operator, provider)
            for operator in operators
            for provider in providers
            if operator.id != provider.id and (operator.id, provider.id) not in without_agreement
        ),
        companies=tuple(companies),
    )


def _operator(company: Company, seed: int, valid_from: datetime, sites: int, index: int) -> OperatorPlan:
    # By position and not by id: the same seed is the same world, whatever the companies are called.
    rng = random.Random(f"operator-{index}-{seed}")
    cities = rng.sample(company.country.cities, k=min(sites, len(company.country.cities)))
    return OperatorPlan(
        company=company,
        sites=tuple(_site(company, rng, number, cities[number % len(cities)]) for number in range(sites)),
        tariffs=_tariffs(company, rng, valid_from),
        addresses_provider=index % 2 == 0,
    )


def _tariffs(company: Company, rng: random.Random, valid_from: datetime) -> tuple[Tariff, ...]:
    country = company.country
    step = country.ac_price / 40

    def about(price: Decimal) -> Decimal:
        return (price + step * rng.randint(-3, 3)).quantize(Decimal("0.01"))

    def offer(suffix: str, energy: Decimal, start_fee: Decimal, parking: Decimal | None) -> Tariff:
        words = f"{energy} {country.currency}/kWh" + (f", {start_fee} per start" if start_fee else "")
        words += f", {parking} per hour after charging" if parking else ""
        return Tariff(f"{company.party_id}-{suffix}", country.currency, country.vat_percent, start_fee, energy, parking, valid_from, words)

    return (
        offer("AC", about(country.ac_price), country.start_fee, None),
        offer("DC", about(country.dc_price), Decimal(0), country.parking_price),
    )


def _site(company: Company, rng: random.Random, number: int, city: City) -> Site:
    street = rng.choice(company.country.streets)
    # Every third site is a fast-charging park at the motorway, the others stand where people live and work.
    kinds = _KINDS[2:] if number % 3 == 2 else _KINDS[:2] if number % 3 == 0 else _KINDS[1:3]
    is_brokered = company.protocol == OICP
    chargers = []
    for position in range(4 if kinds is _KINDS[:2] else 3):
        standard, form, power_type, voltage, amperage, power = kinds[position % len(kinds)]
        point = f"{number + 1:02}{position + 1:02}"
        chargers.append(
            Charger(
                # Over OICP nobody names a location or an EVSE inside it: others know them by the names that the hub makes of its ids.
                uid=f"{company.country_code}{company.party_id}E{point}" if is_brokered else f"{company.party_id}-{point}",
                evse_id=f"{company.country_code}*{company.party_id}*E{point}",
                connector_id="1",
                standard=standard,
                format=form,
                power_type=power_type,
                voltage=voltage,
                amperage=amperage,
                power_kw=power,
                tariff_id=f"{company.party_id}-{'DC' if power_type == 'DC' else 'AC'}",
            )
        )
    return Site(
        id=f"{company.country_code}{company.party_id}P{number + 1:02}" if is_brokered else f"{company.party_id}-SITE{number + 1:02}",
        name=f"{company.name} {city.name}, {street}",
        address=f"{street} {rng.randint(1, 90)}",
        postal_code=city.postal_code,
        city=city.name,
        latitude=f"{city.latitude + Decimal(rng.randint(-1800, 1800)) / 100000:.5f}",
        longitude=f"{city.longitude + Decimal(rng.randint(-1800, 1800)) / 100000:.5f}",
        chargers=tuple(chargers),
    )


def make_cards(company: Company, *, seed: str, count: int) -> tuple[Card, ...]:
    """This function will issue `count` cards of a provider; of sixteen one is blocked, one expired and one without credit.

    The cars behind them come from the seed; the numbers on them from the company too, because a card is in the world once.
    """
    rng, numbers = random.Random(f"cards-{seed}"), random.Random(f"numbers-{company.id}-{seed}")
    return tuple(_card(company, rng, numbers, position) for position in range(count))


def _card(company: Company, rng: random.Random, numbers: random.Random, number: int) -> Card:
    battery, ac, dc = rng.choice(_CARS)
    verdict = {5: "BLOCKED", 9: "EXPIRED", 13: "NO_CREDIT"}.get(number % 16, "ALLOWED")
    contract = f"{numbers.randint(0, 99_999_999):08}"
    return Card(
        uid=f"04{numbers.getrandbits(48):012X}",
        contract_id=_contract_id(company, contract),
        visual_number=f"{company.party_id} {contract[:4]} {contract[4:]}",
        # Every third one must be asked for each time; for the others the hub may answer.
        whitelist="ALLOWED" if verdict == "ALLOWED" and number % 3 and company.protocol != OICP else "NEVER",
        verdict=verdict,
        battery_kwh=battery,
        ac_kw=ac,
        dc_kw=dc,
    )


def _contract_id(company: Company, digits: str) -> str:
    """Return a contract id: as OCPI partners write it, without a check digit, and in DIN form with its digit where OICP wants one."""
    if company.protocol != OICP:
        return f"{company.country_code}-{company.party_id}-C{digits}"
    bare = f"{company.country_code}{company.party_id}{digits[:6]}"
    values = [int(digit) for letter in bare for digit in (letter if letter.isdigit() else str(int(letter, 36)))]
    check = sum(value << power for power, value in enumerate(values)) % 11
    return f"{company.country_code}-{company.party_id}-{digits[:6]}-{'X' if check == 10 else check}"


def unknown_card(*, seed: str) -> Card:
    """This function will invent a card that nobody has issued."""
    rng = random.Random(f"unknown-{seed}")
    return Card(f"0F{rng.getrandbits(48):012X}", "", "", "NEVER", "UNKNOWN", 58, 11, 100)
