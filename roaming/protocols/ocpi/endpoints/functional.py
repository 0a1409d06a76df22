"""What the doors of the functional modules share: the arrangement of a message, the way to its receiver, pushes and lists."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from roaming import canonical
from roaming.exchanges.quarantine import BadItem, quarantine
from roaming.gateways import Forward, Forwarded, PlatformOffline, gateway_for
from roaming.objects.announce import NoAgreement, UnknownParty
from roaming.objects.mapped import find_mapped
from roaming.objects.pages import Page
from roaming.objects.patches import PatchBreaksObject, UnknownObject
from roaming.parties.directory import PlatformEntry
from roaming.parties.profile import profile_of
from roaming.protocols.ocpi import limits, paging
from roaming.protocols.ocpi.article import Article
from roaming.protocols.ocpi.crossings import note_crossing
from roaming.protocols.ocpi.dialect import BadFields
from roaming.protocols.ocpi.endpoints.door import Door
from roaming.protocols.ocpi.envelope import CLIENT_ERROR, OcpiRefusal, bad_parameter, not_found, unknown_receiver, write_success
from roaming.protocols.ocpi.forwarding import LIMIT, NEXT_QUERY, TOTAL, find_article
from roaming.protocols.ocpi.paths import module_url
from roaming.protocols.ocpi.renaming import rename_body, renames
from roaming.protocols.ocpi.versions import DIALECTS, RECEIVER, SENDER, Interface
from roaming.revisions import ContradictingPeriod, Receipt, StampInFuture, Verdict, judge_put
from roaming.routing.arrangement import Arrangement, Direct, Refuse, choose_arrangement
from roaming.routing.sides import Side

logger = logging.getLogger(__name__)

S = TypeVar("S", bound=msgspec.Struct)

PUSH_SECONDS = 10.0
LIST_SECONDS = 20.0

# What a stored object can be that no version writes: a value that an older hub let in.
_UNWRITABLE = (BadFields, ValueError, TypeError, KeyError, AttributeError, ArithmeticError)

# Why the hub may not keep its own copy of what a receiver has already taken; the receiver's word stands.
_COPY_REFUSALS = (UnknownObject, PatchBreaksObject, ContradictingPeriod, StampInFuture, UnknownParty, NoAgreement)


class FunctionalDoor(Door):
    """A door of a functional module. `interface` is the side of the module that is called here."""

    interface: ClassVar[Interface]
    is_single = False  # the answer's data is one object

    def arrange(self, *, is_list: bool = False) -> Arrangement:
        """This function will place the message; it raises 2001 where it can go nowhere."""
        arrangement = choose_arrangement(
            to=self.address.receiver,
            hub=self.directory.hub.key,
            method=self.request.method or "",
            interface=self.interface,
            is_list=is_list,
            module=self.module,
        )
        if isinstance(arrangement, Refuse):
            raise bad_parameter(arrangement.reason.value)
        return arrangement

    def reach(self, receiver: canonical.PartyId) -> PlatformEntry:
        """This function will return the receiver's platform on the other side; it raises 4001 where no agreement leads there.

        A platform that is locked is a connection problem for those who have an agreement, and unknown to everybody else.
        """
        assert self.side is not None, "a functional door has callers of one side"
        self.responder = receiver
        operator, provider = (self.address.sender, receiver) if self.side is Side.OPERATOR else (receiver, self.address.sender)
        platform = self.directory.platform_on_side(receiver, self.side.opposite)
        if platform is None or not self.directory.is_agreed(operator=operator, provider=provider, module=self.module, on=self.at.date()):
            raise unknown_receiver()
        if not platform.is_routable:
            raise PlatformOffline("the receiver's platform is locked or suspended")
        return platform

    def forward(
        self,
        receiver: canonical.PartyId,
        platform: PlatformEntry,
        *,
        path: tuple[str, ...],
        query: Mapping[str, str] | None = None,
        message: object = None,
        changes: Mapping[str, Any] | None = None,
        seconds: float = PUSH_SECONDS,
    ) -> Forwarded:
        """This function will pass the request on and wait for the receiver's answer; it raises a GatewayRefusal, or 404 as answered."""
        assert self.side is not None
        request = self._forward_request(receiver, platform, path=path, query=query, message=message, changes=changes, seconds=seconds)
        forwarded = gateway_for(platform).forward(request)
        if forwarded.http_status == 404:
            raise OcpiRefusal("not found", http=404, code=forwarded.status_code or CLIENT_ERROR)
        return forwarded

    def _forward_request(
        self,
        receiver: canonical.PartyId,
        platform: PlatformEntry,
        *,
        path: tuple[str, ...],
        query: Mapping[str, str] | None = None,
        message: object = None,
        changes: Mapping[str, Any] | None = None,
        seconds: float = PUSH_SECONDS,
    ) -> Forward:
        assert self.side is not None
        return Forward(
            sender=self.address.sender,
            receiver=receiver,
            receiver_role=next(role for role in self.side.opposite.roles if (role, receiver) in platform.roles),
            module=self.module,
            interface=self.interface,
            method=self.request.method or "",
            path=path,
            query=query or {},
            message=message,
            changes=changes,
            correlation_id=self.ids.correlation_id,
            deadline_seconds=seconds,
        )

    def written(self, article: Article[S], message: Any, *, owner: canonical.PartyId | None = None) -> dict[str, Any] | None:
        """This function will write an object in the caller's version and count what that loses; None where it must not cross."""
        crossing = article.cross(message)
        teller = owner or getattr(message, "owner", None) or self.responder or self.address.sender
        note_crossing(
            crossing=crossing,
            message=message,
            owner=teller,
            receiver=self.address.sender,
            module=self.module,
            version=self.dialect.number,
            at=self.at,
        )
        if crossing.body is None:
            return None
        told: dict[str, Any] = self.manner.write(
            crossing.body,
            dialect=self.dialect,
            shape=article.shape,
            owner=teller,
            receiver=self.address.sender,
            module=self.module,
        )
        if renames(self.caller.platform):
            is_part = isinstance(message, canonical.Evse | canonical.Connector)
            told = rename_body(module=self.module, body=told, owner=teller, is_part=is_part)
        return told

    def own_id(self, told: str) -> tuple[canonical.PartyId | None, str]:
        """This function will return the owner, where it is known, and the owner's id of what the caller names."""
        found = find_mapped(mapped_id=told) if renames(self.caller.platform) else None
        return found or (None, told)

    def found(self, article: Article[S], message: Any, *, owner: canonical.PartyId | None = None) -> dict[str, Any]:
        """This function will write an object in the caller's version; what must not cross is not there: it raises the one 404."""
        body = self.written(article, message, owner=owner)
        if body is None:
            raise not_found()
        self.is_single = True
        return body

    def relay(self, forwarded: Forwarded, data: Any = None, headers: Mapping[str, str] | None = None) -> HttpResponse:
        """This function will answer with the receiver's own status and message, and with data that was read and written anew."""
        told = [data] if self.is_single and self._wraps() else data
        body = write_success(told, at=self.at, code=forwarded.status_code, message=forwarded.status_message or None)
        return self.answer(body, http=201 if forwarded.http_status == 201 else 200, headers=headers)

    def success(
        self, data: Any = None, *, http: int = 200, headers: Mapping[str, str] | None = None, message: str | None = None
    ) -> HttpResponse:
        """This function will return an answer with status 1000; a single object in a list of one for a caller who speaks so."""
        return super().success([data] if self.is_single and self._wraps() else data, http=http, headers=headers, message=message)

    def _wraps(self) -> bool:
        return self.manner.profile.objects == "listed"

    def receipt(self, receipt: Receipt) -> HttpResponse:
        """This function will answer for a stored push: 201 for a new object, a marker for a repeat, a word for one that came too late."""
        if receipt.verdict is Verdict.STALE:
            return self.success(message="older than what is known: ignored")
        headers = {"X-Hub-Replay": "1"} if receipt.verdict is Verdict.SAME else None
        return self.success(http=201 if receipt.created else 200, headers=headers)


