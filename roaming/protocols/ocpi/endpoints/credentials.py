"""Credentials: a partner registers, renews, and leaves (OCPI 2.2.1, credentials).

Neither POST nor PUT runs in a transaction: both call the partner back before they answer.
"""

from django.http import HttpResponse
from rest_framework.request import Request

from roaming.parties.claims import list_pending
from roaming.parties.register import end_registration
from roaming.protocols.ocpi import handshake
from roaming.protocols.ocpi.announcements import announce_states
from roaming.protocols.ocpi.authentication import presented_token
from roaming.protocols.ocpi.endpoints.door import Door
from roaming.protocols.ocpi.envelope import OcpiRefusal


class NotNow(OcpiRefusal):
    """The method does not fit the state of the registration: HTTP 405 (credentials §POST, PUT and DELETE)."""

    def __init__(self, message: str, *allowed: str) -> None:
        super().__init__(message, http=405, headers={"Allow": ", ".join(allowed)})


class Credentials(Door):
    """GET, POST, PUT and DELETE credentials."""

    module = "credentials"

    def get(self, request: Request, version: str) -> HttpResponse:
        """This function will return the hub's credentials with the token of this request: tokens are kept as hashes only."""
        return self._answer(presented_token(headers=self.headers_read, caller=self.caller))

    def post(self, request: Request, version: str) -> HttpResponse:
        """This function will register a platform that shows token A."""
        if self.caller.kind != "A":
            raise NotNow("this platform is registered: use PUT", "GET", "PUT", "DELETE")
        return self._answer(
            handshake.accept_registration(
                platform=self.caller.platform,
                dialect=self.dialect,
                credentials=self.dialect.credentials.read(self.body()),
                at=self.at,
                correlation_id=self.ids.correlation_id,
            )
        )

    def put(self, request: Request, version: str) -> HttpResponse:
        """This function will renew a registration; the connection switches to the version of this endpoint."""
        if self.caller.kind == "A":
            raise NotNow("this platform is not registered: use POST", "GET", "POST")
        return self._answer(
            handshake.renew(
                platform=self.caller.platform,
                dialect=self.dialect,
                credentials=self.dialect.credentials.read(self.body()),
                at=self.at,
                correlation_id=self.ids.correlation_id,
            )
        )

    def delete(self, request: Request, version: str) -> HttpResponse:
        """This function will end a registration: both tokens are dead, nothing is sent any more."""
        if self.caller.kind == "A":
            raise NotNow("this platform is not registered", "GET", "POST")
        end_registration(platform=self.caller.platform, at=self.at)
        announce_states(at=self.at)
        return self.success()

    def _answer(self, token: str) -> HttpResponse:
        announce_states(at=self.at)
        own = handshake.own_credentials(
            token=token, dialect=self.dialect, directory=self.directory, platform=self.caller.platform, on=self.at.date()
        )
        waiting = list_pending(platform=self.caller.platform)
        told = f"waiting for the hub's operator: {', '.join(waiting)}" if waiting else None
        return self.success(self.dialect.credentials.write(own), message=told)
