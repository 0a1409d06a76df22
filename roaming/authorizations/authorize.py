"""The story of an authorisation: find, choose, ask, record (OCPI 2.2.1, mod_tokens §Real-time authorization)."""

from contextlib import nullcontext
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import connection

from roaming import canonical
from roaming.authorizations.ask import ask_each, ask_one, budget
from roaming.authorizations.decide import Plan, decision_from_token, prepare, record_row, refusal_of, request_digest
from roaming.authorizations.waiting import StillInFlight, one_at_a_time, refuse_open_transaction
from roaming.gateways import GatewayRefusal, GatewayTimedOut, NoRoute, UnknownToken
from roaming.parties import directory
from roaming.parties.directory import Directory
from roaming.routing.route import AskEach, AskOne, DecideHere
from roaming.tokens.queries import find_tokens

# How long a repeat of a request is answered from what the first one was answered (reliability §4).
REMEMBERED = timedelta(minutes=5)

# The newest first: after a time-out the repeat was forwarded again, and that answer counts.
REMEMBER = """
SELECT request_digest, outcome, decision FROM roaming_authorization
WHERE request_id = %s AND platform_id = %s AND at > %s
ORDER BY at DESC, recorded_at DESC LIMIT 1
"""


class RequestIdReused(Exception):
    """The request id came with another question within five minutes: an id names one request (OCPI 2.2.1, transport §Message IDs)."""


def authorize(
    *, request: canonical.AuthorizationRequest, platform_id: int, request_id: str, at: datetime
) -> canonical.AuthorizationDecision:
    """This function will return the decision on a token, written down before it is given.

    `platform_id` asks, with the X-Request-ID `request_id`. A repeat within five minutes is answered from the first one's row. It
    raises RequestIdReused and the GatewayRefusals: UnknownToken, NoRoute, GatewayTimedOut, PlatformOffline, GatewayBroken, Declined.
    """
    refuse_open_transaction()
    started = monotonic()
    digest = request_digest(request)
    try:
        with one_at_a_time(f"authorize:{platform_id}:{request_id}") if request_id else nullcontext():
            answer = _remembered(platform_id, request_id, digest, at) if request_id else None
            if answer is None:
                answer = _answer(request, platform_id=platform_id, request_id=request_id, digest=digest, at=at, started=started)
    except StillInFlight as busy:
        raise GatewayTimedOut(str(busy)) from None
    if isinstance(answer, GatewayRefusal):
        raise answer
    return answer


def read_remembered(*, row: tuple[Any, ...] | None, digest: bytes) -> canonical.AuthorizationDecision | GatewayRefusal | None:
    """This function will read the answer that a repeat gets from a row of `REMEMBER`; None: it is answered anew.

    It raises RequestIdReused. What ended without a provider's word (late, away, broken) is asked again.
    """
    if row is None:
        return None
    former_digest, outcome, decision = row
    if bytes(former_digest) != digest:
        raise RequestIdReused("X-Request-ID: was used for another request")
    if decision:
        return canonical.decode(decision.encode(), canonical.AuthorizationDecision)
    refusals: dict[str, GatewayRefusal] = {
        "UNKNOWN_TOKEN": UnknownToken("no provider knows the token"),
        "NO_ROUTE": NoRoute("no route leads to the receiver"),
    }
    return refusals.get(outcome)


def _remembered(platform_id: int, request_id: str, digest: bytes, at: datetime) -> canonical.AuthorizationDecision | GatewayRefusal | None:
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER, [request_id[:128], platform_id, at - REMEMBERED])
        return read_remembered(row=cursor.fetchone(), digest=digest)


def _answer(
    request: canonical.AuthorizationRequest, *, platform_id: int, request_id: str, digest: bytes, at: datetime, started: float
) -> canonical.AuthorizationDecision | GatewayRefusal:
    table = directory.current()
    known = find_tokens(uid=request.token_uid, type=request.token_type, viewer=request.operator)
    plan = prepare(request=request, directory=table, known_tokens=known, at=at)
    answer: canonical.AuthorizationDecision | GatewayRefusal
    try:
        answer = _decide(request, plan, table, at, started)
    except GatewayRefusal as refusal:
        answer = refusal
    record_answer(
        record_row(
            request=request,
            answer=answer,
            plan=plan,
            directory=table,
            platform_id=platform_id,
            request_id=request_id,
            digest=digest,
            at=at,
            duration_ms=round((monotonic() - started) * 1000),
        )
    )
    return answer


def _decide(
    request: canonical.AuthorizationRequest, plan: Plan, table: Directory, at: datetime, started: float
) -> canonical.AuthorizationDecision:
    seconds = budget(deadline_seconds=settings.AUTHORIZE_DEADLINE_SECONDS, spent_seconds=monotonic() - started)
    match plan.route:
        case DecideHere():
            assert plan.token is not None, "only a stored token lets the hub decide"
            return decision_from_token(token=plan.token, request=request, at=at)
        case AskOne(provider):
            return ask_one(request=request, provider=provider, directory=table, deadline_seconds=seconds)
        case AskEach(providers):
            return ask_each(request=request, providers=providers, directory=table, deadline_seconds=seconds)
        case refused:
            raise refusal_of(refused)


def record_answer(row: dict[str, Any]) -> None:
    """This function will write down an answer, by column, before it is given."""
    names = ", ".join(row)
    places = ", ".join(f"%({name})s" for name in row)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO roaming_authorization ({names}) VALUES ({places})", row)  # noqa: S608  (names of our own columns)
