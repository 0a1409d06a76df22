"""How much may be sent to whom now: a few messages at a time to each receiver, none to one that is shut, or that failed repeatedly.

CDRs have places of their own: however much else waits for a receiver, the next claim takes its CDRs too.
"""

import random
from collections.abc import Mapping
from typing import NamedTuple

from roaming.egress.admission import breaker_of
from roaming.parties.snapshot import Directory

IN_FLIGHT_PER_PLATFORM = 8  # not more than a claim takes (outbox.py)
TRAINS_PER_PLATFORM = 4  # CDRs go one after the other to each receiver; a platform may host several
# What one claim may take in all, besides CDRs: each is written before it is sent, and its lease runs meanwhile.
AT_ONCE = 400


class Room(NamedTuple):
    """How many messages may be claimed for a platform: CDRs, others, and both together."""

    cdrs: int
    others: int
    most: int


def free_places(*, directory: Directory, in_flight: Mapping[int, int], trains: Mapping[int, int]) -> dict[int, Room]:
    """This function will return how much may join what is in flight, by platform: messages, and trains of CDRs.

    Where many have room, some are drawn by lot: the others have their turn a moment later.
    """
    platforms = list(directory.platforms)
    random.shuffle(platforms)
    rooms: dict[int, Room] = {}
    left = AT_ONCE
    for platform in platforms:
        if left <= 0:
            break
        if platform.is_registered and platform.is_routable:
            room = _room(platform.id, in_flight.get(platform.id, 0), trains.get(platform.id, 0), left)
            if room.most > 0:
                rooms[platform.id] = room
                left -= room.others
    return rooms


def _room(platform_id: int, in_flight: int, trains: int, left: int) -> Room:
    breaker = breaker_of(platform_id)
    if breaker.is_open:
        # One message finds out whether the platform is back: a CDR, if one waits.
        probes = int(breaker.may_probe and not in_flight and not trains)
        return Room(cdrs=probes, others=probes, most=probes)
    others = max(0, min(IN_FLIGHT_PER_PLATFORM - in_flight, left))
    cdrs = IN_FLIGHT_PER_PLATFORM if trains < TRAINS_PER_PLATFORM else 0
    return Room(cdrs=cdrs, others=others, most=cdrs + others)
