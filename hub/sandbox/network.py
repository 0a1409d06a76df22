"""Many simulated platforms in one process: each a server on a port of its own at 127.0.0.1, all sharing one HTTP client."""

import asyncio
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

import aiohttp
from aiohttp import web

from hub.sandbox.companies import OICP, Company
from hub.sandbox.ocpi_2_2_1.door import Door
from hub.sandbox.ocpi_2_2_1.lines import OcpiOperatorLine, OcpiProviderLine
from hub.sandbox.ocpi_2_2_1.link import Connection, Link
from hub.sandbox.oicp_2_3.door import OicpDoor
from hub.sandbox.oicp_2_3.lines import OicpOperatorLine, OicpProviderLine
from hub.sandbox.oicp_2_3.link import Access, OicpLink
from hub.sandbox.operator import Operator
from hub.sandbox.provider import Provider
from hub.sandbox.tally import Tally
from hub.sandbox.world import World

LOOPBACK = "127.0.0.1"
_CALL_SECONDS = 30


class PortTaken(OSError):
    """A platform's remembered port is in use by somebody else; the message names both."""


class Application(Protocol):
    """A door: whatever has an application to serve."""

    def application(self) -> web.Application:
        """Return the application."""


@dataclass(kw_only=True)
class Host:
    """A server at 127.0.0.1 with the companies behind it."""

    name: str
    companies: tuple[Company, ...]
    port: int
    operators: dict[str, Operator]
    providers: dict[str, Provider]
    runner: web.AppRunner | None = None

    @property
    def host(self) -> str:
        """What the hub must allow: HOST:PORT."""
        return f"{LOOPBACK}:{self.port}"

    async def serve(self, door: Application) -> None:
        """This method will start serving. Raises PortTaken."""
        self.runner = web.AppRunner(door.application(), access_log=None, shutdown_timeout=1)
        await self.runner.setup()
        try:
            await web.TCPSite(self.runner, LOOPBACK, self.port).start()
        except OSError as error:
            await self.runner.cleanup()
            raise PortTaken(f"{self.name} cannot listen on {self.host}: {error}") from error

    async def close(self) -> None:
        """This method will stop serving."""
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None


@dataclass(kw_only=True)
class Platform(Host):
    """One OCPI connection to the hub: a server, a client, and the companies behind them."""

    link: Link
    door: Door

    @property
    def waits_for_hub(self) -> bool:
        """Whether the hub is to start the handshake."""
        return any(company.waits_for_hub for company in self.companies)

    @property
    def cdrs(self) -> int:
        """How many CDRs the hub delivered."""
        return len(self.door.shelf.objects["cdrs"])

    async def open(self) -> None:
        """This method will start serving. Raises PortTaken."""
        await self.serve(self.door)


@dataclass(kw_only=True)
class Broker(Host):
    """One OICP connection to the hub: one company that calls with a certificate and is called at its services' addresses."""

    link: OicpLink
    door: OicpDoor

    @property
    def urls(self) -> dict[str, str]:
        """Where the hub reaches each of its services."""
        base = f"http://{self.host}"
        services = ("authorization", "cdr", "notification") if self.providers else ("authorization",)
        return dict.fromkeys(services, base)

    @property
    def cdrs(self) -> int:
        """How many CDRs the hub delivered."""
        return len(self.door.cdrs)

    async def open(self) -> None:
        """This method will start serving. Raises PortTaken."""
        await self.serve(self.door)


class Hosted(NamedTuple):
    """What one connection hosts."""

    companies: tuple[Company, ...]
    operators: dict[str, Operator]
    providers: dict[str, Provider]


