"""What is not ordinary in a month: refused cards, a credit and its replacement, repeats, a late CDR, one beyond belief. PURE."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from hub.sandbox.companies import OICP
from hub.sandbox.day import Visit
from hub.sandbox.world import Card, Charger, OperatorPlan, Site, World, unknown_card

# How much more energy than the charger can give: enough for the hub to hold the record, not so much that it is refused at the door.
_BEYOND_BELIEF = Decimal("1.6")


@dataclass(frozen=True)
class Attempt:
    """A card held to a charger without a session after it."""

    operator: OperatorPlan
    site: Site
    charger: Charger
    card: Card


@dataclass(frozen=True)
class Story:
    """A month in order. The sets hold visit ids."""

    visits: tuple[Visit, ...]
    attempts: tuple[Attempt, ...]
    asked: frozenset[str]  # authorised in real time before they charge; always where the card's provider wants it
    credited: frozenset[str]  # billed wrongly, credited, billed again
    repeated: frozenset[str]  # billed twice with the same record
    late: frozenset[str]  # billed after the month was closed


def tell_story(*, world: World, visits: Sequence[Visit], seed: int, asked_share: float) -> Story:
    """This function will choose what goes differently; about one visit in fifty is not ordinary, at least one of each kind."""
    rng = random.Random(f"story-{seed}")
    few = max(1, len(visits) // 200)
    # OICP knows neither credits nor a second record of a session: what is not ordinary happens between OCPI partners.
    fitting = [index for index, visit in enumerate(visits) if not _is_brokered(visit)] or list(range(len(visits)))
    chosen = rng.sample(fitting, k=min(len(fitting), 6 * few + 1))
    credited, repeated, late, beyond = chosen[:few], chosen[few : 5 * few], chosen[5 * few : 6 * few], chosen[6 * few :]
    ids = [visit.id for visit in visits]
    told = list(visits)
    for index in beyond:
        told[index] = _beyond_belief(told[index])
    return Story(
        visits=tuple(told),
        attempts=tuple(_attempts(world, rng, count=max(6, len(visits) // 20), seed=seed)),
        asked=frozenset(
            [
                *rng.sample(ids, k=round(len(ids) * asked_share)),
                # The hub names the session of an OICP operator: without its answer there is none to charge for.
                *(visit.id for visit in told if visit.card.whitelist == "NEVER" or visit.company.protocol == OICP),
            ]
        ),
        credited=frozenset(ids[index] for index in credited),
        repeated=frozenset(ids[index] for index in repeated),
        late=frozenset(ids[index] for index in late),
    )


def _is_brokered(visit: Visit) -> bool:
    return OICP in (visit.company.protocol, visit.provider.company.protocol)


def _beyond_belief(visit: Visit) -> Visit:
    possible = visit.charger.power_kw * visit.total_hours
    return replace(visit, energy_kwh=(possible * _BEYOND_BELIEF).quantize(Decimal("0.01")))


def _attempts(world: World, rng: random.Random, *, count: int, seed: int) -> list[Attempt]:
    attempts = []
    for number in range(count):
        operator = rng.choice(world.operators)
        partners = world.providers_of(operator.company)
        if not partners:
            continue
        refused = [card for card in rng.choice(partners).cards if card.verdict != "ALLOWED"]
        site = rng.choice(operator.sites)
        card = unknown_card(seed=f"{seed}-{number}") if number % 3 == 0 or not refused else rng.choice(refused)
        attempts.append(Attempt(operator, site, rng.choice(site.chargers), card))
    return attempts
