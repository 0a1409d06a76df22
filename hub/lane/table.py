"""The routing table of the lane: read before the first request, looked at every second, and at once when a request finds it old."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from django.db import InterfaceError, OperationalError

from roaming.parties import directory

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1


class Table:
    """Keeps `directory.latest()` current. `is_there` says whether it was read at all."""

    def __init__(self) -> None:
        self.is_there = False
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._reading = asyncio.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="table")

    async def start(self) -> None:
        """This function will begin to read; it does not wait for a database that is not there yet."""
        self._tasks = [
            asyncio.create_task(directory.keep_current(self._stop), name="directory"),
            asyncio.create_task(self._wait_for_first(), name="first directory"),
        ]

    async def stop(self) -> None:
        """This function will end the reading."""
        self._stop.set()
        await asyncio.gather(*self._tasks)
        self._thread.shutdown()

    async def reread(self, stamp: object) -> None:
        """This function will read the table anew, unless somebody did while the caller waited: `stamp` is what the database has now."""
        async with self._reading:
            if directory.latest_stamp() == stamp:
                return
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, directory.reread)
            except (OperationalError, InterfaceError) as error:
                logger.warning("the directory could not be read anew", extra={"reason": type(error).__name__})

    async def _wait_for_first(self) -> None:
        while not self._stop.is_set():
            try:
                directory.latest()
            except directory.NotYetRead:
                await asyncio.sleep(_LOOK_SECONDS)
            else:
                self.is_there = True
                return
