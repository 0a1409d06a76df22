"""The simulated partners of a journey: two operators, a company of both roles, and two providers, in an event loop of their own."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

from hub.sandbox import enrolment
from hub.sandbox.companies import demonstration_companies
from hub.sandbox.day import Visit, plan_month
from hub.sandbox.demonstration import month_bounds
from hub.sandbox.network import Network, Platform, free_ports
from hub.sandbox.ocpi_2_2_1.shelf import Arrival, Shelf
from hub.sandbox.office import Office
from hub.sandbox.operator import Operator
from hub.sandbox.provider import Provider
from hub.sandbox.world import Card, World, make_world
from tests.journeys.house import House

Result = TypeVar("Result")
_CAST = ("DE-NLD", "NL-PSM", "FR-GRC", "DE-FWK", "NL-TLP")
_WITHOUT_AGREEMENT = (("DE-NLD", "NL-TLP"), ("FR-GRC", "DE-FWK"))
_WAIT_SECONDS = 60  # a dispatcher that was killed holds its leases for half a minute


class NeverHappened(AssertionError):
    """What a journey waited for did not come."""


class Town:
    """Nordlicht, Garrigue (operators), Polderstroom (both), Fahrwerk, Tulp (providers). `visit` hands out one charge after the other."""

    def __init__(self, *, house: House, cast: Sequence[str] = _CAST) -> None:
        self.house = house
        self.office = Office(run_command=house.command)
        self.month = f"{datetime.now(UTC).replace(day=1) - timedelta(days=1):%Y-%m}"
        self.starts_at, self.ends_at = month_bounds(self.month)
        companies = [company for company in demonstration_companies() if company.id in cast]
        self.world: World = make_world(
            companies=companies, seed=5, valid_from=self.starts_at, sites_per_operator=2, cards_per_provider=48,
            without_agreement=_WITHOUT_AGREEMENT,
        )  # fmt: skip
        self._visits = plan_month(world=self.world, starts_at=self.starts_at, ends_at=self.ends_at, count=200, seed=5)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.network: Network

    def __enter__(self) -> Self:
        self._thread.start()
        self.network = self.run(self._open())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.run(self.network.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _open(self) -> Network:
        names = dict.fromkeys(company.platform for company in self.world.companies)
        network = Network(
            world=self.world, opened_at=self.starts_at, gives_references=True, clock=lambda: datetime.now(UTC),
            ports=free_ports(names=names, first=21_000), connections={}, hub_url=self.house.url, proxy_secret=self.house.proxy_secret,
        )  # fmt: skip
        await network.open()
        return network

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """This function will do something in the partners' loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=120)

    def platform(self, party: str) -> Platform:
        """This function will return the platform that hosts a party."""
        return next(platform for platform in self.network.platforms.values() if party in {company.id for company in platform.companies})

    def operator(self, party: str) -> Operator:
        """This function will return an operator."""
        return self.network.operators[party]

    def provider(self, party: str) -> Provider:
        """This function will return a provider."""
        return self.network.providers[party]

    def shelf(self, party: str) -> Shelf:
        """This function will return what a party's platform was sent."""
        return self.platform(party).door.shelf

    def enrol(self) -> None:
        """This function will invite and register everybody, sign the agreements and let everybody introduce themselves."""
        for platform in self.network.platforms.values():
            if not platform.link.connection.is_registered:
                self.register(platform)
        for broker in self.network.brokers.values():
            enrolment.pin(broker, office=self.office)
        enrolment.sign_agreements(self.network, office=self.office, starts=self.starts_at.date())
        enrolment.describe_companies(self.world.companies, office=self.office)
        self.introduce()

    def register(self, platform: Platform) -> None:
        """This function will invite one platform and have it registered, by itself or by the hub."""
        number, token_a = enrolment.invite(platform, office=self.office)
        if platform.waits_for_hub:
            self.run(enrolment.await_hub(platform, number=number, token_a=token_a, office=self.office))
        else:
            self.run(enrolment.register(platform, versions_url=f"{self.house.url}/ocpi/versions", token_a=token_a))

    def introduce(self) -> None:
        """This function will push every card, tariff and site, and insist that the hub takes all of it."""

        async def push() -> list[str]:
            sent = [item for provider in self.network.providers.values() for item in await provider.issue_cards()]
            sent += [item for operator in self.network.operators.values() for item in await operator.introduce()]
            return [f"{item.code} {item.note}" for item in sent if not item.is_in]

        assert self.run(push()) == []

    def visit(self, *, operator: str, provider: str) -> Visit:
        """This function will return a charge that no journey had before."""
        for position, visit in enumerate(self._visits):
            if (visit.company.id, visit.provider.company.id) == (operator, provider):
                return self._visits.pop(position)
        raise LookupError(f"no visit is left for {provider} at {operator}")

    def card(self, provider: str, verdict: str, *, whitelist: str = "NEVER", number: int = 0) -> Card:
        """This function will return a card about which its provider says `verdict`; with NEVER nobody may answer in its place."""
        found = [card for card in self.provider(provider).plan.cards if (card.verdict, card.whitelist) == (verdict, whitelist)]
        return found[number]

    def until(self, happened: Callable[[], bool], *, what: str) -> None:
        """This function will wait until something has happened. Raises NeverHappened."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while not happened():
            if time.monotonic() > deadline:
                raise NeverHappened(f"{what}\n{self.house.latest_lines('dispatcher')}")
            time.sleep(0.02)

    def until_came(self, party: str, module: str, *ids: str, count: int = 1) -> list[Arrival]:
        """This function will wait until a party's platform was sent so many messages about an object, and return them."""
        shelf = self.shelf(party)
        self.until(lambda: len(shelf.came(module, *ids)) >= count, what=f"{party} was not sent {count} × {module} {ids}")
        return shelf.came(module, *ids)
