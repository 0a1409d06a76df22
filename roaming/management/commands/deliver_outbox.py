"""deliver_outbox: send what is queued for partners; the dispatcher of a running hub, or once by hand."""

import asyncio
import gc
import logging
import signal
from collections import Counter
from typing import Any

import uvloop
from django.core.management.base import CommandParser

from roaming.deliveries.drain import drain
from roaming.deliveries.pump import pump
from roaming.management.operator_command import OperatorCommand

logger = logging.getLogger(__name__)

_COUNTS = ("delivered", "rejected", "retried", "parked", "alerts")


class Command(OperatorCommand):
    """Any number of dispatchers may run side by side; one keeps the CDRs of each receiver in the order of their acceptance."""

    help = "Sends what is queued for partners until it is stopped (SIGTERM finishes what is in flight), or once with --once."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--once", action="store_true", help="Send what is due now, then end.")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will send and return the counts of rows by how they ended."""
        counts = drain() if options["once"] else _pump()
        return {name: counts[name] for name in _COUNTS}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say the counts in one line."""
        return ", ".join(f"{result[name]} {name}" for name in _COUNTS)


def _pump() -> Counter[str]:
    # What was imported lives as long as the process: full collections would walk over it again at every burst.
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_pump_until_told())


async def _pump_until_told() -> Counter[str]:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for told in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(told, stop.set)
    logger.info("the dispatcher is at work")
    return await pump(stop)
