"""The versions list and a version's details: the only addresses that partners are told; they find the rest there."""

from django.http import HttpResponse
from rest_framework.request import Request

from roaming.protocols.ocpi.endpoints.door import Door
from roaming.protocols.ocpi.envelope import not_found
from roaming.protocols.ocpi.paths import details_url, list_endpoints
from roaming.protocols.ocpi.versions import DIALECTS


class Versions(Door):
    """GET versions (OCPI 2.2.1, version_information_endpoint)."""

    module = "versions"
    needs_version = False

    def get(self, request: Request) -> HttpResponse:
        """This function will list every version that works, and no other."""
        return self.success([{"version": number, "url": details_url(number)} for number in DIALECTS])


class VersionDetails(Door):
    """GET version details."""

    module = "versions"

    def get(self, request: Request, version: str) -> HttpResponse:
        """This function will list one endpoint per module and side."""
        return self.success({"version": self.dialect.number, "endpoints": list_endpoints(self.dialect.number)})


class Nowhere(Door):
    """Every other address below /ocpi: 401 to strangers, 404 to partners, in an envelope."""

    module = "versions"
    needs_version = False

    def get(self, request: Request, path: str = "") -> HttpResponse:
        """This function will say that nothing is here."""
        raise not_found()

    post = put = patch = delete = get
