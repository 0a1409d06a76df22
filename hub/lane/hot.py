"""The hot requests, and what they share: the routing table, lines to PostgreSQL, doors found by method and path."""

from asgiref.typing import HTTPScope
from django.db import connection
from psycopg.conninfo import make_conninfo

from hub.lane import metrics
from hub.lane.application import Answer
from hub.lane.authorization_sql import LOOK, ROWS
from hub.lane.authorize import AuthorizeDoor
from hub.lane.cdrs import CdrDoor
from hub.lane.database import Line
from hub.lane.doors import Door
from hub.lane.group_commit import GroupCommit
from hub.lane.group_read import GroupRead
from hub.lane.oicp_sql import LOOK as OICP_LOOK
from hub.lane.oicp_sql import ROWS as OICP_ROWS
from hub.lane.oicp_start import OicpStartDoor
from hub.lane.sessions import SessionDoor
from hub.lane.table import Table
from hub.lane.turns import TURNS, Turns
from roaming.egress import close_async


class Hot:
    """The doors of the lane."""

    def __init__(self, *, django: Answer) -> None:
        conninfo = _conninfo()
        batch_rows, batch_seconds = metrics.COMMIT_ROWS.labels("authorizations"), metrics.COMMIT_SECONDS.labels("authorizations")

        def observe(rows: int, seconds: float) -> None:
            batch_rows.observe(rows)
            batch_seconds.observe(seconds)

        self._table = Table()
        self._look = GroupRead(line=Line(conninfo=conninfo, name="lane look"), query=LOOK)
        self._taken = GroupRead(line=Line(conninfo=conninfo, name="lane turns"), query=TURNS)
        self._rows = GroupCommit(line=Line(conninfo=conninfo, name="lane rows"), target=ROWS, observe=observe)
        self._oicp_look = GroupRead(line=Line(conninfo=conninfo, name="lane oicp look"), query=OICP_LOOK)
        self._oicp_rows = GroupCommit(line=Line(conninfo=conninfo, name="lane oicp rows"), target=OICP_ROWS, observe=observe)
        turns = Turns(reader=self._taken, name="oicp-start")
        self._start = OicpStartDoor(django=django, look=self._oicp_look, rows=self._oicp_rows, table=self._table, turns=turns)
        self._sessions = SessionDoor(django=django)
        self._cdrs = CdrDoor(django=django)
        authorize = AuthorizeDoor(django=django, look=self._look, rows=self._rows, table=self._table, turns=Turns(reader=self._taken))
        self._doors: dict[str, tuple[Door, ...]] = {"POST": (authorize, self._cdrs), "PUT": (self._sessions,)}

    async def start(self) -> None:
        """This function will open the doors; until the routing table could be read, Django answers everything."""
        await self._table.start()
        self._look.start()
        self._taken.start()
        self._rows.start()
        self._oicp_look.start()
        self._oicp_rows.start()

    async def stop(self) -> None:
        """This function will close the doors, after what is under way."""
        await self._rows.stop()
        await self._look.stop()
        await self._oicp_rows.stop()
        await self._oicp_look.stop()
        await self._taken.stop()
        self._sessions.close()
        self._cdrs.close()
        self._start.close()
        await self._table.stop()
        await close_async()

    def find(self, scope: HTTPScope) -> Answer | None:
        """This function will return the door for this request, or None."""
        if not self._table.is_there:
            return None
        if scope["raw_path"].startswith(b"/api/oicp/"):
            is_start = scope["method"] == "POST" and self._start.path.fullmatch(scope["raw_path"])
            return self._start.answer if is_start else None
        if scope["raw_path"].startswith(b"/ocpi/"):
            for door in self._doors.get(scope["method"], ()):
                if door.path.fullmatch(scope["raw_path"]):
                    return door.answer
        return None


def _conninfo() -> str:
    """This function will return Django's database as libpq writes it."""
    parameters = connection.get_connection_params()
    return make_conninfo(**{name: parameters[name] for name in ("host", "port", "user", "password", "dbname") if parameters.get(name)})
