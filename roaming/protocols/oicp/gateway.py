"""The way out to an OICP platform, and from OCPI's commands and questions to OICP's."""

import asyncio
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from roaming import canonical
from roaming.canonical import PartyId
from roaming.egress.blocking import send
from roaming.egress.calls import Answer, Call
from roaming.egress.event_loop import send_async
from roaming.gateways import (
    Forward,
    Forwarded,
    GatewayBroken,
    NoRoute,
    Outcome,
    Parcel,
    PlatformOffline,
    UnknownToken,
    egress_refusals,
)
from roaming.locations.queries import find_own_location
from roaming.parties.directory import PlatformEntry
from roaming.protocols.oicp import parcels, remote_calls, statuses
from roaming.protocols.oicp.client import AUTHORIZATION_DOOR, authorize_path, read_authorization, write_call
from roaming.protocols.oicp.crossing import identification_of, make_token
from roaming.protocols.oicp.identifiers import EVSE_ID, write_operator
from roaming.protocols.oicp.v2_3.authorization import AUTHORIZED, Authorization
from roaming.sessions.hub_sessions import mint_session_id
from roaming.tokens.queries import find_token

logger = logging.getLogger(__name__)
_readers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="oicp-cards")

# EvseIDs as they were read: an EVSE hardly ever gets another one. (operator, location, EVSE) -> EvseID and until when it is believed.
_evse_ids: dict[tuple[str, str, str], tuple[str | None, float]] = {}
_EVSE_ID_SECONDS, _MOST_EVSE_IDS = 300.0, 100_000

_BLOCKED = {statuses.CONTRACT_LOCKED: canonical.Allowed.BLOCKED}
_UNKNOWN = frozenset({statuses.INVALID_CREDENTIALS, statuses.INVALID_UID, statuses.INVALID_EVCO, statuses.NO_POSITIVE_ANSWER})


class OicpGateway:
    """One OICP platform."""

    def __init__(self, platform: PlatformEntry) -> None:
        self.platform = platform

    # The outbox.

    def prepare(self, parcel: Parcel) -> Call | None:
        """This function will write the request for the object as it is now; None where an OICP partner is told nothing (it pulls)."""
        return parcels.write_call_for(parcel)

    def judge(self, parcel: Parcel, answer: Answer) -> Outcome:
        """This function will say what the receiver's answer to a push means."""
        return parcels.judge(parcel, answer)

    # Questions of OCPI operators.

    def authorize(
        self, request: canonical.AuthorizationRequest, *, receiver: PartyId, deadline_seconds: float
    ) -> canonical.AuthorizationDecision:
        """This function will ask the provider with a SessionID of the hub's; it raises a GatewayRefusal where there is no decision."""
        if AUTHORIZATION_DOOR not in self.platform.endpoints:
            self._check_reachable()
            return _from_uploaded(request, receiver)
        session_id = mint_session_id()
        body = _start_body(request, session_id)
        if (evse_id := _evse_id(request)) is not None:
            body["EvseID"] = evse_id
        call = self.write_start(body=body, operator=request.operator, seconds=deadline_seconds)
        with egress_refusals():
            answer = send(call)
        return _decision(request, receiver, session_id, read_authorization(answer))

    async def authorize_async(
        self, request: canonical.AuthorizationRequest, *, receiver: PartyId, deadline_seconds: float
    ) -> canonical.AuthorizationDecision:
        """This function will do what `authorize` does, inside an event loop: what must be read is read by a thread beside it."""
        if AUTHORIZATION_DOOR not in self.platform.endpoints:
            self._check_reachable()
            return await asyncio.get_running_loop().run_in_executor(_readers, _read_apart, request, receiver)
        session_id = mint_session_id()
        body = _start_body(request, session_id)
        if (evse_id := await _evse_id_async(request)) is not None:
            body["EvseID"] = evse_id
        call = self.write_start(body=body, operator=request.operator, seconds=deadline_seconds)
        with egress_refusals():
            answer = await send_async(call)
        return _decision(request, receiver, session_id, read_authorization(answer))

    def write_start(self, *, body: dict[str, Any], operator: PartyId, seconds: float) -> Call:
        """This function will write an AuthorizeStart; it raises PlatformOffline or NoRoute without I/O."""
        self._check_reachable()
        path = authorize_path(operator, "start")
        return write_call(platform=self.platform, door=AUTHORIZATION_DOOR, path=path, body=body, purpose="authorize", seconds=seconds)

    # Commands and direct requests.

    def send_command(
        self,
        command: canonical.Command | canonical.ProfileRequest,
        *,
        sender: PartyId,
        receiver: PartyId,
        response_url: str,
        correlation_id: str,
        deadline_seconds: float,
    ) -> canonical.CommandResponse:
        """This function will check a command of an OCPI provider and answer at once; the operator is asked meanwhile (oicp §6.6)."""
        self._check_reachable()
        return remote_calls.accept(command, platform=self.platform, sender=sender, receiver=receiver, response_url=response_url)

    def forward(self, request: Forward) -> Forwarded:
        """This function will refuse: OICP has no request that passes through."""
        raise PlatformOffline("the partner speaks OICP, which has no such request")

    def probe(self) -> Call | None:
        """This function will return None: OICP has no question without effect."""
        return None

    def _check_reachable(self) -> None:
        if not self.platform.is_routable:
            raise NoRoute("the platform is locked")


