"""A month in a minute: companies of its own, a netting set of its own, the same doors; then close, approve, issue, and leave."""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.sandbox import enrolment
from hub.sandbox.companies import make_companies
from hub.sandbox.day import plan_month
from hub.sandbox.demonstration import month_bounds
from hub.sandbox.month import Figures, MonthPlay
from hub.sandbox.network import Network, Platform, free_ports
from hub.sandbox.office import Office
from hub.sandbox.readiness import wait_for_hub
from hub.sandbox.story import Story, tell_story
from hub.sandbox.world import World, make_world

_CONCURRENCY = 16
_ENROL_AT_ONCE = 3
_FIRST_PORT = 14_000
_HUB_SECONDS = 4
_SILENCE_SECONDS = 30  # so long without a delivery, and what is missing is reported as missing
_VISITS_PER_CARD, _VISITS_PER_SITE = 12, 150


class MonthStillRunning(Exception):
    """The month to rehearse has not ended: it could not be closed."""


class TooLittle(Exception):
    """A rehearsal needs an operator, a provider and a charge, and an agreement between two companies."""


@dataclass(frozen=True)
class Plan:
    """What to rehearse. `stamp` names this run: its platforms, netting set and users."""

    month: str
    operators: int
    providers: int
    cdrs: int
    seed: int
    stamp: str

    @property
    def netting_set(self) -> str:
        """The netting set of this run alone."""
        return f"rehearsal-{self.stamp}"


@dataclass
class Outcome:
    """Everything counted. Amounts by currency."""

    plan: Plan
    figures: Figures = field(default_factory=Figures)
    seconds: dict[str, float] = field(default_factory=dict)
    messages: int = 0
    waits: int = 0
    agreements: int = 0
    delivered: int = 0
    expected: int = 0
    held: Counter[str] = field(default_factory=Counter)
    held_cdrs: int = 0
    late: int = 0
    run: dict[str, Any] = field(default_factory=dict)
    statements: int = 0

    def by_currency(self, name: str) -> dict[str, str]:
        """This method will return one figure of the close for each currency: `gross`, `moved`, `bilateral` …"""
        return {currency: str(figures[name]) for currency, figures in sorted(self.run["figures"].items())}

    @property
    def payments(self) -> tuple[int, int]:
        """How many payments there would be pair by pair, and how many there are."""
        return sum(int(figures["pairs"]) for figures in self.run["figures"].values()), len(self.run["payments"])


Progress = Callable[[str, int, int], None]


