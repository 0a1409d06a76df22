"""The doors of the lane: what each hot request is, and what happens before and after its own work."""

import asyncio
import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from asgiref.typing import ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, HTTPScope
from django.db import DataError, InterfaceError, OperationalError, connection

from hub.lane.answers import body_of, start_of
from hub.lane.application import Answer
from hub.lane.database import DatabaseAway
from hub.lane.group_commit import NotWritten
from hub.lane.intake import BodyTooLarge, ClientGone, read_body
from hub.lane.trace import keep_exchange
from hub.lane.visit import Visit, enter, segment
from hub.lane.wire import write_at_once
from roaming.parties.directory import Caller
from roaming.parties.liveness import note_arrival
from roaming.protocols.ocpi import intake, limits
from roaming.protocols.ocpi.envelope import SERVER_ERROR, OcpiRefusal, bad_parameter, write_refusal
from roaming.protocols.ocpi.intake import NotJson, check_headers, read_json
from roaming.protocols.ocpi.refusals import refusal_of
from roaming.routing.sides import Side

logger = logging.getLogger(__name__)

_AWAY = (DatabaseAway, NotWritten, OperationalError, InterfaceError)


class NotPlain(Exception):
    """The request turned out to be one that Django must answer."""


@dataclass(slots=True)
class Reply:
    """What a door answers: an envelope, and headers beyond those of every answer."""

    body: bytes
    http: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Door(ABC):
    """One kind of hot request. `path` matches the raw path; its named groups are the parts that the door reads."""

    method: ClassVar[str]
    path: ClassVar[re.Pattern[bytes]]
    module: ClassVar[str]
    side: ClassVar[Side]
    interface: ClassVar[Literal["SENDER", "RECEIVER"]]
    limit: ClassVar[limits.Limit] = limits.WRITES
    body_limit: ClassVar[int] = 256 * 1024

    def __init__(self, *, django: Answer) -> None:
        self._django = django

    @abstractmethod
    async def reply(self, visit: Visit) -> Reply:
        """This function will do the work of the door; what it raises becomes the refusal of the one table."""

    async def answer(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """This function will answer one request, or hand it to Django where it is not the plain case."""
        match = self.path.fullmatch(scope["raw_path"])
        assert match is not None, "the lane asks only the door whose path it is"
        named = {name: segment(raw) for name, raw in match.groupdict().items()}
        visit = self.enter(scope, named)
        if visit is None:
            await self._django(scope, receive, send)
            return
        if visit.is_arrival_due:
            _note_later(visit)
        try:
            reply = await self._reply(visit, receive)
        except ClientGone:
            return
        except NotPlain:
            await self._django(scope, again(visit.body), send)
            return
        await send_reply(send=send, headers=visit.answer_headers(), reply=reply)
        keep_exchange(visit=visit, http=reply.http, answer=reply.body)

    def enter(self, scope: HTTPScope, named: dict[str, str]) -> Visit | None:
        """This function will let a caller in through this door, or return None for Django."""
        return enter(scope=scope, named=named, module=self.module, side=self.side, interface=self.interface)

    def json(self, visit: Visit) -> object:
        """This function will return the JSON value of the body; it raises the refusals of the intake."""
        if not visit.body:
            raise NotJson("the body is empty")
        return read_json(visit.body)

    async def _reply(self, visit: Visit, receive: ASGIReceiveCallable) -> Reply:
        try:
            limits.check_alone(self.limit, f"{visit.caller.platform.id}:{visit.address.sender}")
            try:
                visit.body = await read_body(scope=visit.scope, receive=receive, cap=self.body_limit)
            except BodyTooLarge:
                raise intake.BodyTooLarge(self.body_limit) from None
            check_headers(headers=visit.headers, has_body=bool(visit.body))
            return await self.reply(visit)
        except (ClientGone, NotPlain):
            raise
        except Exception as error:
            refusal = _refusal(error, visit)
            visit.error = str(refusal)
            return Reply(http=refusal.http, body=write_refusal(refusal, at=visit.at), headers=refusal.headers)


async def send_reply(*, send: ASGISendCallable, headers: list[tuple[bytes, bytes]], reply: Reply) -> None:
    """This function will send a whole answer; `headers` are those of every answer of the protocol, the reply brings its own."""
    headers += [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in reply.headers.items()]
    headers.append((b"content-length", str(len(reply.body)).encode("ascii")))
    if not write_at_once(send=send, status=reply.http, headers=headers, body=reply.body):
        await send(start_of(status=reply.http, headers=headers))
        await send(body_of(body=reply.body))


def again(body: bytes) -> ASGIReceiveCallable:
    """This function will give a body that was read to its end to somebody else."""

    async def receive() -> ASGIReceiveEvent:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _refusal(error: Exception, visit: Visit) -> OcpiRefusal:
    if (refusal := refusal_of(error)) is not None:
        return refusal
    where = {"door": visit.module, "correlation_id": visit.address.ids.correlation_id}
    if isinstance(error, _AWAY):
        logger.error("the database is away", extra={"reason": str(error) or type(error).__name__, **where})
        return OcpiRefusal("the hub cannot store anything at the moment", http=503, code=SERVER_ERROR, headers={"Retry-After": "1"})
    if isinstance(error, DataError):
        logger.error("a value did not fit its column", extra=where)
        return bad_parameter("a value is longer or larger than the hub can keep")
    logger.error("a door failed", exc_info=error, extra=where)
    return OcpiRefusal("the hub failed at this request", code=SERVER_ERROR)


_notes = ThreadPoolExecutor(max_workers=1, thread_name_prefix="arrivals")


def _note_later(visit: Visit) -> None:
    asyncio.get_running_loop().run_in_executor(_notes, _note, visit.caller, visit.at)


def _note(caller: Caller, at: object) -> None:
    try:
        note_arrival(caller=caller, at=at)  # type: ignore[arg-type]
    except (OperationalError, InterfaceError) as error:
        logger.warning("an arrival could not be written down", extra={"reason": type(error).__name__})
        connection.close()
