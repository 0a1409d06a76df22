"""Tokens and real-time authorisation of OCPI 2.2.1 (mod_tokens)."""

from collections.abc import Mapping
from typing import Any

from roaming import canonical
from roaming.protocols.ocpi.dialect import BadFields, Shape, many, optional, read_value, required
from roaming.protocols.ocpi.kinds import BOOLEAN, COUNTRY_CODE, INSTANT, LANGUAGE, PARTY_ID, Kind, ci_string, one_of, string
from roaming.protocols.ocpi.v2_2_1.locations import DISPLAY_TEXT, TOKEN_TYPE
from roaming.protocols.ocpi.v2_2_1.sessions import PROFILE_TYPE

_WHITELIST_NAMES = one_of("ALWAYS", "ALLOWED", "ALLOWED_OFFLINE", "NEVER")
_ALLOWED_NAMES = one_of("ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED")
_WHITELIST = Kind(lambda value: canonical.Whitelist(_WHITELIST_NAMES.read(value)), str)
_ALLOWED = Kind(lambda value: canonical.Allowed(_ALLOWED_NAMES.read(value)), str)
_UID = ci_string(36)

_ENERGY_CONTRACT = Shape(canonical.EnergyContract, required("supplier_name", string(64)), optional("contract_id", string(64)))
TOKEN = Shape(
    canonical.Token,
    required("country_code", COUNTRY_CODE),
    required("party_id", PARTY_ID),
    required("uid", _UID),
    required("type", TOKEN_TYPE),
    required("contract_id", ci_string(36)),
    optional("visual_number", string(64)),
    required("issuer", string(64)),
    optional("group_id", ci_string(36)),
    required("valid", BOOLEAN),
    required("whitelist", _WHITELIST),
    optional("language", LANGUAGE),
    optional("default_profile_type", PROFILE_TYPE),
    optional("energy_contract", _ENERGY_CONTRACT.kind),
    required("last_updated", INSTANT),
)
LOCATION_REFERENCES = Shape(
    canonical.LocationReferences,
    required("location_id", ci_string(36)),
    optional("evse_uids", many(ci_string(36))),
)


def _read_decision(*, provider: canonical.PartyId | None = None, token: canonical.Token, **values: Any) -> canonical.AuthorizationDecision:
    return canonical.AuthorizationDecision(provider=provider or token.owner, token=token, **values)


def _take_decision(decision: canonical.AuthorizationDecision) -> Mapping[str, Any]:
    return {
        "allowed": decision.allowed,
        "token": decision.token,
        "location": decision.location,
        "reference": decision.reference,
        "info": decision.info,
    }


def authorization_info(token: Shape[canonical.Token]) -> Shape[canonical.AuthorizationDecision]:
    """This function will return the shape of AuthorizationInfo around the tokens of one version."""
    return Shape(
        canonical.AuthorizationDecision,
        required("allowed", _ALLOWED),
        required("token", token.kind),
        optional("location", LOCATION_REFERENCES.kind),
        optional("authorization_reference", ci_string(36), as_="reference"),
        optional("info", DISPLAY_TEXT.kind),
        build=_read_decision,
        take=_take_decision,
    )


AUTHORIZATION_INFO = authorization_info(TOKEN)

read_token, write_token, read_token_patch = TOKEN.read, TOKEN.write, TOKEN.read_patch
read_authorization, write_authorization = AUTHORIZATION_INFO.read, AUTHORIZATION_INFO.write


def read_token_type(text: str | None, *, types: Kind = TOKEN_TYPE) -> str:
    """This function will read the query parameter `type`; absent means RFID (mod_tokens §PUT, request parameters). Raises BadFields."""
    kind: str = read_value(name="type", kind=types, value=text or "RFID")
    return kind


def read_authorization_request(
    *,
    token_uid: str,
    token_type: str | None,
    body: Any,
    operator: canonical.PartyId,
    receiver: canonical.PartyId | None,
    correlation_id: str,
    types: Kind = TOKEN_TYPE,
) -> canonical.AuthorizationRequest:
    """This function will read POST {token_uid}/authorize?type= with its optional LocationReferences; it raises BadFields.

    `body` is None where the request had none (mod_tokens §POST: "Type and location are optional").
    """
    problems: list[tuple[str, str]] = []
    kind, location = "RFID", None
    try:
        kind = read_token_type(token_type, types=types)
        read_value(name="token_uid", kind=_UID, value=token_uid)
    except BadFields as refusal:
        problems.extend(refusal.problems)
    try:
        location = None if body is None else LOCATION_REFERENCES.read(body)
    except BadFields as refusal:
        problems.extend(refusal.problems)
    if problems:
        raise BadFields(problems)
    return canonical.AuthorizationRequest(
        operator=operator, token_uid=token_uid, token_type=kind, location=location, receiver=receiver, correlation_id=correlation_id
    )


def write_authorization_request(request: canonical.AuthorizationRequest) -> dict[str, Any] | None:
    """This function will return the LocationReferences to send with an authorise request, or None where there are none."""
    return None if request.location is None else LOCATION_REFERENCES.write(request.location)
