"""AuthorizeStart and AuthorizeStop of operators (oicp §5.1, §5.2)."""

import hashlib
from contextlib import nullcontext
from time import monotonic
from typing import Any

import msgspec
from django.db import transaction

from roaming import canonical
from roaming.authorizations.authorize import record_answer
from roaming.authorizations.waiting import StillInFlight, one_at_a_time
from roaming.egress.blocking import send
from roaming.gateways import GatewayRefusal, egress_refusals
from roaming.locations.evse_queries import FoundEvse, find_evse
from roaming.parties.directory import PlatformEntry
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.bridge.places import kept, place_of
from roaming.protocols.oicp.bridge.sessions import PENDING, tell_session
from roaming.protocols.oicp.client import AUTHORIZATION_DOOR, authorize_path, read_authorization, write_call
from roaming.protocols.oicp.crossing import is_same_medium, token_type_of, token_uid_of
from roaming.protocols.oicp.endpoints.door import OicpDoor
from roaming.protocols.oicp.identifiers import evse_key, write_provider
from roaming.protocols.oicp.refusals import NotAuthorized, OicpRefusal
from roaming.protocols.oicp.start import Question, Verdict, decide, find_asked, record_columns, unknown_code
from roaming.protocols.oicp.v2_3.authorization import (
    AUTHORIZE_START,
    AUTHORIZE_STOP,
    AUTHORIZED,
    NOT_AUTHORIZED,
    AuthorizeStart,
    AuthorizeStop,
)
from roaming.protocols.oicp.v2_3.identification import ANY, QR_CODE, Identification
from roaming.protocols.wire.shapes import BadFields
from roaming.routing.sides import Side
from roaming.sessions import hub_sessions
from roaming.sessions.hub_sessions import AUTHORIZE, Opening
from roaming.sessions.models import HubSession
from roaming.tokens.queries import find_tokens

_STOP_SECONDS = 10.0
_ENCODER = msgspec.json.Encoder(decimal_format="string", order="sorted")


class AuthorizationDoor(OicpDoor):
    """What both have in common: the shape of a refusal."""

    side = Side.OPERATOR
    keeps_body = True

    def refuse(self, refusal: OicpRefusal) -> dict[str, Any]:
        """This function will write a refusal with the members of both shapes, so that every reader finds its own."""
        return {**statuses.acknowledgement(refusal.code, additional=refusal.additional), **_answer_of(NOT_AUTHORIZED, refusal.code)}


