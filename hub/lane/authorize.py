"""Real-time authorisation in the lane: as `roaming.authorizations.authorize`, with reads and commits that requests share.

The story and every choice are those of `roaming.authorizations.decide`; only the way to PostgreSQL and to the provider differs. One
read brings the tokens, what a repeat was answered before, and the stamp of the routing table: a change of who is who counts for
the very next request.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

import msgspec
from django.conf import settings

from hub.lane import metrics
from hub.lane.application import Answer
from hub.lane.doors import Door, NotPlain, Reply
from hub.lane.group_commit import GroupCommit
from hub.lane.group_read import GroupRead
from hub.lane.known import Key, Known, KnownTokens, keep_few
from hub.lane.table import Table
from hub.lane.turns import Turns
from hub.lane.visit import Visit
from roaming import canonical
from roaming.authorizations.ask import ask_each_async, ask_one_async, budget
from roaming.authorizations.authorize import REMEMBERED, read_remembered
from roaming.authorizations.decide import Plan, decision_from_token, prepare, record_row, refusal_of, request_digest
from roaming.gateways import GatewayRefusal
from roaming.protocols.ocpi import limits
from roaming.protocols.ocpi.crossings import note_crossing
from roaming.protocols.ocpi.dialect import encode
from roaming.protocols.ocpi.endpoints.authorizations import unpushed_token
from roaming.protocols.ocpi.envelope import not_found, write_success
from roaming.protocols.ocpi.intake import read_json
from roaming.protocols.ocpi.versions import get_dialect
from roaming.routing.route import AskEach, AskOne, DecideHere
from roaming.routing.sides import Side

_TOKENS = msgspec.json.Decoder(list[canonical.Token])
_SHORT_BODY = 512  # bytes; longer questions are not kept
_NOWHERE = canonical.LocationReferences(location_id="")
_Given = canonical.AuthorizationDecision | GatewayRefusal


class AuthorizeDoor(Door):
    """POST …/sender/tokens/{token_uid}/authorize[?type=]."""

    method = "POST"
    path = re.compile(rb"/ocpi/(?P<version>2\.2\.1|2\.3\.0)/sender/tokens/(?P<token_uid>[^/]+)/authorize")
    module = "tokens"
    side = Side.OPERATOR
    interface = "SENDER"
    limit = limits.AUTHORIZE

    def __init__(self, *, django: Answer, look: GroupRead, rows: GroupCommit, table: Table, turns: Turns) -> None:
        super().__init__(django=django)
        self._look = look
        self._rows = rows
        self._table = table
        self._known = KnownTokens()
        self._turns = turns
        self._by_outcome: dict[tuple[str, str], Any] = {}
        self._hub_seconds = metrics.AUTHORIZE_SECONDS.labels("hub")
        self._provider_seconds = metrics.AUTHORIZE_SECONDS.labels("provider")

    async def reply(self, visit: Visit) -> Reply:
        """This function will answer with the decision, its row committed; it raises RequestIdReused and the GatewayRefusals."""
        read = _read_question if len(visit.body) > _SHORT_BODY else _read_question_again
        asked, digest = read(
            visit.dialect.number,
            visit.named["token_uid"],
            visit.scope["query_string"],
            visit.body,
            visit.address.sender,
            visit.address.receiver,
        )
        question = msgspec.structs.replace(asked, correlation_id=visit.address.ids.correlation_id)
        # The same request once more while the first is under way: it then finds what the first wrote.
        turn = (visit.caller.platform.id, visit.address.ids.request_id)
        await self._turns.enter(turn)
        try:
            decision, known = await self._decide(visit, question, digest)
        finally:
            self._turns.leave(turn)
        visit.responder = decision.provider
        return Reply(write_success(_write_decision(decision, question, known, visit), at=visit.at))

    async def _decide(
        self, visit: Visit, question: canonical.AuthorizationRequest, digest: bytes
    ) -> tuple[canonical.AuthorizationDecision, Known]:
        operator = visit.directory.party(question.operator)
        key = (question.token_uid.upper(), question.token_type, operator.id if operator else 0)
        known = self._known.find(key)
        if known is not None:
            decision = await self._decide_from_known(visit, question, digest, key, known)
            if decision is not None:
                return decision, known
        turn = (visit.caller.platform.id, visit.address.ids.request_id)
        await self._turns.take(turn, until=visit.started + settings.AUTHORIZE_DEADLINE_SECONDS)
        try:
            return await self._decide_from_stored(visit, question, digest, key)
        finally:
            self._turns.give_back(turn)

    async def _decide_from_known(
        self, visit: Visit, question: canonical.AuthorizationRequest, digest: bytes, key: Key, known: Known
    ) -> canonical.AuthorizationDecision | None:
        """This function will decide from tokens known from before, if its row is let in; None: the ordinary way is to be gone."""
        plan_key = (visit.stamp, visit.at.date(), question.receiver, question.contract_id)
        plan = known.plans.get(plan_key)
        if plan is None:
            plan = prepare(request=question, directory=visit.directory, known_tokens=known.tokens, at=visit.at)
            keep_few(known.plans, plan_key, plan)
        if not isinstance(plan.route, DecideHere) or plan.token is None:
            return None
        decision = decision_from_token(token=plan.token, request=question, at=visit.at)
        row = self._row(visit, question, digest, plan, decision)
        row |= {"uid_key": key[0], "version": known.version, "stamp": visit.stamp, "since": visit.at - REMEMBERED}
        if not await self._rows.write(row):
            self._known.forget(key)
            return None
        self._count(row, monotonic() - visit.started, 0.0)
        return decision

    async def _decide_from_stored(
        self, visit: Visit, question: canonical.AuthorizationRequest, digest: bytes, key: Key
    ) -> tuple[canonical.AuthorizationDecision, Known]:
        stamp, known, former = await self._find(visit, key)
        while stamp != visit.stamp:
            await self._table.reread(stamp)
            self._enter_anew(visit)
            stamp, known, former = await self._find(visit, key)
        given: _Given | None = read_remembered(row=former, digest=digest)
        if given is None:
            plan = prepare(request=question, directory=visit.directory, known_tokens=known.tokens, at=visit.at)
            given, provider_seconds = await self._ask(visit, question, plan)
            row = self._row(visit, question, digest, plan, given)
            await self._rows.write(row)
            self._count(row, monotonic() - visit.started - provider_seconds, provider_seconds)
            if isinstance(plan.route, DecideHere):
                self._known.keep(key, known)
        if isinstance(given, GatewayRefusal):
            raise given
        return given, known

    def _row(self, visit: Visit, question: canonical.AuthorizationRequest, digest: bytes, plan: Plan, given: _Given) -> dict[str, Any]:
        row = record_row(
            request=question,
            answer=given,
            plan=plan,
            directory=visit.directory,
            platform_id=visit.caller.platform.id,
            request_id=visit.address.ids.request_id,
            digest=digest,
            at=visit.at,
            duration_ms=round((monotonic() - visit.started) * 1000),
        )
        row["request_digest"] = "\\x" + digest.hex()
        if row["decision"]:
            row["decision"] = msgspec.Raw(row["decision"].encode())  # JSON as it is: PostgreSQL keeps its text, and nobody escapes it
        return row

    def _enter_anew(self, visit: Visit) -> None:
        """This function will let the caller in by the table as it is now; it raises NotPlain where that is refused."""
        again = self.enter(visit.scope, visit.named)
        if again is None or again.address.sender != visit.address.sender:
            raise NotPlain
        visit.directory, visit.stamp, visit.caller = again.directory, again.stamp, again.caller

    async def _find(self, visit: Visit, key: Key) -> tuple[object, Known, tuple[Any, ...] | None]:
        uid_key, token_type, operator_id = key
        rows = await self._look.read(
            {
                "uid_key": uid_key,
                "token_type": token_type,
                "operator_id": operator_id,
                "request_id": visit.address.ids.request_id[:128],
                "platform_id": visit.caller.platform.id,
                "since": visit.at - REMEMBERED,
            }
        )
        stamp, version, documents, digest, outcome, decision = rows[0]
        known = Known(version=version or "", tokens=_TOKENS.decode(documents) if documents else [])
        return stamp, known, None if outcome is None else (digest, outcome, decision)

    async def _ask(self, visit: Visit, question: canonical.AuthorizationRequest, plan: Plan) -> tuple[_Given, float]:
        if isinstance(plan.route, DecideHere):
            assert plan.token is not None, "only a stored token lets the hub decide"
            return decision_from_token(token=plan.token, request=question, at=visit.at), 0.0
        began = monotonic()
        seconds = budget(deadline_seconds=settings.AUTHORIZE_DEADLINE_SECONDS, spent_seconds=began - visit.started)
        given: _Given
        try:
            match plan.route:
                case AskOne(provider):
                    given = await ask_one_async(request=question, provider=provider, directory=visit.directory, deadline_seconds=seconds)
                case AskEach(providers):
                    given = await ask_each_async(request=question, providers=providers, directory=visit.directory, deadline_seconds=seconds)
                case refused:
                    given = refusal_of(refused)
        except GatewayRefusal as refusal:
            given = refusal
        return given, monotonic() - began

    def _count(self, row: dict[str, Any], hub_seconds: float, provider_seconds: float) -> None:
        labels = (row["outcome"], row["source"])
        counter = self._by_outcome.get(labels)
        if counter is None:
            counter = self._by_outcome[labels] = metrics.AUTHORIZATIONS.labels(*labels)
        counter.inc()
        self._hub_seconds.observe(hub_seconds)
        if provider_seconds:
            self._provider_seconds.observe(provider_seconds)


def _read_question(
    version: str, token_uid: str, query: bytes, body: bytes, operator: canonical.PartyId, receiver: canonical.PartyId | None
) -> tuple[canonical.AuthorizationRequest, bytes]:
    """This function will read the question, still without the id of its trace, and its digest; it raises what the dialect raises."""
    question = get_dialect(version).read_authorization_request(
        token_uid=token_uid,
        token_type=_query_type(query),
        body=read_json(body) if body else None,
        operator=operator,
        receiver=receiver,
        correlation_id="",
    )
    return question, request_digest(question)


# A card shown again at the same place asks with the same bytes.
_read_question_again = lru_cache(maxsize=4096)(_read_question)


@lru_cache(maxsize=256)
def _query_type(query: bytes) -> str | None:
    # As Django reads a query: the last of several counts, an empty one too.
    if not query:
        return None
    values = parse_qs(query.decode("utf-8", "replace"), keep_blank_values=True).get("type")
    return values[-1] if values else None


def _write_decision(
    decision: canonical.AuthorizationDecision, question: canonical.AuthorizationRequest, known: Known, visit: Visit
) -> msgspec.Raw:
    """This function will write the decision in the caller's version and count what that loses; it raises the one 404 where it must not.

    What was decided from a stored token, without a reference of its own, reads the same each time the card is shown at one place.
    """
    key = _key_of(decision, known, visit)
    if key is not None and (written := known.written.get(key)) is not None:
        return written
    decision = _with_token(decision, question, known.tokens, visit)
    crossing = visit.dialect.authorization.cross(decision)
    note_crossing(
        crossing=crossing,
        message=decision,
        owner=decision.provider,
        receiver=visit.address.sender,
        module=visit.module,
        version=visit.dialect.number,
        at=visit.at,
    )
    if crossing.body is None:
        raise not_found()
    body = msgspec.Raw(encode(crossing.body))
    if key is not None and not crossing.report.losses:  # each crossing that loses something is counted
        keep_few(known.written, key, body)
    return body


def _key_of(decision: canonical.AuthorizationDecision, known: Known, visit: Visit) -> tuple[Any, ...] | None:
    """This function will return what tells two answers from the same tokens apart, or None: this one is written for itself alone."""
    place = decision.location or _NOWHERE
    if decision.reference is not None or decision.info is not None or decision.extensions or place.extensions:
        return None
    for number, token in enumerate(known.tokens):
        if token is decision.token:
            return number, decision.allowed, visit.dialect.number, place.location_id, place.evse_uids, place.connector_ids
    return None


def _with_token(
    decision: canonical.AuthorizationDecision, question: canonical.AuthorizationRequest, tokens: Sequence[canonical.Token], visit: Visit
) -> canonical.AuthorizationDecision:
    if decision.token is not None:
        return decision
    own = [token for token in tokens if token.owner == decision.provider]
    token = own[0] if len(own) == 1 else unpushed_token(decision=decision, question=question, directory=visit.directory, at=visit.at)
    return msgspec.structs.replace(decision, token=token)
