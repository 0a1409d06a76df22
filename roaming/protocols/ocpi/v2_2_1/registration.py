"""What two platforms tell each other about themselves in OCPI 2.2.1: versions, version details, credentials and client infos."""

from typing import Any

from roaming.protocols.ocpi.dialect import Shape, many, optional, required
from roaming.protocols.ocpi.kinds import COUNTRY_CODE, INSTANT, OPEN_NAME, PARTY_ID, URL, matching, one_of
from roaming.protocols.ocpi.v2_2_1.locations import BUSINESS_DETAILS
from roaming.protocols.ocpi.visitors import ClientInfo, Credentials, CredentialsRole, EndpointOffer, Version, VersionDetails

_ROLE = one_of("CPO", "EMSP", "HUB", "NAP", "NSP", "OTHER", "SCSP")
# Only the token's body form has this alphabet; the header form is Base64 of it (transport_and_format §Authorization header).
TOKEN = matching(r"[\x21-\x7e]{1,64}", "a token of 1 to 64 printable ASCII characters without blanks")


CREDENTIALS_ROLE = Shape(
    CredentialsRole,
    required("role", _ROLE),
    required("business_details", BUSINESS_DETAILS.kind),
    required("party_id", PARTY_ID),
    required("country_code", COUNTRY_CODE),
)
CREDENTIALS = Shape(
    Credentials,
    required("token", TOKEN),
    required("url", URL),
    required("roles", many(CREDENTIALS_ROLE.kind, at_least=1)),
)
VERSION = Shape(Version, required("version", OPEN_NAME), required("url", URL))
# `role` is meaningless for credentials and missing in older versions: absent reads as SENDER (ocpi §3.8).
ENDPOINT = Shape(
    EndpointOffer,
    required("identifier", matching(r"[\x21-\x7e]{1,64}", "a module identifier")),
    optional("role", one_of("SENDER", "RECEIVER")),
    required("url", URL),
)
VERSION_DETAILS = Shape(
    VersionDetails,
    required("version", OPEN_NAME),
    required("endpoints", many(ENDPOINT.kind)),
)
CLIENT_INFO = Shape(
    ClientInfo,
    required("party_id", PARTY_ID),
    required("country_code", COUNTRY_CODE),
    required("role", _ROLE),
    required("status", one_of("CONNECTED", "OFFLINE", "PLANNED", "SUSPENDED")),
    required("last_updated", INSTANT),
)

read_credentials, write_credentials = CREDENTIALS.read, CREDENTIALS.write
read_version_details, write_version_details = VERSION_DETAILS.read, VERSION_DETAILS.write
read_client_info, write_client_info = CLIENT_INFO.read, CLIENT_INFO.write


def read_versions(data: Any) -> tuple[Version, ...]:
    """This function will read a versions list; it raises BadFields."""
    return tuple(VERSION.read(item) for item in data) if isinstance(data, list) else (VERSION.read(data),)
