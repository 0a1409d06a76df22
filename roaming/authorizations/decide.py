"""The choices of an authorisation, without any I/O: who answers, what the stored token says, what is written down.

Shared by both lanes: Django asks through `authorize.py`, the async lane through its own reads and writes.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from roaming import canonical
from roaming.gateways import Declined, GatewayBroken, GatewayRefusal, GatewayTimedOut, NoRoute, PlatformOffline, UnknownToken
from roaming.objects.ids import new_row_id
from roaming.parties.snapshot import Directory
from roaming.routing.route import AskEach, AskOne, DecideHere, NoWay, Refuse, Route, choose_route
from roaming.routing.sides import Side

# OCPI 2.2.1, mod_tokens §WhitelistType: with these two the operator, and the hub in its place, may decide without asking.
_DECIDABLE = (canonical.Whitelist.ALWAYS, canonical.Whitelist.ALLOWED)

_OUTCOMES: tuple[tuple[type[GatewayRefusal], str], ...] = (
    (UnknownToken, "UNKNOWN_TOKEN"),
    (NoRoute, "NO_ROUTE"),
    (GatewayTimedOut, "TIMEOUT"),
    (PlatformOffline, "UNREACHABLE"),
    (GatewayBroken, "BAD_ANSWER"),
    (Declined, "DECLINED"),
)


class Plan(msgspec.Struct, frozen=True):
    """Who answers, and the stored token that says so, if any."""

    route: Route
    token: canonical.Token | None


def prepare(
    *, request: canonical.AuthorizationRequest, directory: Directory, known_tokens: Sequence[canonical.Token], at: datetime
) -> Plan:
    """This function will choose who answers. `known_tokens` are the stored tokens of that uid and type that the operator may know.

    An operator that addresses a provider gets that provider's own word: nothing is decided from the store then.
    """
    partners = directory.partner_keys_of(request.operator, canonical.Role.CPO, module="tokens", on=at.date())
    addressed = request.receiver if request.receiver not in (None, directory.hub.key) else None
    candidates = [token for token in known_tokens if addressed is None or token.owner == addressed]
    entitled = [token for token in candidates if token.owner in partners] or candidates
    if request.contract_id is not None and len(entitled) > 1:
        entitled = [token for token in entitled if token.contract_id.upper() == request.contract_id.upper()] or entitled
    if addressed is None and len(entitled) > 1 and all(token.owner in partners for token in entitled):
        # Several providers gave out this uid: each may say yes to its own card, nobody else is asked.
        return Plan(route=AskEach(tuple(token.owner for token in entitled)), token=None)
    token = entitled[0] if entitled else None
    route = choose_route(
        receiver=request.receiver,
        hub=directory.hub.key,
        known_owner=token.owner if token else None,
        contract_provider=_named_provider(request),
        partners=partners,
        can_decide_here=addressed is None and token is not None and token.valid and token.whitelist in _DECIDABLE,
    )
    if addressed is not None and isinstance(route, Refuse) and _is_agreed(request, addressed, directory, at):
        route = Refuse(NoWay.RECEIVER_LOCKED)
    return Plan(route=route, token=token)


def _is_agreed(request: canonical.AuthorizationRequest, provider: canonical.PartyId, directory: Directory, at: datetime) -> bool:
    # A partner that is locked is a connection problem to those who have an agreement with it, and unknown to everybody else.
    is_there = directory.platform_on_side(provider, Side.PROVIDER) is not None
    return is_there and directory.is_agreed(operator=request.operator, provider=provider, module="tokens", on=at.date())


def decision_from_token(
    *, token: canonical.Token, request: canonical.AuthorizationRequest, at: datetime
) -> canonical.AuthorizationDecision:
    """This function will answer in the provider's place from a valid token that it whitelisted. No reference is made up for it."""
    return canonical.AuthorizationDecision(
        allowed=canonical.Allowed.ALLOWED, provider=token.owner, token=token, location=request.location, decided_at=at
    )


def refusal_of(route: Refuse) -> GatewayRefusal:
    """This function will return the refusal for a route that leads nowhere.

    A party that was named and is not there, or not for this operator, is no route (4001), one that is locked is away (4003).
    Where nobody was named the operator learns only that nobody it may roam with knows the token (2004).
    """
    if route.reason is NoWay.RECEIVER_LOCKED:
        return PlatformOffline(route.reason.value)
    return NoRoute(route.reason.value) if route.reason is NoWay.UNKNOWN_RECEIVER else UnknownToken("no provider knows the token")


def request_digest(request: canonical.AuthorizationRequest) -> bytes:
    """This function will return the digest of a question; the id of its trace is no part of what is asked."""
    return hashlib.sha256(canonical.encode(msgspec.structs.replace(request, correlation_id=""))).digest()


def outcome_of(answer: canonical.AuthorizationDecision | GatewayRefusal) -> str:
    """This function will name the answer for the record: the provider's word, or why there is none."""
    if isinstance(answer, canonical.AuthorizationDecision):
        return answer.allowed.value
    return next((name for kind, name in _OUTCOMES if isinstance(answer, kind)), "BAD_ANSWER")


def record_row(
    *,
    request: canonical.AuthorizationRequest,
    answer: canonical.AuthorizationDecision | GatewayRefusal,
    plan: Plan,
    directory: Directory,
    platform_id: int,
    request_id: str,
    digest: bytes,
    at: datetime,
    duration_ms: int,
) -> dict[str, Any]:
    """This function will return the columns of the row that is committed before the answer leaves."""
    operator = directory.party(request.operator)
    decision = answer if isinstance(answer, canonical.AuthorizationDecision) else None
    asked = decision.provider if decision else plan.route.provider if isinstance(plan.route, AskOne | DecideHere) else None
    provider = directory.party(asked) if asked else None
    token = (decision.token if decision else None) or plan.token
    location = request.location
    source = "whitelist" if isinstance(plan.route, DecideHere) else "provider" if decision or isinstance(answer, Declined) else "none"
    return {
        "id": new_row_id(at=at),
        "at": at,
        "platform_id": platform_id,
        "operator_id": operator.id if operator else None,
        "provider_id": provider.id if provider else None,
        "token_uid": request.token_uid[:64],
        "token_type": request.token_type[:32],
        "contract_id": ((token.contract_id if token else request.contract_id) or "")[:64],
        "location_id": (location.location_id if location else "")[:64],
        "evse_uid": (location.evse_uids[0] if location and location.evse_uids else "")[:64],
        "outcome": outcome_of(answer),
        "source": source,
        "reference": ((decision.reference if decision else None) or "")[:64],
        "request_id": request_id[:128],
        "correlation_id": request.correlation_id[:128],
        "duration_ms": duration_ms,
        "request_digest": digest,
        "decision": canonical.encode(decision).decode() if decision else "",
    }


def _named_provider(request: canonical.AuthorizationRequest) -> canonical.PartyId | None:
    """This function will read the provider out of the contract ID; an EMAID token is a contract ID itself (ocpi §2.4)."""
    contract = request.contract_id or (request.token_uid if request.token_type == "EMAID" else None)  # noqa: S105  (a type of token)
    return canonical.contract_provider(contract) if contract else None


def is_provider_connected(directory: Directory, provider: canonical.PartyId) -> bool:
    """This function will say whether it makes sense to ask this provider now."""
    platform = directory.platform_on_side(provider, Side.PROVIDER)
    return platform is not None and platform.is_routable and platform.status == "CONNECTED"
