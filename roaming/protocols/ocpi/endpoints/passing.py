"""The generic router: modules that the hub does not read go to the party that is named, and its answer comes back (ocpi §1, §12.6).

Only between parties whose agreement names the module. Nothing is stored and nothing translated; addresses that would lead past the
hub are rewritten. Where the hub keeps a list of such a module itself, it answers for itself when it is addressed.
"""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from django.http import HttpResponse
from rest_framework.request import Request

from roaming import canonical
from roaming.commands.passing import promise_callback
from roaming.gateways import PlatformOffline
from roaming.parties.directory import PlatformEntry
from roaming.protocols.ocpi import paging
from roaming.protocols.ocpi.addressing import read_address
from roaming.protocols.ocpi.dialect import BadFields, encode
from roaming.protocols.ocpi.endpoints.door import KIB, Door
from roaming.protocols.ocpi.envelope import OcpiRefusal, bad_parameter, not_found, unknown_receiver, write_success
from roaming.protocols.ocpi.gateway import OcpiGateway
from roaming.protocols.ocpi.intake import NotJson
from roaming.protocols.ocpi.kept import Asked, Read, find_list
from roaming.protocols.ocpi.passing import RESPONSE_URL, Passage, Passed, is_for_everybody, name_of, passes, place_of, spellings_of
from roaming.protocols.ocpi.paths import module_url
from roaming.protocols.ocpi.tell_all import tell_all
from roaming.protocols.ocpi.versions import MODULES, RECEIVER, SENDER, Interface
from roaming.routing.sides import Side, side_of

_SECONDS = 20.0


