"""The demonstration network of `make run`: enrols at the first start, plays last month, has it closed, then lives on.

Every step of the first start is written down when it is done, so that a process that was killed goes on where it stopped; what it
may do twice is the same the second time (ids and contents come from the seed).
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from hub.sandbox import enrolment
from hub.sandbox.companies import demonstration_companies
from hub.sandbox.day import plan_month
from hub.sandbox.demo import CHECKER, DEMO_PEOPLE, MAKER
from hub.sandbox.geography import COUNTRIES
from hub.sandbox.life import Life
from hub.sandbox.memory import Memory, load_memory, save_memory
from hub.sandbox.month import MonthPlay
from hub.sandbox.network import Network, Platform, free_ports
from hub.sandbox.office import Office
from hub.sandbox.readiness import wait_for_hub
from hub.sandbox.story import tell_story
from hub.sandbox.world import World, make_world

_CDRS = 300
_CONCURRENCY = 12
_KEEP_SECONDS = 20
_ALREADY_HERE = 10
# Neighbours that never signed: nothing may pass between them.
_WITHOUT_AGREEMENT = (("FR-GRC", "SE-NRS"), ("AT-WMB", "SE-NRS"), ("CH-FRN", "NL-TLP"))
# Settled apart, and last month of it left as a draft in review: a newcomer brings it to its end (docs/first-hour.md).
_LEFT_IN_REVIEW = {"SE-SGL": "north"}
_FIRST_PORT, _PORTS_PER_HUB = 20_000, 16
_GREETING = "The demonstration network is alive"

Say = Callable[[str], None]


class Demonstration:
    """One hub's demonstration. `at` of `run` decides which month is the last one."""

    def __init__(
        self, *, hub_url: str, hub_party: str, proxy_secret: str, memory_path: Path, office: Office, clock: Callable[[], datetime], say: Say
    ) -> None:
        self.hub_url = hub_url
        self.hub_party = hub_party
        self.proxy_secret = proxy_secret
        self.versions_url = f"{hub_url}/ocpi/versions"
        self.path = memory_path
        self.office = office
        self.clock = clock
        self.say = say

    async def run(self, *, stop: asyncio.Event) -> None:
        """This method will bring the network up and keep it alive until `stop` is set. Raises PortTaken, HubNotThere, OfficeRefused."""
        await wait_for_hub(self.hub_url, stop=stop)
        memory = await asyncio.to_thread(self._remember)
        starts_at, ends_at = month_bounds(memory.month)
        world = demonstration_world(seed=memory.seed, valid_from=starts_at)
        opened_at = self.clock() if "introduced" in memory.stages else starts_at
        network = Network(
            world=world,
            opened_at=opened_at.replace(microsecond=0),
            gives_references="closed" in memory.stages,
            clock=self.clock,
            ports=memory.ports,
            connections=memory.connections,
            accesses=memory.accesses,
            hub_url=self.hub_url,
            proxy_secret=self.proxy_secret,
        )
        try:
            await network.open()
            await _until_stopped(self._enrol(network, memory, starts_at), stop)
            if not stop.is_set() and "closed" not in memory.stages:
                await _until_stopped(self._last_month(network, memory, starts_at, ends_at), stop)
            if not stop.is_set():
                await self._live(network, memory, stop)
        finally:
            save_memory(self.path, memory)
            await network.close()

    def _remember(self) -> Memory:
        memory = load_memory(self.path)
        parties = {company.id for company in demonstration_companies()}
        # Kept tokens are of no use where the hub's database is another one.
        if memory is None or (memory.connections and not parties <= self.office.known_parties()):
            first = (self.clock().replace(day=1) - timedelta(days=1)).replace(day=1)
            names = dict.fromkeys(company.platform for company in demonstration_companies())
            port = urlparse(self.hub_url).port or 80
            first_port = _FIRST_PORT + port * _PORTS_PER_HUB % 12_000
            memory = Memory(seed=secrets.randbelow(10_000), month=f"{first:%Y-%m}", ports=free_ports(names=names, first=first_port))
            save_memory(self.path, memory)
        return memory

    async def _enrol(self, network: Network, memory: Memory, starts_at: datetime) -> None:
        for platform in network.platforms.values():
            # The hub may live at another address now, or have ended a connection.
            if platform.link.connection.is_registered and not await platform.link.find_again(versions_url=self.versions_url):
                memory.tokens_a.pop(platform.name, None)
        waiting = [platform for platform in network.platforms.values() if not platform.link.connection.is_registered]
        for platform in waiting:
            await self._register(platform, memory)
        if waiting:
            self.say(f"{len(waiting)} platforms registered over OCPI 2.2.1")
        brokers = [broker for broker in network.brokers.values() if not broker.link.access.is_registered]
        for broker in brokers:
            memory.platform_ids[broker.name] = await asyncio.to_thread(enrolment.pin, broker, office=self.office)
            save_memory(self.path, memory)
        if brokers:
            self.say(f"{len(brokers)} partners speak OICP 2.3")
        if "signed" not in memory.stages:
            await asyncio.to_thread(self._paperwork, network, starts_at)
            self._done(memory, "signed")

    async def _register(self, platform: Platform, memory: Memory) -> None:
        if platform.name not in memory.tokens_a:
            number, token_a = await asyncio.to_thread(enrolment.invite, platform, office=self.office)
            memory.platform_ids[platform.name], memory.tokens_a[platform.name] = number, token_a
            save_memory(self.path, memory)
        token_a, number = memory.tokens_a[platform.name], memory.platform_ids[platform.name]
        if platform.waits_for_hub:
            await enrolment.await_hub(platform, number=number, token_a=token_a, office=self.office)
        else:
            await enrolment.register(platform, versions_url=self.versions_url, token_a=token_a)
        save_memory(self.path, memory)

    def _paperwork(self, network: Network, starts_at: datetime) -> None:
        count = enrolment.sign_agreements(network, office=self.office, starts=starts_at.date(), apart=_LEFT_IN_REVIEW)
        enrolment.describe_companies(network.world.companies, office=self.office)
        if self.hub_party.partition("-")[0] in COUNTRIES:
            self.office.describe_hub(party=self.hub_party)
        for person in DEMO_PEOPLE:
            self.office.admit(email=person.email, password=person.password, role=person.role, party=person.party)
        self.say(f"{count} agreements signed, {len(DEMO_PEOPLE)} demo users made")

    async def _last_month(self, network: Network, memory: Memory, starts_at: datetime, ends_at: datetime) -> None:
        visits = plan_month(world=network.world, starts_at=starts_at, ends_at=ends_at, count=_CDRS, seed=memory.seed)
        story = tell_story(world=network.world, visits=visits, seed=memory.seed, asked_share=0.3)
        play = MonthPlay(network=network, story=story, concurrency=_CONCURRENCY, detailed_share=0.2)
        if "introduced" not in memory.stages:
            refused = await play.introduce()
            for sent in refused[:3]:
                self.say(f"not taken: {sent.code} {sent.note}")
            self._done(memory, "introduced")
        self.say(f"Playing {memory.month}: {len(visits)} charges")
        figures = await play.play(on_step=lambda _: None)
        billed = ", ".join(f"{amount:.2f} {currency}" for currency, amount in sorted(figures.billed.items()))
        self.say(f"{memory.month} is in: {figures.cdrs.total()} CDRs sent, {billed} billed")
        run = await asyncio.to_thread(self._close, memory.month)
        self._done(memory, "closed")
        self.say(f"{memory.month} is closed, approved and issued: {run} statements")
        self.say(
            f"{memory.month} of the netting set {', '.join(_LEFT_IN_REVIEW.values())} is in review and waits for you: docs/first-hour.md"
        )
        await play.play_late()

    def _close(self, month: str) -> int:
        for netting_set in _LEFT_IN_REVIEW.values():
            self.office.close(period=month, by=MAKER, netting_set=netting_set)
        run = self.office.close(period=month, by=MAKER)
        self.office.approve(run=int(run["run"]), by=CHECKER)
        return len(self.office.issue(run=int(run["run"]), by=CHECKER)["statements"])

    async def _live(self, network: Network, memory: Memory, stop: asyncio.Event) -> None:
        for provider in network.providers.values():
            provider.gives_references = True
        for operator in network.operators.values():
            operator.updated = dict.fromkeys(operator.updated, self.clock().replace(microsecond=0))
        life = Life(network=network, clock=self.clock, seed=secrets.randbits(32), say=self.say)
        life.go_on(memory.under_way)
        await _until_stopped(self._settle_in(network, life, memory), stop)
        self.say(f"{_GREETING}: {len(network.operators)} operators, {len(network.providers)} providers")
        keeping = asyncio.get_running_loop().create_task(self._keep(life, memory))
        try:
            await life.run(stop=stop)
        finally:
            keeping.cancel()
            self._note(life, memory)

    async def _settle_in(self, network: Network, life: Life, memory: Memory) -> None:
        for operator in network.operators.values():
            for site in operator.plan.sites:
                await operator.line.push_site(site)
        since = memory.lived_until or self.clock() - timedelta(hours=1)
        await life.already_here(since=since, count=max(0, _ALREADY_HERE - len(life.running)))

    async def _keep(self, life: Life, memory: Memory) -> None:
        while True:
            await asyncio.sleep(_KEEP_SECONDS)
            self._note(life, memory)

    def _note(self, life: Life, memory: Memory) -> None:
        memory.under_way, memory.lived_until = life.keep(), self.clock()
        save_memory(self.path, memory)

    def _done(self, memory: Memory, stage: str) -> None:
        memory.stages.append(stage)
        save_memory(self.path, memory)


async def _until_stopped(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Do the work, or leave it where it is when the process is asked to end."""
    doing, ending = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    await asyncio.wait((doing, ending), return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not doing.done():
        doing.cancel()
    with suppress(asyncio.CancelledError):
        await doing


def demonstration_world(*, seed: int, valid_from: datetime) -> World:
    """This function will return the demonstration's world: the cast, its sites and cards, and three pairs that never signed."""
    return make_world(
        companies=demonstration_companies(),
        seed=seed,
        valid_from=valid_from,
        sites_per_operator=5,
        cards_per_provider=36,
        without_agreement=_WITHOUT_AGREEMENT,
    )


def month_bounds(month: str) -> tuple[datetime, datetime]:
    """This function will return the first instant of a month (`2026-10`) and of the next one, in UTC. Raises ValueError."""
    starts_at = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return starts_at, (starts_at + timedelta(days=32)).replace(day=1)
