"""One at a time per request id: who comes second finds what the first wrote (reliability §4, authorise row).

Inside this process a list of who waits is enough. Between processes it is the lock that Django takes
(`roaming.authorizations.waiting`): of the connection and not of a transaction, for none may be open while a provider is asked.
"""

import asyncio
from time import monotonic

from hub.lane.database import DatabaseAway
from hub.lane.group_read import GroupRead
from roaming.gateways import GatewayTimedOut

_LOOK_AGAIN_SECONDS = 0.02

TURNS = """
SELECT k.n, CASE WHEN k.takes THEN pg_try_advisory_lock(hashtextextended(k.key, 1)) ELSE pg_advisory_unlock(hashtextextended(k.key, 1)) END
FROM json_to_recordset(%s::json) AS k (n int, key text, takes boolean)
"""


Key = tuple[int, str]  # platform and request id; of OICP the operator and its session id


class Turns:
    """The turns of this process, and its part in those of all processes over a connection of its own: locks live and die with it."""

    def __init__(self, *, reader: GroupRead, name: str = "authorize") -> None:
        self._reader = reader
        self._name = name
        self._waiting: dict[Key, list[asyncio.Future[None]]] = {}
        self._giving_back: set[asyncio.Task[None]] = set()

    async def enter(self, key: Key) -> None:
        """This function will return once nobody else in this process is at `key`; `leave` must follow."""
        while (others := self._waiting.get(key)) is not None:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            others.append(turn)
            await turn
        self._waiting[key] = []

    def leave(self, key: Key) -> None:
        """This function will let those in who wait in this process."""
        for turn in self._waiting.pop(key):
            if not turn.done():
                turn.set_result(None)

    async def take(self, key: Key, *, until: float) -> None:
        """This function will return once no other process is at `key`; `give_back` must follow.

        It raises GatewayTimedOut at `until` (monotonic), and DatabaseAway.
        """
        while True:
            ((is_ours,),) = await self._reader.read({"key": self._lock_of(key), "takes": True})
            if is_ours:
                return
            if monotonic() >= until:
                raise GatewayTimedOut("the same request is still being answered")
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    def give_back(self, key: Key) -> None:
        """This function will let another process in, without waiting for it."""
        task = asyncio.create_task(self._give_back(key))
        self._giving_back.add(task)
        task.add_done_callback(self._giving_back.discard)

    async def _give_back(self, key: Key) -> None:
        try:
            await self._reader.read({"key": self._lock_of(key), "takes": False})
        except DatabaseAway:
            pass  # the connection is gone, and the lock with it

    def _lock_of(self, key: Key) -> str:
        first, second = key
        return f"{self._name}:{first}:{second}"
