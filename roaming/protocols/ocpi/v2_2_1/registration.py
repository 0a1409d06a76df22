"""What two platforms tell each other about themselves in OCPI 2.2.1: versions, version details, credentials and client infos."""

from datetime import datetime
from typing import Any

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, many, optional, required
from roaming.protocols.ocpi.kinds import COUNTRY_CODE, INSTANT, OPEN_NAME, PARTY_ID, URL, matching, one_of
from roaming.protocols.ocpi.v2_2_1.locations import BUSINESS_DETAILS

_ROLE = one_of("CPO", "EMSP", "HUB", "NAP", "NSP", "OTHER", "SCSP")
# Only the token's body form has this alphabet; the header form is Base64 of it (transport_and_format §Authorization header).
TOKEN = matching(r"[\x21-\x7e]{1,64}", "a token of 1 to 64 printable ASCII characters without blanks")


class CredentialsRole(canonical.Open, frozen=True, kw_only=True):
    """One party in one role on the other side (credentials §CredentialsRole)."""

    role: str
    country_code: str
    party_id: str
    business_details: canonical.BusinessDetails | None = None

    @property
    def party(self) -> canonical.PartyId:
        """The party's id in upper case."""
        return canonical.PartyId(self.country_code.upper(), self.party_id.upper())


class Credentials(canonical.Open, frozen=True, kw_only=True):
    """A token, where its owner's versions are, and who can be reached there (credentials §Credentials object)."""

    token: str
    url: str
    roles: tuple[CredentialsRole, ...]


class Version(canonical.Open, frozen=True, kw_only=True):
    """One supported version and where its details are (version_information_endpoint §Version)."""

    version: str
    url: str


class EndpointOffer(canonical.Open, frozen=True, kw_only=True):
    """One side of one module and where it is served (version_information_endpoint §Endpoint)."""

    identifier: str
    url: str
    role: str = "SENDER"


class VersionDetails(canonical.Open, frozen=True, kw_only=True):
    """Every endpoint of one version."""

    version: str
    endpoints: tuple[EndpointOffer, ...]


class ClientInfo(canonical.Open, frozen=True, kw_only=True):
    """A party behind the hub and whether it can be reached (mod_hub_client_info §ClientInfo)."""

    country_code: str
    party_id: str
    role: str
    status: str
    last_updated: datetime


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