class AuthorizeStartDoor(AuthorizationDoor):
    """POST charging/v21/operators/{operatorID}/authorize/start."""

    operation = "authorize-start"

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will answer whether the medium may charge; a retry gets the answer of the first."""
        start = AUTHORIZE_START.read(body)
        self.check_id(start.operator_id)
        if start.identification.hashed_pin is not None:
            raise BadFields([(f"Identification.{QR_CODE}.HashedPIN", "a PIN in clear: a hash of a hash opens nothing")])
        digest = hashlib.sha256(_ENCODER.encode({name: value for name, value in body.items() if name != "SessionID"})).digest()
        partner_id = start.operator_session_id or ""
        try:
            with one_at_a_time(f"oicp-start:{self.entry.id}:{partner_id}") if partner_id else nullcontext():
                former = hub_sessions.find_retried(operator=self.entry.id, operator_session_id=partner_id, digest=digest, at=self.at)
                return former.answer if former is not None and former.answer else self._decide(start, body, digest)
        except StillInFlight:
            return self._write(start, Verdict(code=statuses.NO_POSITIVE_ANSWER), None)

    def _decide(self, start: AuthorizeStart, body: dict[str, Any], digest: bytes) -> dict[str, Any]:
        started = monotonic()
        evse = find_evse(evse_key=evse_key(start.evse_id), owner=self.entry.id) if start.evse_id else None
        question = Question(
            start=start,
            raw=body,
            operator=self.entry,
            session_id=hub_sessions.mint_session_id(),
            location=_references(evse),
            at=self.at,
        )
        asked = find_asked(question=question, directory=self.directory)
        if not asked:
            return self._write(start, Verdict(code=statuses.NO_CONTRACT), None)
        verdict = decide(question=question, asked=asked, directory=self.directory)
        columns = record_columns(
            question=question,
            verdict=verdict,
            platform_id=self.caller.id,
            duration_ms=round((monotonic() - started) * 1000),
            digest=digest,
        )
        answer = self._write(start, verdict, question.session_id if verdict.is_authorized else None)
        with transaction.atomic():  # one commit for both: what a driver waits for
            record_answer(columns)
            session = self._keep(question, self._opening(start, evse, digest), verdict, answer)
        if verdict.is_authorized:
            tell_session(hub=session, directory=self.directory, status=PENDING, at=self.at)
        return answer

    def _opening(self, start: AuthorizeStart, evse: FoundEvse | None, digest: bytes) -> Opening:
        return Opening(
            operator=self.entry.id,
            provider=None,
            kind=AUTHORIZE,
            evse_id=start.evse_id or "",
            token_uid=token_uid_of(start.identification),
            token_type=token_type_of(start.identification),
            contract_id=start.identification.contract_id or "",
            operator_session_id=start.operator_session_id or "",
            provider_session_id=start.provider_session_id or "",
            product_id=start.product_id or "",
            request_digest=digest,
            place=kept(place_of(evse, owner=self.party)) if evse else None,
        )

    def _keep(self, question: Question, opening: Opening, verdict: Verdict, answer: dict[str, Any]) -> HubSession:
        known: dict[str, Any] = {"answer": answer, "provider_id": verdict.provider.id if verdict.provider else None}
        if verdict.is_authorized:
            told = verdict.answer
            known |= {
                "is_offline": verdict.is_offline,
                "contract_id": verdict.contract_id or opening.contract_id,
                "group_id": verdict.group_id,
                "reference": verdict.reference,
                "provider_session_id": (told.provider_session_id if told else None) or opening.provider_session_id,
                "stop_identifications": answer["AuthorizationStopIdentifications"] or [],
            }
        is_allowed = verdict.is_authorized and verdict.provider is not None
        return hub_sessions.answer_hub_session(session_id=question.session_id, opening=opening, is_allowed=is_allowed, at=self.at, **known)

    def _write(self, start: AuthorizeStart, verdict: Verdict, session_id: str | None) -> dict[str, Any]:
        told = verdict.answer
        status = AUTHORIZED if verdict.is_authorized else NOT_AUTHORIZED
        answer = _answer_of(status, verdict.code, description=verdict.description or "", additional=verdict.additional)
        answer |= {
            "SessionID": session_id,
            "CPOPartnerSessionID": start.operator_session_id,
            "EMPPartnerSessionID": (told.provider_session_id if told else None) or start.provider_session_id,
            "ProviderID": write_provider(verdict.provider.key) if verdict.provider and verdict.is_authorized else None,
        }
        if told is not None and told.stop_identifications and ANY.write is not None:
            answer["AuthorizationStopIdentifications"] = [ANY.write(medium) for medium in told.stop_identifications]
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
        answer = _answer_of(status, code, additional=additional)
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


def _answer_of(status: str, code: str, *, description: str = "", additional: str | None = None) -> dict[str, Any]:
    return {
        "SessionID": None,
        "CPOPartnerSessionID": None,
        "EMPPartnerSessionID": None,
        "ProviderID": None,
        "AuthorizationStatus": status,
        "StatusCode": statuses.status_code(code, description=description, additional=additional),
        "AuthorizationStopIdentifications": None,
    }


def _references(evse: FoundEvse | None) -> canonical.LocationReferences | None:
    if evse is None or not evse.location_id:
        return None
    return canonical.LocationReferences(location_id=evse.location_id, evse_uids=(evse.evse_uid,))
