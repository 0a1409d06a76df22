"""How platforms get onto the hub: invited by the operator, then registered over the wire by themselves, or by the hub."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import date

from hub.sandbox.companies import Company
from hub.sandbox.network import Broker, Network, Platform
from hub.sandbox.ocpi_2_2_1.link import HandshakeFailed
from hub.sandbox.office import Office

# Every process of the hub looks once a second whether an agreement was signed.
_IN_FORCE_SECONDS = 1.2


def invite(platform: Platform, *, office: Office) -> tuple[int, str]:
    """This function will have the operator invite a platform, and return its number and token A."""
    answer = office.invite(name=platform.name, roles=platform.link.roles, host=platform.host)
    return int(answer["platform"]), str(answer["token"])


async def register(platform: Platform, *, versions_url: str, token_a: str) -> None:
    """This function will let a platform register itself. Raises HandshakeFailed."""
    await platform.link.register(versions_url=versions_url, token_a=token_a)


async def await_hub(platform: Platform, *, number: int, token_a: str, office: Office) -> None:
    """This function will let the hub register at a platform, with the token A that the platform gave. Raises HandshakeFailed."""
    platform.link.connection.token_of_hub = token_a
    await asyncio.to_thread(office.connect, platform=number, versions_url=platform.link.own_versions_url, token=token_a)
    if not platform.link.connection.is_registered:
        raise HandshakeFailed(f"{platform.name} was not registered by the hub")


def pin(broker: Broker, *, office: Office) -> int:
    """This function will have the operator invite an OICP partner, pin its certificate and enter its addresses; returns its number."""
    number = office.invite_broker(name=broker.name, roles=broker.link.roles, host=broker.host)
    office.pin(platform=number, fingerprint=broker.link.access.fingerprint, urls=broker.urls)
    broker.link.access.is_registered = True
    return number


def sign_agreements(
    network: Network, *, office: Office, starts: date, netting_set: str | None = None, apart: Mapping[str, str] | None = None
) -> int:
    """This function will sign every agreement of the world, wait until they are in force, and return how many there are.

    `apart` names operators (`CC-PID`) whose agreements are settled in another netting set.
    """
    for operator, provider in network.world.agreements:
        office.sign(operator=operator, provider=provider, starts=starts, netting_set=(apart or {}).get(operator.id, netting_set))
    time.sleep(_IN_FORCE_SECONDS)
    return len(network.world.agreements)


def describe_companies(companies: Sequence[Company], *, office: Office) -> None:
    """This function will enter what statements need of every company."""
    for company in companies:
        office.describe(company)
