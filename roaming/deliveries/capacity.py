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
# Each platform that is looked at costs a claim some microseconds, also when nothing waits for it.
PLATFORMS_AT_ONCE = 1000


class Room(NamedTuple):
    """How many messages may be claimed for a platform: CDRs, others, and both together."""

    cdrs: int
    others: int
    most: int


def free_places(*, directory: Directory, in_flight: Mapping[int, int], trains: Mapping[int, int]) -> dict[int, Room]:
    """This function will return how much may join what is in flight, by platform: messages, and trains of CDRs.

    Of very many some are drawn by lot: the others have their turn a moment later.
    """
    platforms = list(directory.platforms)
    random.shuffle(platforms)
    rooms: dict[int, Room] = {}
    for platform in platforms:
        if platform.is_registered and platform.is_routable:
            room = _room(platform.id, in_flight.get(platform.id, 0), trains.get(platform.id, 0))
            if room.most > 0:
                rooms[platform.id] = room
                if len(rooms) == PLATFORMS_AT_ONCE:
                    break
    return rooms


def _room(platform_id: int, in_flight: int, trains: int) -> Room:
    breaker = breaker_of(platform_id)
    if breaker.is_open:
        # One message finds out whether the platform is back: a CDR, if one waits.
        probes = int(breaker.may_probe and not in_flight and not trains)
        return Room(cdrs=probes, others=probes, most=probes)
    others = max(0, IN_FLIGHT_PER_PLATFORM - in_flight)
    cdrs = IN_FLIGHT_PER_PLATFORM if trains < TRAINS_PER_PLATFORM else 0
    return Room(cdrs=cdrs, others=others, most=cdrs + others)