class Rehearsal:
    """One run of one plan. `on_progress` hears (phase, done, of)."""

    def __init__(
        self, *, plan: Plan, hub_url: str, proxy_secret: str, office: Office, clock: Callable[[], datetime], on_progress: Progress
    ) -> None:
        self.plan = plan
        self.hub_url = hub_url
        self.proxy_secret = proxy_secret
        self._numbers: dict[str, int] = {}  # OICP partner -> the hub's number of it
        self.office = office
        self.clock = clock
        self.on_progress = on_progress
        self.outcome = Outcome(plan)

    async def run(self) -> Outcome:
        """This method will rehearse and return what was counted. Raises MonthStillRunning, TooLittle, HubNotThere, OfficeRefused."""
        starts_at, ends_at = month_bounds(self.plan.month)
        if ends_at > self.clock():
            raise MonthStillRunning(f"{self.plan.month} is still running and cannot be closed; rehearse a month that has ended.")
        await wait_for_hub(self.hub_url, seconds=_HUB_SECONDS)
        world = await asyncio.to_thread(self._world, starts_at)
        visits = plan_month(world=world, starts_at=starts_at, ends_at=ends_at, count=self.plan.cdrs, seed=self.plan.seed)
        if not visits:
            raise TooLittle("Nobody can charge anywhere: give at least one CDR, and an operator and a provider that are two companies.")
        story = tell_story(world=world, visits=visits, seed=self.plan.seed, asked_share=0.5)
        names = dict.fromkeys(company.platform for company in world.companies)
        network = Network(
            world=world,
            opened_at=starts_at,
            gives_references=False,
            clock=self.clock,
            ports=free_ports(names=names, first=_FIRST_PORT),
            connections={},
            hub_url=self.hub_url,
            proxy_secret=self.proxy_secret,
        )
        try:
            await network.open()
            await self._play(network, story, starts_at)
        finally:
            await self._leave(network)
        return self.outcome

    def _world(self, starts_at: datetime) -> World:
        plan = self.plan
        companies = make_companies(
            operators=plan.operators,
            providers=plan.providers,
            seed=plan.seed,
            label=f"rehearsal {plan.stamp}",
            taken=self.office.known_parties(),
            has_oicp=bool(self.proxy_secret),
        )
        return make_world(
            companies=companies,
            seed=plan.seed,
            valid_from=starts_at,
            sites_per_operator=max(3, -(-plan.cdrs // max(1, plan.operators) // _VISITS_PER_SITE)),
            cards_per_provider=max(24, -(-plan.cdrs // max(1, plan.providers) // _VISITS_PER_CARD)),
        )

    async def _play(self, network: Network, story: Story, starts_at: datetime) -> None:
        play = MonthPlay(network=network, story=story, concurrency=_CONCURRENCY)
        with self._phase("enrol"):
            await self._enrol(network)
            self.outcome.agreements = await asyncio.to_thread(self._paperwork, network, starts_at)
        with self._phase("introduce"):
            await play.introduce()
        with self._phase("charge"):
            done = 0

            def step(count: int) -> None:
                nonlocal done
                done += count
                self.on_progress("charge", done, len(story.visits) - len(story.late))

            self.outcome.figures = await play.play(on_step=step)
        with self._phase("deliver"):
            await self._await_deliveries(network)
        with self._phase("settle"):
            await asyncio.to_thread(self._settle)
        in_time = self.outcome.figures.cdrs.total()
        await play.play_late()
        self.outcome.late = self.outcome.figures.cdrs.total() - in_time
        self.outcome.messages, self.outcome.waits = network.tally.messages, network.tally.waits

    async def _enrol(self, network: Network) -> None:
        gate, done = asyncio.Semaphore(_ENROL_AT_ONCE), 0

        async def enrol(platform: Platform) -> None:
            nonlocal done
            async with gate:
                _, token_a = await asyncio.to_thread(enrolment.invite, platform, office=self.office)
                await enrolment.register(platform, versions_url=f"{self.hub_url}/ocpi/versions", token_a=token_a)
                done += 1
                self.on_progress("enrol", done, len(network.platforms))

        for broker in network.brokers.values():
            self._numbers[broker.name] = await asyncio.to_thread(enrolment.pin, broker, office=self.office)
        await asyncio.gather(*(enrol(platform) for platform in network.platforms.values()))

    def _paperwork(self, network: Network, starts_at: datetime) -> int:
        enrolment.describe_companies(network.world.companies, office=self.office)
        for role in ("maker", "checker"):
            self.office.admit(email=self._person(role), password=secrets.token_urlsafe(16), role=role, party=None)
        return enrolment.sign_agreements(network, office=self.office, starts=starts_at.date(), netting_set=self.plan.netting_set)

    def _person(self, role: str) -> str:
        return f"rehearsal-{role}@hub.example"

    async def _await_deliveries(self, network: Network) -> None:
        expected = len(self.outcome.figures.records)
        arrived, heard, heard_at = 0, -1, time.monotonic()
        # Whatever else arrives, cards and locations that were pushed before, shows that the hub is at it.
        while arrived < expected and time.monotonic() - heard_at < _SILENCE_SECONDS:
            arrived = sum(host.cdrs for host in network.hosts)
            self.on_progress("deliver", arrived, expected)
            if network.tally.received.total() != heard:
                heard, heard_at = network.tally.received.total(), time.monotonic()
            await asyncio.sleep(0.2)
        self.outcome.delivered, self.outcome.expected = arrived, expected

    def _settle(self) -> None:
        outcome, plan = self.outcome, self.plan
        outcome.run = self.office.close(period=plan.month, by=self._person("maker"), netting_set=plan.netting_set)
        number = int(outcome.run["run"])
        own = {record.visit.company.id for record in outcome.figures.records}
        holds = [hold for hold in self.office.holds() if str(hold["cdr"]).partition("/")[0] in own]
        outcome.held_cdrs = len(holds)
        outcome.held = Counter(reason["code"] for hold in holds for reason in hold["reasons"])
        self.office.approve(run=number, by=self._person("checker"))
        outcome.statements = len(self.office.issue(run=number, by=self._person("checker"))["statements"])

    async def _leave(self, network: Network) -> None:
        # The platforms go; their records, statements and papers stay.
        registered = [platform for platform in network.platforms.values() if platform.link.connection.is_registered]
        await asyncio.gather(*(platform.link.unregister() for platform in registered))
        for number in self._numbers.values():
            await asyncio.to_thread(self.office.lock, platform=number)
        await network.close()

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        self.on_progress(name, 0, 0)
        yield
        self.outcome.seconds[name] = time.monotonic() - started
