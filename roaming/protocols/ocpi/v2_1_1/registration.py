"""Credentials of OCPI 2.1.1: one party, and its role is told by nothing but the page it calls (credentials §Credentials object)."""

from collections.abc import Mapping
from typing import Any

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, required
from roaming.protocols.ocpi.kinds import COUNTRY_CODE, PARTY_ID, URL, matching
from roaming.protocols.ocpi.v2_1_1.locations import BUSINESS_DETAILS
from roaming.protocols.ocpi.visitors import Credentials, CredentialsRole

_TOKEN = matching(r"[\x21-\x7e]{1,64}", "a token of 1 to 64 printable ASCII characters without blanks")


def _build(
    *, token: str, url: str, country_code: str, party_id: str, business_details: canonical.BusinessDetails, **values: Any
) -> Credentials:
    role = CredentialsRole(role="", country_code=country_code, party_id=party_id, business_details=business_details)
    return Credentials(token=token, url=url, roles=(role,), **values)


def _take(credentials: Credentials) -> Mapping[str, Any]:
    (role, *_) = credentials.roles
    return {
        "token": credentials.token,
        "url": credentials.url,
        "business_details": role.business_details or canonical.BusinessDetails(name=str(role.party)),
        "party_id": role.party_id,
        "country_code": role.country_code,
    }


CREDENTIALS = Shape(
    Credentials,
    required("token", _TOKEN),
    required("url", URL),
    required("business_details", BUSINESS_DETAILS.kind),
    required("party_id", PARTY_ID),
    required("country_code", COUNTRY_CODE),
    build=_build,
    take=_take,
)
