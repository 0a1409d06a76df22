"""The network alive: some twenty cars at a time, in real time, with honest clocks; something happens every few seconds."""

import asyncio
import random
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from hub.sandbox.day import AC_HOURS, TICK, Calendar, Visit
from hub.sandbox.line import FAILED, RemoteStart, Sent
from hub.sandbox.network import Network
from hub.sandbox.operator import Operator, share
from hub.sandbox.world import Card, Charger, OperatorPlan, ProviderPlan, Site, unknown_card

_UPDATE_SECONDS = 40
_ATTEMPT_SECONDS = 45
_FAULT_SECONDS = 240
_PATIENCE_SECONDS = 15
_REST = timedelta(hours=2)  # fewer cards than a real network has must do
_STOP_CHANCE = 0.2  # at each report of a session that an app started, once it has charged for six minutes
_EARLIEST_STOP_TICKS = 10
_QUIET, _BUSY = 8, 20  # cars at a time


class OpenVisit(msgspec.Struct):
    """A visit as it is kept over a restart: names only."""

    id: str
    operator: str
    provider: str
    card: str
    site: str
    charger: str
    starts_at: datetime
    charging_ticks: int
    parking_ticks: int
    energy_kwh: Decimal
    auth_method: str
    reference: str | None


@dataclass
class _Running:
    visit: Visit
    auth_method: str
    reference: str | None
    due_at: datetime
    has_ended: bool = False


