"""How much may be sent to whom now: a few messages at a time to each receiver, none to one that is shut, or that failed repeatedly."""

import random
from collections.abc import Mapping

from roaming.egress.admission import breaker_of
from roaming.parties.snapshot import Directory

IN_FLIGHT_PER_PLATFORM = 8  # not more than a claim takes (outbox.py)
# What one claim may take in all: each is written before it is sent, and its lease runs meanwhile.
AT_ONCE = 400


def free_places(*, directory: Directory, in_flight: Mapping[int, int]) -> dict[int, int]:
    """This function will return how many messages may join those in flight, for platforms that may be sent to.

    Where many have room, some are drawn by lot: the others have their turn a moment later.
    """
    platforms = list(directory.platforms)
    random.shuffle(platforms)
    places: dict[int, int] = {}
    left = AT_ONCE
    for platform in platforms:
        if left <= 0:
            break
        if platform.is_registered and platform.is_routable:
            breaker = breaker_of(platform.id)
            most = IN_FLIGHT_PER_PLATFORM if not breaker.is_open else int(breaker.may_probe)
            free = min(most - in_flight.get(platform.id, 0), left)
            if free > 0:
                places[platform.id] = free
                left -= free
    return places
