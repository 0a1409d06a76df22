"""The versions list and a version's details: the only addresses that partners are told; they find the rest there."""

from django.http import HttpResponse
from rest_framework.request import Request

from roaming.protocols.ocpi.endpoints.door import Door
from roaming.protocols.ocpi.envelope import not_found
from roaming.protocols.ocpi.kept import find_list
from roaming.protocols.ocpi.passing import name_of, passes, spellings_of
from roaming.protocols.ocpi.paths import details_url, list_endpoints
from roaming.protocols.ocpi.personas import persona_for
from roaming.protocols.ocpi.versions import DIALECTS


class Versions(Door):
    """GET versions (OCPI 2.2.1, version_information_endpoint)."""

    module = "versions"
    needs_version = False

    def get(self, request: Request) -> HttpResponse:
        """This function will list every version that works for this connection, and no other.

        OCPI 2.1.1 has one page per persona of the hub, and none for a connection that hosts operators and providers together.
        """
        persona = persona_for(self.caller.platform)
        offered = [
            {"version": number, "url": details_url(number) if dialect.routes else f"{details_url(number)}/{persona}"}
            for number, dialect in DIALECTS.items()
            if dialect.routes or persona is not None
        ]
        return self.success(offered)


class VersionDetails(Door):
    """GET version details."""

    module = "versions"

    def get(self, request: Request, version: str, persona: str | None = None) -> HttpResponse:
        """This function will list one endpoint per module and side; without sides, those of the hub's persona for this connection."""
        own = None if self.dialect.routes else persona_for(self.caller.platform)
        if (persona is not None and persona != own) or not (self.dialect.routes or own):
            raise not_found()
        endpoints = list_endpoints(self.dialect, own, passed_on=self._passed_on())
        return self.success({"version": self.dialect.number, "endpoints": endpoints})

    def _passed_on(self) -> list[str]:
        """This function will list the modules that an agreement of the caller names, as the caller itself spells them.

        One of which the hub keeps a list is shown to those who serve it themselves, too.
        """
        own = {identifier for identifier, _ in self.caller.platform.endpoints}
        agreed = set(self.directory.list_passed_on(self.caller.platform, on=self.at.date()))
        agreed |= {name for identifier in own if find_list(name := name_of(identifier)) is not None}
        return [
            next((spelling for spelling in spellings_of(module) if spelling in own), module)
            for module in sorted(agreed)
            if passes(module=module, version=self.dialect.number)
        ]


class Nowhere(Door):
    """Every other address below /ocpi: 401 to strangers, 404 to partners, in an envelope."""

    module = "versions"
    needs_version = False

    def get(self, request: Request, path: str = "") -> HttpResponse:
        """This function will say that nothing is here."""
        raise not_found()

    post = put = patch = delete = get
