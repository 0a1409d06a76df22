"""Sending everything that is due, once, and coming back: for scripts and tests, and by hand while the dispatcher is down."""

import asyncio
from collections import Counter
from time import monotonic

from roaming.deliveries.capacity import free_places
from roaming.deliveries.dispatch import Batch, prepare, send_letter, send_train
from roaming.deliveries.outbox import Result, claim, settle
from roaming.deliveries.unwanted import give_up_unwanted
from roaming.egress import close_async
from roaming.parties import directory


def drain() -> Counter[str]:
    """This function will send what is due until nothing more is, and return how many rows were delivered, rejected, retried or parked."""
    counts: Counter[str] = Counter()
    with asyncio.Runner() as runner:
        try:
            while True:
                known = directory.current()
                if given_up := give_up_unwanted(directory=known):
                    counts["rejected"] += given_up
                claimed_at = monotonic()
                batch = prepare(claim(rooms=free_places(directory=known, in_flight={}, trains={}), busy_with_cdrs=()), known, claimed_at)
                if batch.is_empty:
                    return counts
                counts += settle([*batch.results, *runner.run(_send(batch))])
        finally:
            runner.run(close_async())


async def _send(batch: Batch) -> list[Result]:
    async def one_after_the_other(train: int) -> list[Result]:
        return [result async for result in send_train(batch.trains[train], claimed_at=batch.claimed_at)]

    letters = asyncio.gather(*(send_letter(letter) for letter in batch.letters))
    trains = asyncio.gather(*(one_after_the_other(train) for train in range(len(batch.trains))))
    return [*await letters, *(result for results in await trains for result in results)]
