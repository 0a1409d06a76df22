"""AuthorizeStart: the question as it is read, the answer, and what is written down before it is given; the same for both lanes."""

import hashlib
from typing import Any

import msgspec

from roaming import canonical
from roaming.objects.ids import new_row_id
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.crossing import token_type_of, token_uid_of
from roaming.protocols.oicp.identifiers import write_provider
from roaming.protocols.oicp.refusals import OicpRefusal
from roaming.protocols.oicp.start import Question, Verdict
from roaming.protocols.oicp.v2_3.authorization import AUTHORIZE_START, AUTHORIZED, NOT_AUTHORIZED, AuthorizeStart
from roaming.protocols.oicp.v2_3.identification import ANY, QR_CODE
from roaming.protocols.wire.shapes import BadFields
from roaming.sessions.hub_sessions import AUTHORIZE
from roaming.sessions.models import HubSession

_ENCODER = msgspec.json.Encoder(decimal_format="string", order="sorted")


def read_start(body: Any) -> AuthorizeStart:
    """This function will read the message; it raises BadFields, also for a hashed PIN (oicp §3.3)."""
    start = AUTHORIZE_START.read(body)
    if start.identification.hashed_pin is not None:
        raise BadFields([(f"Identification.{QR_CODE}.HashedPIN", "a PIN in clear: a hash of a hash opens nothing")])
    return start


def retry_lock(operator: int, partner_id: str) -> str:
    """This function will return the key that one of several equal questions at a time holds."""
    return f"oicp-start:{operator}:{partner_id}"


def start_digest(body: dict[str, Any]) -> bytes:
    """This function will return the digest of a question as it came; a session id in it is no part of what is asked."""
    return hashlib.sha256(_ENCODER.encode({name: value for name, value in body.items() if name != "SessionID"})).digest()


def references(*, location_id: str, evse_uid: str) -> canonical.LocationReferences | None:
    """This function will name an EVSE as OCPI does, where the hub knows the location that holds it."""
    return canonical.LocationReferences(location_id=location_id, evse_uids=(evse_uid,)) if location_id else None


def write_start(*, start: AuthorizeStart, verdict: Verdict, session_id: str | None) -> dict[str, Any]:
    """This function will write the answer to an AuthorizeStart."""
    told = verdict.answer
    status = AUTHORIZED if verdict.is_authorized else NOT_AUTHORIZED
    answer = answer_of(status, verdict.code, description=verdict.description or "", additional=verdict.additional)
    answer |= {
        "SessionID": session_id,
        "CPOPartnerSessionID": start.operator_session_id,
        "EMPPartnerSessionID": (told.provider_session_id if told else None) or start.provider_session_id,
        "ProviderID": write_provider(verdict.provider.key) if verdict.provider and verdict.is_authorized else None,
    }
    if told is not None and told.stop_identifications and ANY.write is not None:
        answer["AuthorizationStopIdentifications"] = [ANY.write(medium) for medium in told.stop_identifications]
    return answer


def answer_of(status: str, code: str, *, description: str = "", additional: str | None = None) -> dict[str, Any]:
    """This function will write an AuthorizationStart or -Stop that names no session yet."""
    return {
        "SessionID": None,
        "CPOPartnerSessionID": None,
        "EMPPartnerSessionID": None,
        "ProviderID": None,
        "AuthorizationStatus": status,
        "StatusCode": statuses.status_code(code, description=description, additional=additional),
        "AuthorizationStopIdentifications": None,
    }


def write_refusal(refusal: OicpRefusal) -> dict[str, Any]:
    """This function will write a refusal with the members of both shapes, so that every reader finds its own."""
    return {**statuses.acknowledgement(refusal.code, additional=refusal.additional), **answer_of(NOT_AUTHORIZED, refusal.code)}


def session_columns(
    *, question: Question, verdict: Verdict, answer: dict[str, Any], digest: bytes, place: dict[str, Any] | None
) -> dict[str, Any]:
    """This function will return the columns of the session of a question with its answer: until now nobody else knew of it."""
    start, medium, provider = question.start, question.medium, verdict.provider
    columns: dict[str, Any] = {
        "session_id": question.session_id.lower(),
        "operator_id": question.operator.id,
        "provider_id": provider.id if provider else None,
        "kind": AUTHORIZE,
        "state": HubSession.State.REFUSED.value,
        "evse_id": start.evse_id or "",
        "token_uid": token_uid_of(medium)[:64],
        "token_type": token_type_of(medium),
        "contract_id": medium.contract_id or "",
        "group_id": "",
        "is_offline": False,
        "operator_session_id": start.operator_session_id or "",
        "provider_session_id": start.provider_session_id or "",
        "reference": "",
        "stop_identifications": [],
        "product_id": start.product_id or "",
        "request_digest": digest,
        "answer": answer,
        "place": place,
        "created_at": question.at,
    }
    if verdict.is_authorized:
        columns |= {
            "is_offline": verdict.is_offline,
            "contract_id": verdict.contract_id or columns["contract_id"],
            "group_id": verdict.group_id,
            "reference": verdict.reference,
            "provider_session_id": answer["EMPPartnerSessionID"] or "",
            "stop_identifications": answer["AuthorizationStopIdentifications"] or [],
        }
        if provider is not None:
            columns["state"] = HubSession.State.OPEN.value
    return columns


def record_columns(*, question: Question, verdict: Verdict, platform_id: int, duration_ms: int, digest: bytes) -> dict[str, Any]:
    """This function will return the columns of the authorisation's durable record."""
    source = "whitelist" if verdict.is_offline else "provider" if verdict.provider else "none"
    outcomes = {statuses.SUCCESS: "ALLOWED", statuses.CONTRACT_LOCKED: "BLOCKED", statuses.NO_CONTRACT: "NO_ROUTE"}
    location = question.location
    return {
        "id": new_row_id(at=question.at),
        "at": question.at,
        "platform_id": platform_id,
        "operator_id": question.operator.id,
        "provider_id": verdict.provider.id if verdict.provider else None,
        "token_uid": token_uid_of(question.medium)[:64],
        "token_type": token_type_of(question.medium),
        "contract_id": (verdict.contract_id or question.medium.contract_id or "")[:64],
        "location_id": (location.location_id if location else "")[:64],
        "evse_uid": (location.evse_uids[0] if location and location.evse_uids else "")[:64],
        "outcome": outcomes.get(verdict.code, "UNKNOWN_TOKEN"),
        "source": source,
        "reference": verdict.reference or (question.session_id if verdict.is_authorized else ""),
        "request_id": "",
        "correlation_id": question.session_id,
        "duration_ms": duration_ms,
        "request_digest": digest,
        "decision": "",
    }
