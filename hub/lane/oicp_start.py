"""AuthorizeStart in the lane: as `roaming.protocols.oicp.endpoints.authorization`, with reads and commits that requests share.

Every choice, answer and record is that of `roaming.protocols.oicp.start`, `start_ask` and `start_record`; only the way to PostgreSQL
differs. One read brings all that is stored of a medium, what a retry was answered before, and the stamp of the routing table. Django
answers a QR code: comparing its PIN with a hash takes longer than an event loop may.
"""

import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import msgspec
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from hub.lane import metrics
from hub.lane.application import Answer
from hub.lane.database import DatabaseAway
from hub.lane.doors import NotPlain, Reply, again, send_reply
from hub.lane.group_commit import GroupCommit, NotWritten
from hub.lane.group_read import GroupRead
from hub.lane.intake import BodyTooLarge, ClientGone, read_body
from hub.lane.oicp_places import Places, StoredEvse
from hub.lane.oicp_sql import OWN
from hub.lane.oicp_visit import OicpVisit, enter, keep_exchange
from hub.lane.table import Table
from hub.lane.turns import Turns
from roaming import canonical
from roaming.authorizations.ask import budget
from roaming.gateways import GatewayTimedOut
from roaming.parties.directory import PartyEntry
from roaming.parties.liveness import is_sign_due, mark_seen
from roaming.protocols.oicp import limits, statuses
from roaming.protocols.oicp.authentication import check_body_id
from roaming.protocols.oicp.bridge.sessions import PENDING, tell_session
from roaming.protocols.oicp.identifiers import evse_key
from roaming.protocols.oicp.refusals import OicpRefusal, http_of_refusal, refusal_of, write_fault
from roaming.protocols.oicp.start import Asking, Known, Learnt, Question, Verdict, card_key, choose, find_asked, kinds_of, learn
from roaming.protocols.oicp.start_ask import ask_start
from roaming.protocols.oicp.start_record import (
    read_start,
    record_columns,
    references,
    session_columns,
    start_digest,
    write_refusal,
    write_start,
)
from roaming.protocols.oicp.v2_3.identification import QR_CODE
from roaming.protocols.wire import intake
from roaming.protocols.wire.intake import NotJson, check_headers, read_json
from roaming.routing.sides import Side
from roaming.sessions.hub_sessions import RETRY, mint_session_id
from roaming.sessions.models import HubSession
from roaming.tokens.authentication_data import FoundCard, owner_key
from roaming.tokens.contracts import contract_forms

logger = logging.getLogger(__name__)

_BODY_BYTES = 256 * 1024
_CARDS = msgspec.json.Decoder(list[FoundCard])
_TOKENS = msgspec.json.Decoder(list[canonical.Token])
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_AWAY = (DatabaseAway, NotWritten, OperationalError, InterfaceError)


