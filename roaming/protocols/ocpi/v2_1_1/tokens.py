"""Tokens of OCPI 2.1.1 (mod_tokens): the contract id is called auth_id, and there are two types."""

from collections.abc import Mapping
from typing import Any

import msgspec

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, many, optional, read_value, required
from roaming.protocols.ocpi.kinds import BOOLEAN, INSTANT, Kind, ci_string, matching, one_of, string
from roaming.protocols.ocpi.v2_1_1.locations import DISPLAY_TEXT, NOBODY

_WHITELIST_NAMES = one_of("ALWAYS", "ALLOWED", "ALLOWED_OFFLINE", "NEVER")
_ALLOWED_NAMES = one_of("ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED")
_WHITELIST = Kind(lambda value: canonical.Whitelist(_WHITELIST_NAMES.read(value)), str)
_ALLOWED = Kind(lambda value: canonical.Allowed(_ALLOWED_NAMES.read(value)), str)
TOKEN_TYPE = one_of("OTHER", "RFID")


def _build_token(**values: Any) -> canonical.Token:
    return canonical.Token(**({"country_code": NOBODY[0], "party_id": NOBODY[1]} | values))


TOKEN = Shape(
    canonical.Token,
    required("uid", ci_string(36)),
    required("type", TOKEN_TYPE),
    required("auth_id", ci_string(36), as_="contract_id"),
    optional("visual_number", string(64)),
    required("issuer", string(64)),
    required("valid", BOOLEAN),
    required("whitelist", _WHITELIST),
    optional("language", matching(r"[A-Za-z]{2}", "a language of two letters, like en")),
    required("last_updated", INSTANT),
    build=_build_token,
)
LOCATION_REFERENCES = Shape(
    canonical.LocationReferences,
    required("location_id", ci_string(39)),
    optional("evse_uids", many(ci_string(39))),
    optional("connector_ids", many(ci_string(36))),
)


def _take_authorization(decision: canonical.AuthorizationDecision) -> Mapping[str, Any]:
    return {"allowed": decision.allowed, "location": decision.location, "info": decision.info}


def _build_authorization(**values: Any) -> canonical.AuthorizationDecision:
    return canonical.AuthorizationDecision(provider=canonical.PartyId(*NOBODY), **values)


AUTHORIZATION_INFO = Shape(
    canonical.AuthorizationDecision,
    required("allowed", _ALLOWED),
    optional("location", LOCATION_REFERENCES.kind),
    optional("info", DISPLAY_TEXT.kind),
    build=_build_authorization,
    take=_take_authorization,
)
write_token, read_token_patch, write_authorization = TOKEN.write, TOKEN.read_patch, AUTHORIZATION_INFO.write


def read_token(body: Any, *, owner: canonical.PartyId) -> canonical.Token:
    """This function will read a token and put its provider in, whom the URL or the connection names; it raises BadFields."""
    return msgspec.structs.replace(TOKEN.read(body), country_code=owner.country_code, party_id=owner.party_id)


def read_authorization(body: Any, *, provider: canonical.PartyId) -> canonical.AuthorizationDecision:
    """This function will read an AuthorizationInfo of `provider`; 2.1.1 repeats no token and gives no reference. It raises BadFields."""
    return msgspec.structs.replace(AUTHORIZATION_INFO.read(body), provider=provider)


def read_authorization_request(
    *,
    token_uid: str,
    token_type: str | None,
    body: Any,
    operator: canonical.PartyId,
    receiver: canonical.PartyId | None,
    correlation_id: str,
) -> canonical.AuthorizationRequest:
    """This function will read POST {token_uid}/authorize with its optional LocationReferences; it raises BadFields.

    The version's requests name no type: `token_type` is the one under which the hub knows the token.
    """
    uid: str = read_value(name="token_uid", kind=ci_string(36), value=token_uid)
    location = None if body is None else LOCATION_REFERENCES.read(body)
    if location is not None:
        location = msgspec.structs.replace(location, connector_ids=())  # no other version has a word for them (ocpi §5.3)
    return canonical.AuthorizationRequest(
        operator=operator,
        token_uid=uid,
        token_type=token_type or "RFID",
        location=location,
        receiver=receiver,
        correlation_id=correlation_id,
    )


def write_authorization_request(request: canonical.AuthorizationRequest) -> dict[str, Any] | None:
    """This function will return the LocationReferences to send with an authorise request, or None where there are none."""
    return None if request.location is None else LOCATION_REFERENCES.write(request.location)
