"""Charging profiles: what providers ask of operators about a session, and the limits in force that operators tell.

OCPI 2.2.1, mod_charging_profiles. As with commands the operator is told an address of the hub for its result; that comes to
`commands.CommandResult`.
"""

from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from roaming import canonical
from roaming.commands.profiles import list_profile_setters
from roaming.commands.receiver import UnknownSubject
from roaming.protocols.ocpi.endpoints.functional import FunctionalDoor
from roaming.protocols.ocpi.endpoints.orders import OrderDoor
from roaming.protocols.ocpi.envelope import bad_parameter, not_found
from roaming.protocols.ocpi.versions import SENDER, Interface, Profiles
from roaming.routing.arrangement import Direct
from roaming.routing.sides import Side


class ProfileDoor(FunctionalDoor):
    """A door of the module, in the versions that have it."""

    module = "chargingprofiles"

    @property
    def words(self) -> Profiles:
        """The version's words; a version without any has no such module, so that nobody comes here."""
        if self.dialect.profiles is None:
            raise not_found()
        return self.dialect.profiles


class ProfileReceiver(ProfileDoor, OrderDoor):
    """Where providers ask for the limits of a session, set them and clear them."""

    def get(self, request: Request, version: str, session_id: str) -> HttpResponse:
        """This function will ask for the limits in force; they come to the response_url."""
        return self._forward_request_of(session_id)

    def put(self, request: Request, version: str, session_id: str) -> HttpResponse:
        """This function will hand the limits on."""
        return self._forward_request_of(session_id, self.body())

    def delete(self, request: Request, version: str, session_id: str) -> HttpResponse:
        """This function will have the limits forgotten."""
        return self._forward_request_of(session_id)

    def _forward_request_of(self, session_id: str, body: Any = None) -> HttpResponse:
        order, response_url = self.words.read_request(
            method=self.request.method or "", session_id=session_id, query=self.request.query_params.dict(), body=body
        )
        try:
            response = self.hand_on(order, response_url=response_url)
        except UnknownSubject:
            response = canonical.CommandResponse(result="UNKNOWN_SESSION", timeout=0)
        return self.success(self.words.response.write(response))


class ActiveProfile(ProfileDoor):
    """Where operators tell the limits in force, whenever they change."""

    side = Side.OPERATOR
    interface: ClassVar[Interface] = SENDER

    def put(self, request: Request, version: str, session_id: str) -> HttpResponse:
        """This function will pass the limits on to the party that set some on this session, and to nobody else (§Sender Interface, PUT)."""
        session_id = self.object_id("session_id")
        active = self.words.active.read(self.body(), owner=self.address.sender)
        receiver = self._setter(session_id)
        forwarded = self.forward(receiver, self.reach(receiver), path=(session_id,), message=active)
        return self.relay(forwarded)

    def _setter(self, session_id: str) -> canonical.PartyId:
        arrangement = self.arrange()
        setters = [party.key for party in list_profile_setters(operator=self.address.sender, session_id=session_id)]
        if isinstance(arrangement, Direct):
            self.reach(arrangement.receiver)
            if arrangement.receiver not in setters:
                raise bad_parameter("OCPI-to-country-code, OCPI-to-party-id: not a party that set a charging profile on this session")
            return arrangement.receiver
        if not setters:
            raise not_found()
        return setters[0]
