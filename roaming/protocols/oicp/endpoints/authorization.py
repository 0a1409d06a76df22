"""AuthorizeStart and AuthorizeStop of operators (oicp §5.1, §5.2)."""

from contextlib import nullcontext
from time import monotonic
from typing import Any

from django.db import transaction

from roaming import canonical
from roaming.authorizations.authorize import record_answer
from roaming.authorizations.waiting import StillInFlight, one_at_a_time
from roaming.egress.blocking import send
from roaming.gateways import GatewayRefusal, egress_refusals
from roaming.locations.evse_queries import find_evse
from roaming.parties.directory import PlatformEntry
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.bridge.places import kept, place_of
from roaming.protocols.oicp.bridge.sessions import PENDING, tell_session
from roaming.protocols.oicp.client import AUTHORIZATION_DOOR, authorize_path, read_authorization, write_call
from roaming.protocols.oicp.crossing import is_same_medium
from roaming.protocols.oicp.endpoints.door import OicpDoor
from roaming.protocols.oicp.identifiers import evse_key, write_provider
from roaming.protocols.oicp.refusals import NotAuthorized, OicpRefusal
from roaming.protocols.oicp.start import Question, Verdict, find_asked, unknown_code
from roaming.protocols.oicp.start_ask import decide
from roaming.protocols.oicp.start_record import (
    answer_of,
    read_start,
    record_columns,
    references,
    retry_lock,
    session_columns,
    start_digest,
    write_refusal,
    write_start,
)
from roaming.protocols.oicp.v2_3.authorization import (
    AUTHORIZE_STOP,
    AUTHORIZED,
    NOT_AUTHORIZED,
    AuthorizeStart,
    AuthorizeStop,
)
from roaming.protocols.oicp.v2_3.identification import ANY, Identification
from roaming.routing.sides import Side
from roaming.sessions import hub_sessions
from roaming.sessions.models import HubSession
from roaming.tokens.queries import find_tokens

_STOP_SECONDS = 10.0


class AuthorizationDoor(OicpDoor):
    """What both have in common: the shape of a refusal."""

    side = Side.OPERATOR
    keeps_body = True

    def refuse(self, refusal: OicpRefusal) -> dict[str, Any]:
        """This function will write a refusal with the members of both shapes, so that every reader finds its own."""
        return write_refusal(refusal)