class PushDoor(FunctionalDoor):
    """A Receiver interface whose objects are for everybody or for one party: locations, tariffs and tokens."""

    interface: ClassVar[Interface] = RECEIVER

    def push(
        self,
        store: Callable[[canonical.PartyId | None, bool], Receipt],
        *,
        path: tuple[str, ...],
        last_updated: datetime | None = None,
        query: Mapping[str, str] | None = None,
        message: object = None,
        changes: Mapping[str, Any] | None = None,
    ) -> HttpResponse:
        """This function will pass a push on to the one it is addressed to, or store it for everybody.

        `store(audience, deliver)` keeps the hub's copy. What one party alone was told is stored only once it has taken it, and is
        never shown to anybody else (ocpi §2.2).
        """
        arrangement = self.arrange()
        if not isinstance(arrangement, Direct):
            return self.receipt(store(None, True))
        receiver = arrangement.receiver
        platform = self.reach(receiver)
        if platform.protocol != "ocpi":
            return self.receipt(store(receiver, True))
        if last_updated is not None:
            judge_put(stored=None, digest=b"", last_updated=last_updated, at=self.at)  # a stamp of next year goes nowhere
        if changes is not None and self._needs_whole(receiver, platform, path, changes):
            return self.receipt(store(receiver, True))
        forwarded = self.forward(receiver, platform, path=path, query=query, message=message, changes=changes)
        try:
            store(receiver, False)
        except _COPY_REFUSALS as refusal:
            logger.warning("no copy of a direct push was kept", extra={"ocpi_module": self.module, "reason": type(refusal).__name__})
        return self.relay(forwarded)

    def _needs_whole(self, receiver: canonical.PartyId, platform: PlatformEntry, path: tuple[str, ...], changes: Mapping[str, Any]) -> bool:
        # A PATCH that the receiver's version cannot say is merged into the hub's copy, and the whole leaves through the outbox.
        dialect = DIALECTS.get(platform.version)
        if dialect is None:
            return False
        if profile_of(platform.profile).changes == "put":
            return True
        request = self._forward_request(receiver, platform, path=path, changes=changes)
        return find_article(request=request, dialect=dialect).write_patch(changes) is None

    def stored(
        self, article: Article[S], find: Callable[[], S | None], *, path: tuple[str, ...], query: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """This function will answer GET of an own object: as the receiver keeps it, or as the hub does."""
        self.own_party()
        arrangement = self.arrange()
        if isinstance(arrangement, Direct):
            platform = self.reach(arrangement.receiver)
            if platform.protocol == "ocpi":
                forwarded = self.forward(arrangement.receiver, platform, path=path, query=query)
                return self.relay(forwarded, self.found(article, forwarded.data, owner=self.address.sender))
        found = find()
        if found is None:
            raise not_found()
        return self.success(self.found(article, found, owner=self.address.sender))


class ListDoor(FunctionalDoor):
    """A Sender interface that offers a list."""

    interface: ClassVar[Interface] = SENDER
    needs_date_from: ClassVar[bool] = False

    def limit_of(self, request: Request) -> limits.Limit:
        """This function will count lists by themselves: they cost the most."""
        return limits.LISTS if request.method == "GET" else self.limit

    def listing(self, article: Article[S], find: Callable[[paging.PageRequest], Page[S]]) -> HttpResponse:
        """This function will answer a page: of the store where the hub is asked, of the party where one is named.

        The follow-up of a Link may come without routing headers; the party stands in its query.
        """
        query = self.request.query_params.dict()
        page = paging.read_page_request(query, needs_date_from=self.needs_date_from)
        if page.party is not None and self.address.receiver is None:
            self.address = msgspec.structs.replace(self.address, receiver=page.party)
        elif self.address.receiver is None and self._means_hub(page):
            self.address = msgspec.structs.replace(self.address, receiver=self.directory.hub.key)
        arrangement = self.arrange(is_list=True)
        url = module_url(self.dialect.number, self.module, SENDER)
        if isinstance(arrangement, Direct):
            platform = self.reach(arrangement.receiver)
            if platform.protocol == "ocpi":
                return self._forward_list(article, arrangement.receiver, platform, query, url)
            raise PlatformOffline("the receiver keeps no list of its own")
        found = find(page)
        headers = paging.page_headers(url=url, page=page, total=found.total, cursor=found.next)
        return self.success(self._write_all(article, found.items), headers=headers)

    def _means_hub(self, page: paging.PageRequest) -> bool:
        if page.cursor is not None or not self.dialect.routes:
            return True
        self.observe("missing_receiver", "hub", "a list asked without OCPI-to headers")
        return self.manner.profile.missing_receiver == "hub"

    def _write_all(self, article: Article[S], items: Sequence[Any]) -> list[dict[str, Any]]:
        """This function will write every object; one that cannot be written is set aside, and the rest goes on."""
        written: list[dict[str, Any]] = []
        for item in items:
            try:
                body = self.written(article, item)
            except _UNWRITABLE as problem:
                self._set_aside(item, f"cannot be written: {type(problem).__name__}: {problem}")
                continue
            if body is not None:
                written.append(body)
        return written

    def _set_aside(self, item: Any, reason: str) -> None:
        owner = getattr(item, "owner", None) or self.responder or self.directory.hub.key
        logger.error("an object of a list was left out", extra={"ocpi_module": self.module, "reason": reason[:200]})
        quarantine(
            platform_id=self.caller.platform.id,
            owner=owner,
            module=self.module,
            items=[BadItem(canonical.to_builtins(item), reason)],
            correlation_id=self.ids.correlation_id,
            at=self.at,
        )

    def _forward_list(
        self, article: Article[S], receiver: canonical.PartyId, platform: PlatformEntry, query: Mapping[str, str], url: str
    ) -> HttpResponse:
        asked = {name: value for name, value in query.items() if name != paging.PARTY}
        forwarded = self.forward(receiver, platform, path=(), query=asked, seconds=LIST_SECONDS)
        items = forwarded.data if isinstance(forwarded.data, Sequence) else ()
        headers = {"X-Limit": forwarded.headers.get(LIMIT) or str(paging.MOST_PER_PAGE)}
        if total := forwarded.headers.get(TOTAL):
            headers["X-Total-Count"] = total
        if following := forwarded.headers.get(NEXT_QUERY):
            headers["Link"] = f'<{url}?{following}&{paging.PARTY}={receiver}>; rel="next"'
        return self.relay(forwarded, self._write_all(article, items), headers)


def check_same(**pairs: tuple[str, str]) -> None:
    """This function will raise BadFields where a field of the body is not what the path says; each pair is (in the body, in the path)."""
    wrong = [(name, "the same as in the address") for name, (body, path) in pairs.items() if body.upper() != path.upper()]
    if wrong:
        raise BadFields(wrong)