def _from_uploaded(request: canonical.AuthorizationRequest, receiver: PartyId) -> canonical.AuthorizationDecision:
    """This function will decide for a provider without an address from the cards it uploaded; it raises UnknownToken (oicp §5.1)."""
    token = find_token(uid=request.token_uid, type=request.token_type, owner=receiver, viewer=request.operator)
    if token is None:
        raise UnknownToken("the provider uploaded no such card")
    return canonical.AuthorizationDecision(
        allowed=canonical.Allowed.ALLOWED if token.valid else canonical.Allowed.BLOCKED,
        provider=receiver,
        token=token,
        location=request.location if token.valid else None,
        reference=mint_session_id() if token.valid else None,
    )


def _read_apart(request: canonical.AuthorizationRequest, receiver: PartyId) -> canonical.AuthorizationDecision:
    try:
        return _from_uploaded(request, receiver)
    finally:
        connection.close()


def _start_body(request: canonical.AuthorizationRequest, session_id: str) -> dict[str, Any]:
    identification = identification_of(uid=request.token_uid, type=request.token_type, contract_id=request.contract_id)
    if identification is None:
        raise UnknownToken("OICP has no medium for this token")  # §6.4: the provider is not called
    return {
        "SessionID": session_id,
        "OperatorID": write_operator(request.operator),
        "Identification": identification,
    }


def _evse_id(request: canonical.AuthorizationRequest) -> str | None:
    """This function will return the EvseID where the place is exactly one EVSE; it asks the database: for no event loop (oicp §6.4)."""
    place = request.location
    if place is None or len(place.evse_uids) != 1:
        return None
    location = find_own_location(owner=request.operator, location_id=place.location_id)
    evses = location.evses if location is not None else ()
    found = next((evse.evse_id for evse in evses if evse.uid.upper() == place.evse_uids[0].upper()), None)
    return found if found and re.fullmatch(EVSE_ID, found) else None


async def _evse_id_async(request: canonical.AuthorizationRequest) -> str | None:
    """This function will return what `_evse_id` does, from memory where it was asked for in the last minutes."""
    place = request.location
    if place is None or len(place.evse_uids) != 1:
        return None
    key = (str(request.operator), place.location_id.upper(), place.evse_uids[0].upper())
    held = _evse_ids.get(key)
    if held is None or held[1] < monotonic():
        found = await asyncio.get_running_loop().run_in_executor(_readers, _look_up, request)
        if len(_evse_ids) >= _MOST_EVSE_IDS:
            _evse_ids.clear()
        held = _evse_ids[key] = (found, monotonic() + _EVSE_ID_SECONDS)
    return held[0]


def _look_up(request: canonical.AuthorizationRequest) -> str | None:
    try:
        return _evse_id(request)
    except (OperationalError, InterfaceError):
        return None  # a question without its place is better than none
    finally:
        connection.close()


def _decision(
    request: canonical.AuthorizationRequest, receiver: PartyId, session_id: str, answer: Authorization
) -> canonical.AuthorizationDecision:
    code = answer.status.code
    if answer.authorization != AUTHORIZED and code in _UNKNOWN:
        raise UnknownToken("the provider does not know the token")
    if answer.authorization == AUTHORIZED and code not in (statuses.SUCCESS,):
        raise GatewayBroken(f"authorised with status {code}")
    is_allowed = answer.authorization == AUTHORIZED
    words = answer.status.additional or answer.status.description
    return canonical.AuthorizationDecision(
        allowed=canonical.Allowed.ALLOWED if is_allowed else _BLOCKED.get(code, canonical.Allowed.NOT_ALLOWED),
        provider=receiver,
        token=make_token(
            provider=receiver,
            uid=request.token_uid,
            type=request.token_type,
            contract_id=request.contract_id,
            issuer=str(receiver),
            at=timezone.now(),
            valid=is_allowed,
        ),
        location=request.location if is_allowed else None,
        reference=session_id if is_allowed else None,
        info=canonical.DisplayText(language="en", text=words[:512]) if words else None,
    )