class AuthorizeStartDoor(AuthorizationDoor):
    """POST charging/v21/operators/{operatorID}/authorize/start."""

    operation = "authorize-start"

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will answer whether the medium may charge; a retry gets the answer of the first."""
        start = read_start(body)
        self.check_id(start.operator_id)
        digest = start_digest(body)
        partner_id = start.operator_session_id or ""
        try:
            with one_at_a_time(retry_lock(self.entry.id, partner_id)) if partner_id else nullcontext():
                former = hub_sessions.find_retried(operator=self.entry.id, operator_session_id=partner_id, digest=digest, at=self.at)
                return former.answer if former is not None and former.answer else self._decide(start, body, digest)
        except StillInFlight:
            return write_start(start=start, verdict=Verdict(code=statuses.NO_POSITIVE_ANSWER), session_id=None)

    def _decide(self, start: AuthorizeStart, body: dict[str, Any], digest: bytes) -> dict[str, Any]:
        started = monotonic()
        evse = find_evse(evse_key=evse_key(start.evse_id), owner=self.entry.id) if start.evse_id else None
        question = Question(
            start=start,
            raw=body,
            operator=self.entry,
            session_id=hub_sessions.mint_session_id(),
            location=references(location_id=evse.location_id, evse_uid=evse.evse_uid) if evse else None,
            at=self.at,
        )
        asked = find_asked(question=question, directory=self.directory)
        if not asked:
            return write_start(start=start, verdict=Verdict(code=statuses.NO_CONTRACT), session_id=None)
        verdict = decide(question=question, asked=asked, directory=self.directory)
        columns = record_columns(
            question=question,
            verdict=verdict,
            platform_id=self.caller.id,
            duration_ms=round((monotonic() - started) * 1000),
            digest=digest,
        )
        answer = write_start(start=start, verdict=verdict, session_id=question.session_id if verdict.is_authorized else None)
        place = kept(place_of(evse, owner=self.party)) if evse else None
        session = HubSession(**session_columns(question=question, verdict=verdict, answer=answer, digest=digest, place=place))
        with transaction.atomic():  # one commit for both: what a driver waits for
            record_answer(columns)
            session.save(force_insert=True)
        if verdict.is_authorized:
            tell_session(hub=session, directory=self.directory, status=PENDING, at=self.at)
        return answer


class AuthorizeStopDoor(AuthorizationDoor):
    """POST charging/v21/operators/{operatorID}/authorize/stop."""

    operation = "authorize-stop"

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will answer whether the medium may end the session: here where the hub decided, else its provider does."""
        stop = AUTHORIZE_STOP.read(body)
        self.check_id(stop.operator_id)
        session = hub_sessions.find_hub_session(stop.session_id)
        if session is None or session.operator_id != self.entry.id or session.state != HubSession.State.OPEN:
            raise OicpRefusal(statuses.SESSION_INVALID, http=404)
        provider = self.directory.party_by_row(session.provider_id or 0)
        platform = self.directory.platform_on_side(provider.key, Side.PROVIDER) if provider else None
        if provider is None or platform is None:
            raise OicpRefusal(statuses.PARTNER_NOT_FOUND)
        if not platform.is_routable:
            raise NotAuthorized("the provider is locked")
        if session.is_offline or platform.protocol != "oicp" or (AUTHORIZATION_DOOR not in platform.endpoints):
            allowed = _may_stop(session, stop.identification)
            code = statuses.SUCCESS if allowed else unknown_code(stop.identification)
            return self._write(stop, session, AUTHORIZED if allowed else NOT_AUTHORIZED, code, provider.key)
        return self._forward(stop, body, session, platform, provider.key)

    def _forward(
        self, stop: AuthorizeStop, body: dict[str, Any], session: HubSession, platform: PlatformEntry, provider: canonical.PartyId
    ) -> dict[str, Any]:
        raw = {**body, "SessionID": session.session_id}
        if session.provider_session_id:
            raw["EMPPartnerSessionID"] = session.provider_session_id
        try:
            call = write_call(
                platform=platform,
                door=AUTHORIZATION_DOOR,
                path=authorize_path(self.party, "stop"),
                body=raw,
                purpose="authorize",
                seconds=_STOP_SECONDS,
            )
            with egress_refusals():
                told = read_authorization(send(call))
        except GatewayRefusal as refusal:
            return self._write(stop, session, NOT_AUTHORIZED, statuses.NO_POSITIVE_ANSWER, provider, additional=str(refusal))
        return self._write(stop, session, told.authorization, told.status.code, provider, additional=told.status.additional)

    def _write(
        self,
        stop: AuthorizeStop,
        session: HubSession,
        status: str,
        code: str,
        provider: canonical.PartyId,
        *,
        additional: str | None = None,
    ) -> dict[str, Any]:
        answer = answer_of(status, code, additional=additional)
        del answer["AuthorizationStopIdentifications"]
        return {
            **answer,
            "SessionID": session.session_id,
            "CPOPartnerSessionID": session.operator_session_id or stop.operator_session_id,
            "EMPPartnerSessionID": session.provider_session_id or None,
            "ProviderID": write_provider(provider),
        }


def _may_stop(session: HubSession, medium: Identification) -> bool:
    if is_same_medium(medium, uid=session.token_uid, contract_id=session.contract_id):
        return True
    for other in session.stop_identifications:
        told = ANY.read(other)
        if is_same_medium(medium, uid=told.uid or "", contract_id=told.contract_id or ""):
            return True
    if session.group_id and medium.uid:
        return any(token.group_id == session.group_id and token.valid for token in find_tokens(uid=medium.uid, type="RFID"))
    return False
