"""As what the hub meets a 2.1.1 connection: that version knows no hubs, and its endpoints have no sides (ocpi §3.7).

To operators the hub is a provider, to providers an operator. A company with both roles needs two connections.
"""

from typing import Literal

from roaming.parties.directory import PlatformEntry
from roaming.protocols.ocpi.versions import RECEIVER, SENDER, Interface
from roaming.routing.sides import Side, side_of

Persona = Literal["cpo", "emsp"]

# Whoever owns a module's objects serves its Sender side.
_OF_OPERATORS = frozenset({"locations", "tariffs", "sessions", "cdrs"})


def side_on(platform: PlatformEntry) -> Side | None:
    """This function will return the one side that a platform's parties stand on, or None where it hosts both or none."""
    sides = {side for role, _ in platform.roles if (side := side_of(role))}
    return sides.pop() if len(sides) == 1 else None


def persona_for(platform: PlatformEntry) -> Persona | None:
    """This function will say as what the hub meets a platform, or None where one page could not say it."""
    side = side_on(platform)
    if side is None:
        return None
    return "emsp" if side is Side.OPERATOR else "cpo"


def interface_of(module: str, side: Side) -> Interface:
    """This function will return the interface of a module that a party on this side serves."""
    if module == "credentials":
        return SENDER
    return SENDER if (module in _OF_OPERATORS) is (side is Side.OPERATOR) else RECEIVER
