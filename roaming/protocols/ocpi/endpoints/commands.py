"""Commands of providers and the results of operators (OCPI 2.2.1, mod_commands).

The operator is told an address of the hub for its result, with a secret in it; the provider's own stays here.
"""

from typing import Any, TypeVar

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from roaming import canonical
from roaming.commands.passing import receive_passed
from roaming.commands.receiver import UnknownSubject
from roaming.commands.relay import RESULT_TYPES, Relayed, module_awaited, receive_result
from roaming.protocols.ocpi.addressing import FROM_COUNTRY, FROM_PARTY, find_pair
from roaming.protocols.ocpi.article import Article
from roaming.protocols.ocpi.dialect import BadFields, encode
from roaming.protocols.ocpi.endpoints.door import Door
from roaming.protocols.ocpi.endpoints.orders import OrderDoor
from roaming.protocols.ocpi.envelope import not_found
from roaming.protocols.ocpi.versions import VersionNotSpoken, get_dialect

S = TypeVar("S", bound=msgspec.Struct)


class CommandReceiver(OrderDoor):
    """Where providers post START_SESSION, STOP_SESSION, RESERVE_NOW, CANCEL_RESERVATION and UNLOCK_CONNECTOR."""

    module = "commands"

    def post(self, request: Request, version: str, command: str) -> HttpResponse:
        """This function will hand the command on, and answer what the operator said."""
        order, response_url = self.dialect.read_command(name=command, body=self.body(), sender=self.address.sender)
        order = self._in_owners_words(order)
        try:
            response = self.hand_on(order, response_url=response_url)
        except UnknownSubject:
            response = _unknown(order)
        return self.success(self.dialect.command_response.write(response))

    def _in_owners_words(self, order: canonical.Command) -> canonical.Command:
        """This function will put the operator's own id in the place of the one under which the hub told the object, and address it."""
        field = "session_id" if isinstance(order, canonical.StopSession) else "location_id"
        owner, told = self.own_id(getattr(order, field, ""))
        if owner is None:
            return order
        self.address = msgspec.structs.replace(self.address, receiver=owner)
        renamed: canonical.Command = msgspec.structs.replace(order, **{field: told})
        return renamed


class CommandResult(Door):
    """The hub's address for the result of one command, or of one request about a charging profile.

    The key in it tells which; routing headers play no part (ocpi §2.6).
    """

    module = "commands"
    needs_version = False

    def post(self, request: Request, key: str) -> HttpResponse:
        """This function will take a result and pass it on to the provider; a repeat is answered and not passed on."""
        told = self.body()  # what is no JSON is 400 at every door, also at one that leads nowhere
        if not (key.isascii() and key.isprintable()):
            raise not_found()
        platform_id = self.caller.platform.id
        module = module_awaited(callback_key=key, platform_id=platform_id)
        if module not in RESULT_TYPES:
            body = encode(told).decode()
            relayed = receive_passed(callback_key=key, platform_id=platform_id, body=body, directory=self.directory, at=self.at)
            return self._answered(relayed)
        result = self._read(module)
        relayed = receive_result(callback_key=key, platform_id=platform_id, result=result, at=self.at)
        return self._answered(relayed)

    def _answered(self, relayed: Relayed) -> HttpResponse:
        headers = None if relayed is Relayed.FORWARDED else {"X-Hub-Replay": "1"}
        return self.success(headers=headers)

    def ends(self) -> tuple[canonical.PartyId | None, canonical.PartyId | None]:
        """This function will answer the party that calls, from the hub: whom it really speaks to is the provider's secret."""
        requester = find_pair(self.headers_read, FROM_COUNTRY, FROM_PARTY)
        return requester, self.directory.hub.key if hasattr(self, "directory") else None

    def _read(self, module: str) -> canonical.CommandResult | canonical.ProfileResult:
        try:
            dialect = get_dialect(self.caller.platform.version)
        except VersionNotSpoken:
            raise not_found() from None
        if module != "chargingprofiles":
            return self._read_result(dialect.command_result)
        if dialect.profiles is None:
            raise not_found()
        return self._read_result(dialect.profiles.result)

    def _read_result(self, article: Article[S]) -> S:
        body: Any = self.body()
        try:
            return article.read(body, owner=self.directory.hub.key)
        except BadFields:
            # Some wrap the result in an envelope like an answer (partners §2b, 37).
            if isinstance(body, dict) and isinstance(body.get("data"), dict):
                return article.read(body["data"], owner=self.directory.hub.key)
            raise


def _unknown(command: canonical.Command) -> canonical.CommandResponse:
    """This function will answer about a session or reservation that the provider does not have anywhere (§CommandResponseType)."""
    if isinstance(command, canonical.StopSession):
        return canonical.CommandResponse(result="UNKNOWN_SESSION", timeout=0)
    words = canonical.DisplayText(language="en", text="The reservation is not known.")
    return canonical.CommandResponse(result="REJECTED", timeout=0, message=(words,))