class Network:
    """Every platform of one world: those that speak OCPI, and the brokered ones, which speak OICP.

    `hub_url` and `proxy_secret` are what OICP partners need to know; without such companies in the world nobody needs them.
    """

    def __init__(
        self,
        *,
        world: World,
        opened_at: datetime,
        gives_references: bool,
        clock: Callable[[], datetime],
        ports: dict[str, int],
        connections: dict[str, Connection],
        accesses: dict[str, Access] | None = None,
        hub_url: str = "",
        proxy_secret: str = "",
    ) -> None:
        self.world = world
        self.tally = Tally()
        self.clock = clock
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64, limit_per_host=32), timeout=aiohttp.ClientTimeout(total=_CALL_SECONDS)
        )
        self.platforms: dict[str, Platform] = {}
        self.brokers: dict[str, Broker] = {}
        accesses = {} if accesses is None else accesses
        for name, protocol in dict.fromkeys((company.platform, company.protocol) for company in world.companies):
            hosted = self._hosted(name, opened_at, gives_references)
            if protocol == OICP:
                access = accesses.setdefault(name, Access())
                self.brokers[name] = self._broker(name, ports[name], access, hosted, hub_url, proxy_secret)
            else:
                self.platforms[name] = self._platform(name, ports[name], connections.setdefault(name, Connection()), hosted)

    @property
    def hosts(self) -> list[Platform | Broker]:
        """Every platform, whatever it speaks."""
        return [*self.platforms.values(), *self.brokers.values()]

    @property
    def operators(self) -> dict[str, Operator]:
        """Every operator by its id."""
        return {key: operator for platform in self.hosts for key, operator in platform.operators.items()}

    @property
    def providers(self) -> dict[str, Provider]:
        """Every provider by its id."""
        return {key: provider for platform in self.hosts for key, provider in platform.providers.items()}

    async def open(self) -> None:
        """This method will start every platform's server. Raises PortTaken."""
        for host in self.hosts:
            await host.open()

    async def close(self) -> None:
        """This method will stop every server and the client."""
        await asyncio.gather(*(host.close() for host in self.hosts))
        await self.http.close()

    def _hosted(self, name: str, opened_at: datetime, gives_references: bool) -> Hosted:
        companies = tuple(company for company in self.world.companies if company.platform == name)
        own = {company.id for company in companies}
        operators = {plan.company.id: Operator(plan=plan, opened_at=opened_at) for plan in self.world.operators if plan.company.id in own}
        providers = {
            plan.company.id: Provider(plan=plan, opened_at=opened_at, gives_references=gives_references)
            for plan in self.world.providers
            if plan.company.id in own
        }
        return Hosted(companies, operators, providers)

    def _platform(self, name: str, port: int, connection: Connection, hosted: Hosted) -> Platform:
        companies, operators, providers = hosted
        link = Link(
            own_versions_url=f"http://{LOOPBACK}:{port}/ocpi/versions",
            roles=[(company, role) for company in companies for role in company.roles],
            http=self.http,
            tally=self.tally,
            connection=connection,
        )
        for operator in operators.values():
            operator.line = OcpiOperatorLine(link=link, operator=operator)
        for provider in providers.values():
            provider.line = OcpiProviderLine(link=link, company=provider.company)
        door = Door(link=link, operators=operators, providers=providers, tally=self.tally, clock=self.clock)
        return Platform(name=name, companies=companies, port=port, link=link, door=door, operators=operators, providers=providers)

    def _broker(self, name: str, port: int, access: Access, hosted: Hosted, hub_url: str, proxy_secret: str) -> Broker:
        companies, operators, providers = hosted
        link = OicpLink(
            roles=[(company, role) for company in companies for role in company.roles],
            http=self.http,
            tally=self.tally,
            access=access,
            hub_url=hub_url,
            proxy_secret=proxy_secret,
        )
        for operator in operators.values():
            operator.line = OicpOperatorLine(link=link, operator=operator)
        for provider in providers.values():
            provider.line = OicpProviderLine(link=link, company=provider.company)
        door = OicpDoor(operator=next(iter(operators.values()), None), provider=next(iter(providers.values()), None), tally=self.tally)
        return Broker(name=name, companies=companies, port=port, link=link, door=door, operators=operators, providers=providers)


def free_ports(*, names: Iterable[str], first: int) -> dict[str, int]:
    """This function will find a free port for each name, from `first` upwards and below the system's own range of passing ports."""
    ports: dict[str, int] = {}
    candidate = first
    for name in names:
        while not _is_free(candidate):
            candidate += 1
        ports[name] = candidate
        candidate += 1
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
