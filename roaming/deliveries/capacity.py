"""How much may be sent to whom now: a few messages at a time to each receiver, none to one that is shut, or that failed repeatedly."""

from collections.abc import Mapping

from roaming.egress.admission import breaker_of
from roaming.parties.snapshot import Directory

IN_FLIGHT_PER_PLATFORM = 8


def free_places(*, directory: Directory, in_flight: Mapping[int, int]) -> dict[int, int]:
    """This function will return, for every platform that may be sent to, how many messages may join those in flight."""
    places = {}
    for platform in directory.platforms:
        if platform.is_registered and platform.is_routable:
            held = in_flight.get(platform.id, 0)
            breaker = breaker_of(platform.id)
            most = IN_FLIGHT_PER_PLATFORM if not breaker.is_open else int(breaker.may_probe)
            if most > held:
                places[platform.id] = most - held
    return places
