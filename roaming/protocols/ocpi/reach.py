"""Whom a platform can reach through the hub: every party with an agreement, in every role of the other side."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from roaming import canonical
from roaming.parties.directory import Directory, PartyEntry, PlatformEntry
from roaming.routing.sides import Side, side_of


class Reached(NamedTuple):
    """A party in one role, and the platform that hosts it in that role."""

    party: PartyEntry
    role: canonical.Role
    platform: PlatformEntry


def list_reached(*, directory: Directory, platform: PlatformEntry, on: date) -> Iterator[Reached]:
    """This function will list those whom one of the platform's parties may communicate with on that day, in name order."""
    own = {(key, side) for role, key in platform.roles if (side := side_of(role))}
    for party in directory.parties:
        for role, platform_id in sorted(party.roles.items()):
            host, side = directory.platform(platform_id), side_of(role)
            if host is not None and side is not None and _may_know(directory, party.key, side, own, on):
                yield Reached(party, role, host)


def _may_know(directory: Directory, party: canonical.PartyId, side: Side, own: set[tuple[canonical.PartyId, Side]], on: date) -> bool:
    for key, own_side in own:
        if own_side is side:
            continue
        operator, provider = (party, key) if side is Side.OPERATOR else (key, party)
        if directory.is_agreed(operator=operator, provider=provider, on=on):
            return True
    return False
