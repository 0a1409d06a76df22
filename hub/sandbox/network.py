"""Many simulated platforms in one process: each a server on a port of its own at 127.0.0.1, all sharing one HTTP client."""

import asyncio
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from aiohttp import web

from hub.sandbox.companies import OPERATOR, PROVIDER, Company
from hub.sandbox.ocpi_2_2_1.door import Door
from hub.sandbox.ocpi_2_2_1.lines import OcpiOperatorLine, OcpiProviderLine
from hub.sandbox.ocpi_2_2_1.link import Connection, Link
from hub.sandbox.operator import Operator
from hub.sandbox.provider import Provider
from hub.sandbox.tally import Tally
from hub.sandbox.world import World

LOOPBACK = "127.0.0.1"
_CALL_SECONDS = 30


class PortTaken(OSError):
    """A platform's remembered port is in use by somebody else; the message names both."""


@dataclass
class Platform:
    """One connection to the hub: a server, a client, and the companies behind them."""

    name: str
    companies: tuple[Company, ...]
    port: int
    link: Link
    door: Door
    operators: dict[str, Operator]
    providers: dict[str, Provider]
    runner: web.AppRunner | None = None

    @property
    def host(self) -> str:
        """What the hub must allow: HOST:PORT."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def waits_for_hub(self) -> bool:
        """Whether the hub is to start the handshake."""
        return any(company.waits_for_hub for company in self.companies)

    async def open(self) -> None:
        """This method will start serving. Raises PortTaken."""
        self.runner = web.AppRunner(self.door.application(), access_log=None, shutdown_timeout=1)
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


class Network:
    """Every platform of one world."""

    def __init__(
        self,
        *,
        world: World,
        opened_at: datetime,
        gives_references: bool,
        clock: Callable[[], datetime],
        ports: dict[str, int],
        connections: dict[str, Connection],
    ) -> None:
        self.world = world
        self.tally = Tally()
        self.clock = clock
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64, limit_per_host=32), timeout=aiohttp.ClientTimeout(total=_CALL_SECONDS)
        )
        self.platforms: dict[str, Platform] = {}
        for name in dict.fromkeys(company.platform for company in world.companies):
            connection = connections.setdefault(name, Connection())
            self.platforms[name] = self._platform(name, ports[name], connection, opened_at, gives_references)

    @property
    def operators(self) -> dict[str, Operator]:
        """Every operator by its id."""
        return {key: operator for platform in self.platforms.values() for key, operator in platform.operators.items()}

    @property
    def providers(self) -> dict[str, Provider]:
        """Every provider by its id."""
        return {key: provider for platform in self.platforms.values() for key, provider in platform.providers.items()}

    def platform_of(self, company: Company) -> Platform:
        """This method will return the platform that hosts a company."""
        return self.platforms[company.platform]

    async def open(self) -> None:
        """This method will start every platform's server. Raises PortTaken."""
        for platform in self.platforms.values():
            await platform.open()

    async def close(self) -> None:
        """This method will stop every server and the client."""
        await asyncio.gather(*(platform.close() for platform in self.platforms.values()))
        await self.http.close()

    def _platform(self, name: str, port: int, connection: Connection, opened_at: datetime, gives_references: bool) -> Platform:
        companies = tuple(company for company in self.world.companies if company.platform == name)
        roles = [(company, role) for company in companies for role in company.roles]
        link = Link(
            own_versions_url=f"http://{LOOPBACK}:{port}/ocpi/versions", roles=roles, http=self.http, tally=self.tally, connection=connection
        )
        hosted = {company.id for company in companies}
        operators = {
            plan.company.id: Operator(plan=plan, opened_at=opened_at)
            for plan in self.world.operators
            if plan.company.id in hosted and OPERATOR in plan.company.roles
        }
        providers = {
            plan.company.id: Provider(plan=plan, opened_at=opened_at, gives_references=gives_references)
            for plan in self.world.providers
            if plan.company.id in hosted and PROVIDER in plan.company.roles
        }
        for operator in operators.values():
            operator.line = OcpiOperatorLine(link=link, operator=operator)
        for provider in providers.values():
            provider.line = OcpiProviderLine(link=link, company=provider.company)
        door = Door(link=link, operators=operators, providers=providers, tally=self.tally, clock=self.clock)
        return Platform(name, companies, port, link, door, operators, providers)


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
