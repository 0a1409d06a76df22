"""When is the next attempt? Full jitter, so that many rows that failed together do not come back together."""

import random
from datetime import timedelta

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 3600.0
# A row that could not be delivered for so long is parked and shown; a CDR is tried on, every hour, with an alert.
HORIZON = timedelta(days=7)


def next_delay(*, attempts: int, retry_after_seconds: float | None, chance: random.Random) -> float:
    """This function will return the seconds to wait after so many failed attempts: up to 1, 2, 4, … 3600, never less than half a second.

    What the receiver asked for by Retry-After is honoured up to an hour.
    """
    ceiling = min(FIRST_SECONDS * 2 ** min(max(attempts - 1, 0), 16), LONGEST_SECONDS)
    asked = min(retry_after_seconds or 0.0, LONGEST_SECONDS)
    return max(chance.uniform(ceiling / 2 if ceiling <= FIRST_SECONDS else 0.5, ceiling), asked)