class OicpStartDoor:
    """POST /api/oicp/charging/v21/operators/{operatorID}/authorize/start."""

    path = re.compile(rb"/api/oicp/charging/v21/operators/([^/]+)/authorize/start")

    def __init__(self, *, django: Answer, look: GroupRead, rows: GroupCommit, table: Table, turns: Turns) -> None:
        self._django = django
        self._look = look
        self._rows = rows
        self._table = table
        self._turns = turns
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="oicp-start")
        self._places = Places(threads=self._threads)
        self._hub_seconds = metrics.AUTHORIZE_SECONDS.labels("hub")
        self._provider_seconds = metrics.AUTHORIZE_SECONDS.labels("provider")

    def close(self) -> None:
        """This function will wait for what the threads have under way."""
        self._threads.shutdown()

    async def answer(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """This function will answer one request, or hand it to Django where it is not the plain case."""
        visit = enter(scope=scope, path=self.path, side=Side.OPERATOR)
        if visit is None:
            await self._django(scope, receive, send)
            return
        if is_sign_due(platform_id=visit.caller.id, at=visit.at):
            self._threads.submit(_quietly, lambda: mark_seen(platform_id=visit.caller.id, at=visit.at))
        try:
            reply = await self._reply(visit, receive)
        except ClientGone:
            return
        except NotPlain:
            await self._django(scope, again(visit.body), send)
            return
        await send_reply(send=send, headers=visit.answer_headers(), reply=reply)
        keep_exchange(visit=visit, http=reply.http, answer=reply.body)

    async def _reply(self, visit: OicpVisit, receive: ASGIReceiveCallable) -> Reply:
        try:
            limits.check_alone("authorize-start", str(visit.caller.id))
            check_headers(headers=visit.headers, has_body=True)
            try:
                visit.body = await read_body(scope=visit.scope, receive=receive, cap=_BODY_BYTES)
            except BodyTooLarge:
                raise intake.BodyTooLarge(_BODY_BYTES) from None
            if not visit.body:
                raise NotJson("the body is empty")
            return Reply(_ENCODER.encode(await self._operate(visit, read_json(visit.body))))
        except (ClientGone, NotPlain):
            raise
        except Exception as error:
            visit.fault = type(error).__name__
            return _refuse(error, visit)

    async def _operate(self, visit: OicpVisit, body: Any) -> dict[str, Any]:
        start = read_start(body)
        check_body_id(text=start.operator_id, party=visit.party, caller=visit.caller)
        if start.identification.member == QR_CODE:
            raise NotPlain
        question = Question(start=start, raw=body, operator=visit.operator, session_id=mint_session_id(), location=None, at=visit.at)
        digest = start_digest(body)
        if not start.operator_session_id:
            return await self._decide(visit, question, digest)
        # A retry while the first is under way finds what the first wrote.
        turn = (visit.operator.id, start.operator_session_id)
        await self._turns.enter(turn)
        try:
            try:
                await self._turns.take(turn, until=visit.started + settings.AUTHORIZE_DEADLINE_SECONDS)
            except GatewayTimedOut:
                return write_start(start=start, verdict=Verdict(code=statuses.NO_POSITIVE_ANSWER), session_id=None)
            try:
                return await self._decide(visit, question, digest)
            finally:
                self._turns.give_back(turn)
        finally:
            self._turns.leave(turn)

    async def _decide(self, visit: OicpVisit, question: Question, digest: bytes) -> dict[str, Any]:
        asked = find_asked(question=question, directory=visit.directory)
        stamp, former, known, evse = await self._find(question, asked, digest)
        while stamp != visit.stamp:
            await self._table.reread(stamp)
            self._enter_anew(visit)
            asked = find_asked(question=question, directory=visit.directory)
            stamp, former, known, evse = await self._find(question, asked, digest)
        if former is not None:
            return former
        start = question.start
        if not asked:
            return write_start(start=start, verdict=Verdict(code=statuses.NO_CONTRACT), session_id=None)
        if evse is not None:
            question = msgspec.structs.replace(question, location=references(location_id=evse.location_id, evse_uid=evse.evse_uid))
        verdict, learnt, provider_seconds = await self._ask(visit, question, asked, known)
        answer = write_start(start=start, verdict=verdict, session_id=question.session_id if verdict.is_authorized else None)
        place = await self._places.find(evse, owner=visit.operator) if evse is not None else None
        session = session_columns(question=question, verdict=verdict, answer=answer, digest=digest, place=place)
        columns = record_columns(
            question=question,
            verdict=verdict,
            platform_id=visit.caller.id,
            duration_ms=round((monotonic() - visit.started) * 1000),
            digest=digest,
        )
        await self._rows.write(_row(columns, session, learnt))
        self._count(columns, monotonic() - visit.started - provider_seconds, provider_seconds)
        if verdict.is_authorized and place is not None:
            await self._places.run(
                lambda: _quietly(lambda: tell_session(hub=HubSession(**session), directory=visit.directory, status=PENDING, at=visit.at))
            )
        return answer

    async def _ask(
        self, visit: OicpVisit, question: Question, asked: Sequence[PartyEntry], known: Known
    ) -> tuple[Verdict, Learnt | None, float]:
        choice = choose(question=question, asked=asked, directory=visit.directory, known=known)
        if not isinstance(choice, Asking):
            return choice, None, 0.0
        began = monotonic()
        seconds = budget(deadline_seconds=settings.AUTHORIZE_DEADLINE_SECONDS, spent_seconds=began - visit.started)
        verdict = await ask_start(question=question, asking=choice, directory=visit.directory, seconds=seconds)
        return verdict, learn(question=question, asking=choice, verdict=verdict), monotonic() - began

    async def _find(
        self, question: Question, asked: Sequence[PartyEntry], digest: bytes
    ) -> tuple[object, dict[str, Any] | None, Known, StoredEvse | None]:
        start, medium = question.start, question.medium
        contract = medium.contract_id if len(asked) == 1 else None
        key = evse_key(start.evse_id) if start.evse_id else ""
        rows = await self._look.read(
            {
                "operator_id": question.operator.id,
                "partner_id": start.operator_session_id or "",
                "digest": "\\x" + digest.hex(),
                "since": question.at - RETRY,
                "kinds": kinds_of(medium),
                "record_key": card_key(medium),
                "uid_key": medium.uid,
                "owner_key": owner_key(medium.uid) if medium.uid else None,
                "contract_owner": asked[0].id if contract else None,
                "contracts": contract_forms(contract) if contract else None,
                "evse_key": key,
            }
        )
        stamp, former, cards, tokens, learned, row, location_id, evse_uid, place_version = rows[0]
        known = Known(
            cards=_CARDS.decode(cards) if cards else (),
            tokens=_TOKENS.decode(tokens) if tokens else (),
            learned=learned,
        )
        evse = StoredEvse(row, key, location_id, evse_uid, place_version) if row is not None else None
        return stamp, msgspec.json.decode(former) if former else None, known, evse

    def _enter_anew(self, visit: OicpVisit) -> None:
        """This function will let the caller in by the table as it is now; it raises NotPlain where that is refused."""
        entered = enter(scope=visit.scope, path=self.path, side=Side.OPERATOR)
        if entered is None or entered.operator.id != visit.operator.id:
            raise NotPlain
        visit.directory, visit.stamp, visit.caller = entered.directory, entered.stamp, entered.caller

    def _count(self, columns: dict[str, Any], hub_seconds: float, provider_seconds: float) -> None:
        metrics.AUTHORIZATIONS.labels(columns["outcome"], columns["source"]).inc()
        self._hub_seconds.observe(hub_seconds)
        if provider_seconds:
            self._provider_seconds.observe(provider_seconds)


def _row(columns: dict[str, Any], session: dict[str, Any], learnt: Learnt | None) -> dict[str, Any]:
    row = {**columns, "request_digest": "\\x" + columns["request_digest"].hex()}
    for name in OWN:
        row[f"session_{name}"] = session[name]
    if learnt is not None:
        row["learnt_key"], row["learnt_provider"] = owner_key(learnt.uid), learnt.provider
    return row


def _refuse(error: Exception, visit: OicpVisit) -> Reply:
    if isinstance(error, limits.TooManyRequests):
        body = statuses.acknowledgement(statuses.SYSTEM_ERROR, additional=str(error))
        return Reply(_ENCODER.encode(body), http=429, headers={"Retry-After": str(error.seconds)})
    if (fault := write_fault(error)) is not None:
        return Reply(_ENCODER.encode(fault[1]), http=fault[0])
    refusal = refusal_of(error)
    if refusal is None and isinstance(error, _AWAY):
        logger.error("the database is away", extra={"reason": type(error).__name__})
        refusal = OicpRefusal(statuses.DATABASE_ERROR)
    elif refusal is None:
        logger.error("a door failed", exc_info=error, extra={"door": "AuthorizeStart"})
        refusal = OicpRefusal(statuses.SYSTEM_ERROR)
    return Reply(_ENCODER.encode(write_refusal(refusal)), http=http_of_refusal(refusal, visit.caller))


def _quietly(work: Callable[[], object]) -> None:
    """This function will do what no answer depends on: the answer is committed, or the sign of life comes again."""
    try:
        work()
    except (OperationalError, InterfaceError) as error:
        logger.warning("something beside an AuthorizeStart could not be written", extra={"reason": type(error).__name__})
        connection.close()
