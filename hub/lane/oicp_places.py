"""Where an AuthorizeStart comes from, as the session keeps it: read by a thread, and again only where EVSE or location changed."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from django.db import InterfaceError, OperationalError, connection

from roaming.parties.directory import PartyEntry
from roaming.protocols.oicp.bridge.places import find_place, kept

MOST_PLACES = 20_000
R = TypeVar("R")


class StoredEvse(NamedTuple):
    """An EVSE's record; `place_version` changes with the location that holds it, and is None where there is none."""

    row: int
    key: str
    location_id: str
    evse_uid: str
    place_version: str | None


class Places:
    """At most MOST_PLACES of them; where one more comes, all are forgotten."""

    def __init__(self, *, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._known: dict[tuple[int, str], dict[str, Any] | None] = {}

    async def find(self, evse: StoredEvse, *, owner: PartyEntry) -> dict[str, Any] | None:
        """This function will return the place of an EVSE as a session keeps it; None where the hub has no location of it."""
        if evse.place_version is None:
            return None
        version = (evse.row, evse.place_version)
        if version not in self._known:
            place = await self.run(lambda: _read(evse.key, owner))
            if len(self._known) >= MOST_PLACES:
                self._known.clear()
            self._known[version] = place
        return self._known[version]

    async def run(self, work: Callable[[], R]) -> R:
        """This function will do work that asks the database in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _read(key: str, owner: PartyEntry) -> dict[str, Any] | None:
    try:
        return kept(find_place(evse_id=key, owner_row=owner.id, owner=owner.key))
    except (OperationalError, InterfaceError):
        connection.close()
        raise
