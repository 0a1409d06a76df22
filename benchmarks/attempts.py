"""One measure after the other: one that fails is told as failed, and the others still have their turn."""

import sys
import time
import traceback
from collections.abc import Callable

from django.db import connections

from benchmarks.house import House
from benchmarks.table import Measure, failed


def attempt(name: str, measure: Callable[[], list[Measure]], *, house: House) -> list[Measure]:
    """This function will measure, say on stderr how long that took, and return the rows: one that says why, where it failed.

    Processes that a failed measure started are stopped, and its connection is given up: the next one finds the house as this one did.
    """
    running, began = house.running, time.monotonic()
    print(f"{name} …", file=sys.stderr, flush=True)
    try:
        return measure()
    except Exception as error:
        traceback.print_exc()
        house.has_failures = True
        for left in house.running - running:
            house.stop(left)
        connections.close_all()
        return [failed(name, error)]
    finally:
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