class Life:
    """Drives every operator and provider of a network from now on."""

    def __init__(
        self, *, network: Network, clock: Callable[[], datetime], seed: int, say: Callable[[str], None], plug_in_seconds: float = 1
    ) -> None:
        self.network = network
        self.clock = clock
        self.rng = random.Random(seed)
        self.say = say
        self._plug_in_seconds = plug_in_seconds
        self.running: dict[str, _Running] = {}
        self._calendar = Calendar(rest=_REST)
        self._wishes: dict[str, Visit] = {}  # EVSE uid -> the visit an app is about to start
        self._number = 0
        self._stamp = f"{clock():%y%m%d%H%M%S}"
        self._faulty: list[tuple[Operator, Site, Charger, datetime]] = []
        self._attempt_at = self._fault_at = clock()
        self._tasks: set[asyncio.Task[Sent]] = set()
        for operator in network.operators.values():
            operator.on_start = self._start_remotely
            operator.on_stop = self._stop_remotely

    async def run(self, *, stop: asyncio.Event, pause_seconds: float = 1.5) -> None:
        """This method will let things happen, one after the other, until `stop` is set."""
        while not stop.is_set():
            await self.step()
            try:
                await asyncio.wait_for(stop.wait(), timeout=pause_seconds)
            except TimeoutError:
                continue

    async def step(self) -> None:
        """This method will do the most urgent thing: what is due with a car that is here, or a new arrival, or something odd."""
        now = self.clock()
        due = min(self.running.values(), key=lambda item: item.due_at, default=None)
        weight = AC_HOURS[(now.hour + 1) % 24] / max(AC_HOURS)
        if due is not None and due.due_at <= now:
            await self._advance(due, now)
        elif len(self.running) < _QUIET + round((_BUSY - _QUIET) * weight):
            await self._arrive(now)
        elif self._attempt_at <= now:
            self._attempt_at = now + timedelta(seconds=_ATTEMPT_SECONDS)
            await self._refuse()
        elif self._fault_at <= now:
            self._fault_at = now + timedelta(seconds=_FAULT_SECONDS)
            await self._change_a_fault(now)

    async def already_here(self, *, since: datetime, count: int) -> None:
        """This method will let `count` cars have arrived in the past half hour, but not before `since`: nobody waits for the first bill."""
        now = self.clock()
        earliest = max(since + timedelta(minutes=1), now - timedelta(minutes=30))
        for _ in range(count):
            if earliest < now:
                await self._arrive(now, starts_at=earliest + (now - earliest) * self.rng.random())

    def keep(self) -> list[OpenVisit]:
        """This method will return the visits that are under way, to go on with them after a restart."""
        return [
            OpenVisit(
                visit.id,
                visit.company.id,
                visit.provider.company.id,
                visit.card.uid,
                visit.site.id,
                visit.charger.uid,
                visit.starts_at,
                visit.charging_ticks,
                visit.parking_ticks,
                visit.energy_kwh,
                item.auth_method,
                item.reference,
            )
            for item in self.running.values()
            for visit in [item.visit]
        ]

    def go_on(self, kept: list[OpenVisit]) -> None:
        """This method will take up the visits that were under way when the process ended; one that names strangers is dropped."""
        operators = {plan.company.id: plan for plan in self.network.world.operators}
        providers = {plan.company.id: plan for plan in self.network.world.providers}
        for item in kept:
            visit = _restore(item, operators.get(item.operator), providers.get(item.provider))
            if visit is not None and self._calendar.take(visit):
                self.running[visit.id] = _Running(visit, item.auth_method, item.reference, self.clock())

    # One car

    async def _arrive(self, now: datetime, *, starts_at: datetime | None = None) -> None:
        visit = self._invent((starts_at or now).replace(microsecond=0), may_ask=starts_at is None)
        if visit is None:
            return
        operator = self.network.operators[visit.company.id]
        if starts_at is None and self._number % 6 == 0:
            await self._from_the_app(visit)
            return
        method, reference = "WHITELIST", None
        if starts_at is None or operator.is_brokered:
            answer = await operator.ask(visit.card, site=visit.site, charger=visit.charger)
            if not answer.is_allowed:
                self.say(f"{visit.company.name}: a card of {visit.provider.company.name} is answered {answer.word}")
                return
            method, reference = "AUTH_REQUEST", answer.reference
        await self._begin(operator, visit, method, reference)

    async def _begin(self, operator: Operator, visit: Visit, method: str, reference: str | None) -> None:
        # The first report comes soon for some and later for others: many cars that arrive at once do not report at once.
        first_report = timedelta(seconds=self.rng.randint(5, _UPDATE_SECONDS))
        self.running[visit.id] = _Running(visit, method, reference, self.clock() + first_report)
        await operator.report_start(visit, auth_method=method, reference=reference)
        await operator.set_status(visit.site, visit.charger, "CHARGING", at=self.clock())
        self.say(f"{visit.site.name}: a car of {visit.provider.company.name} charges at {visit.charger.power_kw} kW")

    async def _advance(self, item: _Running, now: datetime) -> None:
        visit, operator = item.visit, self.network.operators[item.visit.company.id]
        ticks = int((now - visit.starts_at) / TICK)
        record_at = visit.ends_at + timedelta(minutes=2)
        if item.has_ended and now >= record_at:
            sent = await operator.bill(operator.record(visit))
            if sent.result == FAILED:  # the hub is away: an operator does not throw a record away
                item.due_at = now + timedelta(seconds=_PATIENCE_SECONDS)
                return
            del self.running[visit.id]
            cost = f"{visit.cost.total.gross:.2f} {visit.company.country.currency}"
            self.say(f"{visit.site.name}: {visit.energy_kwh} kWh for {cost}, CDR {sent.result}")
        elif now >= visit.ends_at and not item.has_ended:
            item.has_ended, item.due_at = True, record_at
            await operator.report_end(visit, auth_method=item.auth_method, reference=item.reference)
            await operator.set_status(visit.site, visit.charger, "AVAILABLE", at=now)
        else:
            item.due_at = now + timedelta(seconds=_UPDATE_SECONDS + self.rng.randint(-10, 10))
            if f"S-{visit.id}" not in operator.sessions:
                await operator.report_start(visit, auth_method=item.auth_method, reference=item.reference)
            elif item.auth_method == "COMMAND" and ticks >= _EARLIEST_STOP_TICKS and self.rng.random() < _STOP_CHANCE:
                await self._stop_from_the_app(item)
            elif 0 < ticks <= visit.charging_ticks:
                await operator.report_progress(visit, ticks=ticks)

    def _invent(self, starts_at: datetime, *, may_ask: bool) -> Visit | None:
        for _ in range(40):
            operator, provider = self.rng.choice(self._pairs())
            site = self.rng.choice(operator.sites)
            charger = self.rng.choice(site.chargers)
            if self.network.operators[operator.company.id].statuses[charger.uid] != "AVAILABLE" or charger.uid in self._wishes:
                continue
            # A car that has been here for a while was let in by its card alone; only some providers allow that.
            fitting = [card for card in provider.cards if card.verdict == "ALLOWED" and (may_ask or card.whitelist == "ALLOWED")]
            if not fitting:
                continue
            card = self.rng.choice(fitting)
            power = min(charger.power_kw, card.dc_kw if charger.is_dc else card.ac_kw) * self.rng.uniform(0.7, 0.9)
            ticks = self.rng.randint(12, 40) if charger.is_dc else self.rng.randint(25, 90)
            self._number += 1
            visit = Visit(
                id=f"{operator.company.party_id}-{self._stamp}-{self._number}",
                operator=operator,
                provider=provider,
                card=card,
                site=site,
                charger=charger,
                starts_at=starts_at,
                charging_ticks=ticks,
                parking_ticks=self.rng.choice((0, 0, 5, 10)),
                energy_kwh=Decimal(f"{power * ticks / 100:.2f}"),
            )
            if self._calendar.take(visit):
                return visit
        return None

    def _pairs(self) -> list[tuple[OperatorPlan, ProviderPlan]]:
        world = self.network.world
        return [(operator, provider) for operator in world.operators for provider in world.providers_of(operator.company)]

    # From the app

    async def _from_the_app(self, visit: Visit) -> None:
        self._wishes[visit.charger.uid] = visit
        provider = self.network.providers[visit.provider.company.id]
        sent = await provider.start_remotely(
            visit.card,
            operator=visit.company,
            location_id=visit.site.id,
            evse_uid=visit.charger.uid,
            evse_id=visit.charger.evse_id,
            key=uuid.uuid4().hex,
        )
        if not sent.is_in:
            self._wishes.pop(visit.charger.uid, None)
            self.say(f"{visit.provider.company.name}: a start from the app is answered {sent.code}")

    async def _stop_from_the_app(self, item: _Running) -> None:
        visit, provider = item.visit, self.network.providers[item.visit.provider.company.id]
        is_brokered = self.network.operators[visit.company.id].is_brokered
        sent = await provider.stop_remotely(
            operator=visit.company,
            session_id=item.reference or "" if is_brokered else f"S-{visit.id}",
            evse_id=visit.charger.evse_id,
            reference=item.reference,
            key=uuid.uuid4().hex,
        )
        self.say(
            f"{visit.site.name}: {visit.provider.company.name} stops a session from the app" + ("" if sent.is_in else f": {sent.code}")
        )

    async def _start_remotely(self, wish: RemoteStart) -> str:
        visit = self._wishes.pop(wish.evse_uid or "", None)
        if visit is None or not wish.is_of(visit.card):
            return "REJECTED"
        self._later(self._plug_in(visit, wish))
        return "ACCEPTED"

    async def _plug_in(self, visit: Visit, wish: RemoteStart) -> Sent:
        await asyncio.sleep(self._plug_in_seconds)
        operator = self.network.operators[visit.company.id]
        sent = await operator.line.tell_result(wish.result_address, result="ACCEPTED")
        await self._begin(operator, visit, "COMMAND", wish.reference)
        return sent

    async def _stop_remotely(self, session_id: str, result_address: str) -> str:
        named = (item for item in self.running.values() if item.reference == session_id)  # an OICP session has the hub's name
        item = self.running.get(session_id.removeprefix("S-")) or next(named, None)
        if item is None or item.has_ended:
            return "UNKNOWN_SESSION"
        visit, now = item.visit, self.clock()
        ticks = max(1, min(visit.charging_ticks, int((now - visit.starts_at) / TICK)))
        item.visit = replace(visit, charging_ticks=ticks, parking_ticks=0, energy_kwh=share(visit, ticks))
        item.due_at = now
        self._later(self.network.operators[visit.company.id].line.tell_result(result_address, result="ACCEPTED"))
        return "ACCEPTED"

    def _later(self, work: Coroutine[Any, Any, Sent]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # What is not ordinary

    async def _refuse(self) -> None:
        operator, provider = self.rng.choice(self._pairs())
        site = self.rng.choice(operator.sites)
        refused = [card for card in provider.cards if card.verdict != "ALLOWED"]
        card = unknown_card(seed=str(self.rng.random())) if self.rng.random() < 0.3 else self.rng.choice(refused)
        answer = await self.network.operators[operator.company.id].ask(card, site=site, charger=site.chargers[0])
        self.say(f"{operator.company.name}: a card is answered {answer.word}")

    async def _change_a_fault(self, now: datetime) -> None:
        if self._faulty:
            operator, site, charger, _ = self._faulty.pop()
            await operator.set_status(site, charger, "AVAILABLE", at=now)
            self.say(f"{site.name}: a charger is repaired")
            return
        operator = self.rng.choice(list(self.network.operators.values()))
        site = self.rng.choice(operator.plan.sites)
        charger = self.rng.choice(site.chargers)
        if operator.statuses[charger.uid] == "AVAILABLE" and charger.uid not in self._wishes:
            self._faulty.append((operator, site, charger, now))
            await operator.set_status(site, charger, "OUTOFORDER", at=now)
            self.say(f"{site.name}: a charger is out of order")


def _restore(item: OpenVisit, operator: OperatorPlan | None, provider: ProviderPlan | None) -> Visit | None:
    if operator is None or provider is None:
        return None
    sites = {site.id: site for site in operator.sites}
    chargers = {charger.uid: charger for charger in sites[item.site].chargers} if item.site in sites else {}
    cards: dict[str, Card] = {card.uid: card for card in provider.cards}
    if item.charger not in chargers or item.card not in cards:
        return None
    return Visit(
        item.id,
        operator,
        provider,
        cards[item.card],
        sites[item.site],
        chargers[item.charger],
        item.starts_at,
        item.charging_ticks,
        item.parking_ticks,
        item.energy_kwh,
    )
