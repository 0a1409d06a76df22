"""Two partners on the wire without a hub: a provider's platform stands in for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from hub.sandbox.companies import demonstration_companies
from hub.sandbox.day import Visit, plan_month
from hub.sandbox.network import Network, Platform, free_ports
from hub.sandbox.operator import Operator
from hub.sandbox.provider import Provider
from hub.sandbox.world import make_world

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
_COMPANIES = [company for company in demonstration_companies() if company.id in ("DE-NLD", "NL-TLP")]


class Pair:
    """Nordlicht (an operator) and Tulp (a provider that plays the hub's part). `now` is their clock."""

    def __init__(self, *, first_port: int) -> None:
        self.now = NOW
        world = make_world(companies=_COMPANIES, seed=1, valid_from=NOW)
        ports = free_ports(names=[company.platform for company in _COMPANIES], first=first_port)
        self.network = Network(world=world, opened_at=NOW, gives_references=True, clock=lambda: self.now, ports=ports, connections={})
        self.nordlicht: Platform = self.network.platforms["Nordlicht Backend"]
        self.tulp: Platform = self.network.platforms["Tulp Mobiel"]
        # Each takes the other for a hub: partners connect to nobody else.
        for platform in (self.nordlicht, self.tulp):
            platform.link.roles = [(platform.companies[0], "HUB")]
        self.operator: Operator = self.network.operators["DE-NLD"]
        self.provider: Provider = self.network.providers["NL-TLP"]

    async def register(self) -> None:
        """Nordlicht registers itself with token A."""
        self.tulp.link.connection.token_of_hub = "token-a"
        await self.nordlicht.link.register(versions_url=self.tulp.link.own_versions_url, token_a="token-a")

    def visit(self) -> Visit:
        """A charge of a Tulp driver at Nordlicht."""
        start = datetime(2026, 10, 1, tzinfo=UTC)
        return plan_month(world=self.network.world, starts_at=start, ends_at=datetime(2026, 11, 1, tzinfo=UTC), count=1, seed=1)[0]


@asynccontextmanager
async def _open(first_port: int) -> AsyncIterator[Pair]:
    pair = Pair(first_port=first_port)
    await pair.network.open()
    try:
        yield pair
    finally:
        await pair.network.close()


def with_pair(story: Callable[[Pair], Awaitable[None]], *, first_port: int) -> None:
    """This function will open both platforms, tell them the story, and close them."""

    async def play() -> None:
        async with _open(first_port) as pair:
            await story(pair)

    asyncio.run(play())
