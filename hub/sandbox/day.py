"""How people charge over a day and a month: commuter peaks, AC over night, DC around midday. Seeded and PURE.

Durations are multiples of 36 seconds (a hundredth of an hour) and energies have two decimals, so that every price a simulated
operator computes is exact to four decimals and can be worked by hand.
"""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hub.sandbox.companies import Company
from hub.sandbox.prices import Cost, price
from hub.sandbox.world import Card, Charger, OperatorPlan, ProviderPlan, Site, World

# Weight of each local hour: AC people plug in on arrival at work and at home; DC is for the road.
AC_HOURS = (1, 1, 0, 0, 0, 1, 4, 9, 12, 7, 4, 4, 5, 4, 4, 5, 8, 13, 15, 12, 8, 6, 4, 2)
DC_HOURS = (1, 0, 0, 0, 1, 2, 4, 6, 7, 9, 12, 14, 15, 14, 12, 11, 12, 12, 9, 7, 5, 4, 2, 1)
TICK = timedelta(seconds=36)
_REST = timedelta(hours=9)  # a card's next visit is never so soon that the driver must have flown


@dataclass(frozen=True)
class Visit:
    """One charge that will happen: who, where, when, how much. Charging first, then (perhaps) standing there full."""

    id: str
    operator: OperatorPlan
    provider: ProviderPlan
    card: Card
    site: Site
    charger: Charger
    starts_at: datetime
    charging_ticks: int
    parking_ticks: int
    energy_kwh: Decimal

    @property
    def charged_at(self) -> datetime:
        """When the car takes no more power."""
        return self.starts_at + TICK * self.charging_ticks

    @property
    def ends_at(self) -> datetime:
        """When the driver leaves."""
        return self.charged_at + TICK * self.parking_ticks

    @property
    def parking_hours(self) -> Decimal:
        """Hours of standing there without charging."""
        return Decimal(self.parking_ticks) / 100

    @property
    def total_hours(self) -> Decimal:
        """Hours from start to end."""
        return Decimal(self.charging_ticks + self.parking_ticks) / 100

    @property
    def charging_hours(self) -> Decimal:
        """Hours of charging."""
        return Decimal(self.charging_ticks) / 100

    @property
    def cost(self) -> Cost:
        """What its operator asks for it."""
        tariff = self.operator.tariff(self.charger.tariff_id)
        return price(tariff=tariff, energy_kwh=self.energy_kwh, parking_hours=self.parking_hours)

    @property
    def company(self) -> Company:
        """The operator's company."""
        return self.operator.company


class Calendar:
    """What is taken: no charger serves two cars at once, no card charges twice at once or far apart in no time."""

    def __init__(self, *, rest: timedelta = _REST) -> None:
        self._rest = rest
        self._chargers: dict[tuple[str, str], list[tuple[datetime, datetime]]] = defaultdict(list)
        self._cards: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)

    def take(self, visit: Visit) -> bool:
        """This method will enter the visit, or return False where its charger or its card is taken."""
        charger = self._chargers[(visit.company.id, visit.charger.uid)]
        card = self._cards[visit.card.uid]
        margin = timedelta(minutes=5)
        if _overlaps(charger, visit.starts_at - margin, visit.ends_at + margin):
            return False
        if _overlaps(card, visit.starts_at - self._rest, visit.ends_at + self._rest):
            return False
        charger.append((visit.starts_at, visit.ends_at))
        card.append((visit.starts_at, visit.ends_at))
        return True


def _overlaps(taken: list[tuple[datetime, datetime]], starts_at: datetime, ends_at: datetime) -> bool:
    return any(starts_at < end and start < ends_at for start, end in taken)


def plan_month(*, world: World, starts_at: datetime, ends_at: datetime, count: int, seed: int) -> list[Visit]:
    """This function will plan up to `count` visits that start and end inside [starts_at, ends_at), in order of their end.

    Fewer come out only where the world is too small for so many.
    """
    rng = random.Random(f"month-{seed}-{starts_at.date()}")
    calendar = Calendar()
    visits: list[Visit] = []
    days = (ends_at - starts_at).days
    pairs = [(operator, provider) for operator in world.operators for provider in world.providers_of(operator.company)]
    for _ in range(count * 20):
        if len(visits) == count or not pairs:
            break
        operator, provider = rng.choice(pairs)
        visit = make_visit(
            operator=operator,
            provider=provider,
            day=starts_at + timedelta(days=rng.randrange(days)),
            rng=rng,
            number=len(visits) + 1,
            stamp=f"{starts_at:%y%m}",
        )
        if visit.starts_at >= starts_at and visit.ends_at < ends_at and calendar.take(visit):
            visits.append(visit)
    return sorted(visits, key=lambda visit: (visit.ends_at, visit.id))


def make_visit(*, operator: OperatorPlan, provider: ProviderPlan, day: datetime, rng: random.Random, number: int, stamp: str) -> Visit:
    """This function will invent one visit of a valid card of `provider` at `operator` on that day."""
    site = rng.choice(operator.sites)
    charger = rng.choice(site.chargers)
    hour = rng.choices(range(24), weights=DC_HOURS if charger.is_dc else AC_HOURS)[0]
    local = datetime(day.year, day.month, day.day, hour, rng.randrange(60), tzinfo=ZoneInfo(operator.company.country.time_zone))
    starts_at = local.astimezone(day.tzinfo)
    card = rng.choice([card for card in provider.cards if card.verdict == "ALLOWED"])
    charging, parking, energy = behaviour(card=card, charger=charger, hour=hour, rng=rng)
    return Visit(
        f"{operator.company.party_id}-{stamp}-{number:05}", operator, provider, card, site, charger, starts_at, charging, parking, energy
    )


def behaviour(*, card: Card, charger: Charger, hour: int, rng: random.Random) -> tuple[int, int, Decimal]:
    """This function will return ticks of charging, ticks of parking and kWh of one stop that begins in that local hour."""
    wanted = card.battery_kwh * rng.uniform(0.25, 0.6 if charger.is_dc else 0.75)
    power = min(charger.power_kw, card.dc_kw if charger.is_dc else card.ac_kw) * rng.uniform(0.72, 0.9)
    charging = max(10, round(wanted / power * 100))
    energy = Decimal(f"{power * charging / 100:.2f}")
    if charger.is_dc:
        return charging, rng.choice((0, 0, 0, 10, 25, 40)), energy
    over_night = hour >= 17 and charging < 900
    return charging, (rng.randint(150, 400) if over_night else rng.choice((0, 0, 25, 100))), energy