class PassingDoor(Door):
    """One side of every module that passes through."""

    interface: ClassVar[Interface]
    body_limit: ClassVar[int] = 1024 * KIB  # an invoice names thousands of CDRs

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """This function will let the caller in, on whichever side it stands."""
        self.module = name_of(kwargs["name"])  # type: ignore[misc]
        super().initial(request, *args, **kwargs)
        self.address = read_address(headers=self.headers_read, caller=self.caller, side=None)

    def is_offered(self) -> bool:
        """This function will say whether the version may carry the module."""
        return self.module not in MODULES and passes(module=self.module, version=self.dialect.number)

    def ends(self) -> tuple[canonical.PartyId | None, canonical.PartyId | None]:
        """This function will return requester and responder: such modules are functional ones."""
        return self.routed_ends()

    def pass_on(self, request: Request, version: str, name: str, rest: tuple[str, ...] = ()) -> HttpResponse:
        """This function will check what can be checked unread, pass the request on, and relay the answer."""
        method = request.method or ""
        place = place_of(module=self.module, interface=self.interface, path=rest)
        if place.methods is not None and method not in place.methods:
            raise OcpiRefusal("this method is not offered here", http=405, headers={"Allow": ", ".join(sorted(place.methods))})
        if place.owner is not None and place.owner != self.address.sender:
            raise not_found()  # a client-owned object is pushed, and asked for, by its owner
        query, body = request.query_params.dict(), self.optional_body()
        named = self._named(query)
        if named == self.directory.hub.key and (read := self._own_list(rest)) is not None:
            return self._keep(read, query)
        if named == self.directory.hub.key and is_for_everybody(module=self.module, interface=self.interface, method=method, path=rest):
            return self._tell_all(method, rest, body)
        receiver = self._receiver(named)
        platform = self._reach(receiver)
        self._check_owner(body)
        passage = Passage(
            method=method,
            identifier=self._identifier(platform),
            interface=self.interface,
            path=rest,
            query={name: self._own(name, text, receiver, platform) for name, text in query.items() if name != paging.PARTY},
            body={key: self._own(key, value, receiver, platform) for key, value in body.items()} if isinstance(body, dict) else body,
            sender=self.address.sender,
            receiver=receiver,
            correlation_id=self.ids.correlation_id,
            seconds=_SECONDS,
        )
        return self._relay(OcpiGateway(platform).pass_on(passage), receiver, rest)

    get = post = put = patch = delete = pass_on

    def _own_list(self, rest: tuple[str, ...]) -> Read | None:
        return find_list(self.module) if self.request.method == "GET" and self.interface == SENDER and not rest else None

    def _keep(self, read: Read, query: Mapping[str, str]) -> HttpResponse:
        """This function will answer a page of the hub's own records."""
        page = paging.read_page_request(query)
        found = read(Asked(party=self.address.sender, date_from=page.date_from, date_to=page.date_to, offset=page.offset, limit=page.limit))
        headers = {"X-Total-Count": str(found.total), "X-Limit": str(paging.MOST_PER_PAGE)}
        if (following := page.offset + page.limit) < found.total:
            told = {**paging.write_query(page), "offset": str(following), paging.PARTY: str(self.directory.hub.key)}
            headers["Link"] = paging.write_link(module_url(self.dialect.number, self.kwargs["name"], SENDER), told)
        return self.success(list(found.items), headers=headers)

    def _tell_all(self, method: str, rest: tuple[str, ...], body: Any) -> HttpResponse:
        """This function will queue a push for every partner and answer at once (OCPI 2.2.1, transport_and_format §Broadcast Push)."""
        if body is None:
            raise NotJson("the body is empty")
        if side_of(self.address.sender_role) is not Side.OPERATOR:
            raise not_found()
        tell_all(
            directory=self.directory,
            module=self.module,
            sender=self.address.sender,
            role=self.address.sender_role,
            method=method,
            path=rest,
            body=encode(body).decode(),
            on=self.at.date(),
            correlation_id=self.ids.correlation_id,
        )
        return self.success()

    def _named(self, query: Mapping[str, str]) -> canonical.PartyId | None:
        if self.address.receiver is None and paging.PARTY in query:
            return paging.read_page_request({paging.PARTY: query[paging.PARTY]}).party
        return self.address.receiver

    def _receiver(self, receiver: canonical.PartyId | None) -> canonical.PartyId:
        if receiver is None or receiver == self.directory.hub.key:
            raise bad_parameter(f"OCPI-to-country-code, OCPI-to-party-id: {self.module} goes to the party that is named")
        self.responder = receiver
        return receiver

    def _reach(self, receiver: canonical.PartyId) -> PlatformEntry:
        """This function will return the receiver's platform, on the side on which the agreement has it; it raises 4001."""
        own = {side for role, key in self.caller.platform.roles if key == self.address.sender and (side := side_of(role))}
        found: list[PlatformEntry] = []
        for side in sorted(own):
            operator, provider = (self.address.sender, receiver) if side is Side.OPERATOR else (receiver, self.address.sender)
            platform = self.directory.platform_on_side(receiver, side.opposite)
            if platform and self.directory.is_agreed(operator=operator, provider=provider, module=self.module, on=self.at.date()):
                found.append(platform)
        if not found:
            raise unknown_receiver()
        found.sort(key=lambda platform: self._identifier(platform) == "")
        if not found[0].is_routable:
            raise PlatformOffline("the receiver's platform is locked or suspended")
        return found[0]

    def _identifier(self, platform: PlatformEntry) -> str:
        """This function will return the name under which the platform serves this side of the module, or nothing."""
        return next((name for name in spellings_of(self.module) if (name, self.interface) in platform.endpoints), "")

    def _check_owner(self, body: Any) -> None:
        # The one object whose POST has no owner in its address (ocpi §8.2).
        if self.module != "invoicereconciliation" or self.interface != RECEIVER or not isinstance(body, dict):
            return
        told = (str(body.get("country_code", "")).upper(), str(body.get("party_id", "")).upper())
        if told != self.address.sender:
            raise BadFields([("country_code", "the sender's own"), ("party_id", "the sender's own")])

    def _own(self, name: str, value: Any, receiver: canonical.PartyId, platform: PlatformEntry) -> Any:
        """This function will put an address of the hub in the place of the sender's own."""
        if name != RESPONSE_URL or not isinstance(value, str):
            return value
        asking, asked = self.directory.party(self.address.sender), self.directory.party(receiver)
        if asking is None or asked is None:
            raise unknown_receiver()
        return promise_callback(
            module=self.module,
            sender=asking,
            sender_platform=self.caller.platform,
            receiver=asked,
            receiver_platform=platform,
            response_url=value,
            correlation_id=self.ids.correlation_id,
            at=self.at,
        )

    def _relay(self, passed: Passed, receiver: canonical.PartyId, rest: tuple[str, ...]) -> HttpResponse:
        url = module_url(self.dialect.number, self.kwargs["name"], self.interface)
        headers = dict(passed.headers)
        if passed.following:
            path = "/".join(quote(part, safe="") for part in rest)
            headers["Link"] = f'<{url}{path}?{passed.following}&{paging.PARTY}={receiver}>; rel="next"'
        if passed.place is not None:
            path = "/".join(quote(part, safe="") for part in passed.place)
            headers["Location"] = f"{url}{path}?{paging.PARTY}={receiver}"
        body = write_success(passed.data, at=self.at, code=passed.code, message=passed.message or None)
        return self.answer(body, http=201 if passed.http == 201 else 200, headers=headers)


class PassingSender(PassingDoor):
    """What is asked of whoever owns a module's objects."""

    interface: ClassVar[Interface] = SENDER


class PassingReceiver(PassingDoor):
    """What is pushed to whoever receives a module's objects."""

    interface: ClassVar[Interface] = RECEIVER
