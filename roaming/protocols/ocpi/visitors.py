"""What two platforms tell each other about themselves, in whatever version: who they are, and what they serve where."""

from datetime import datetime

from roaming import canonical


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
    """A token, where its owner's versions are, who is reached there, and (2.3.0) through which hub (credentials §Credentials object)."""

    token: str
    url: str
    roles: tuple[CredentialsRole, ...]
    hub_party_id: str | None = None


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
