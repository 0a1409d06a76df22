"""One request of OCPI that the lane answers itself: who calls, for whom, and what every answer carries.

`enter` does what the doors of `roaming.protocols.ocpi.endpoints` do first, with the same functions. Where it finds anything that is
not the plain case it returns None, and Django says what is wrong.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from time import monotonic
from typing import Literal
from urllib.parse import unquote

from asgiref.typing import HTTPScope

from roaming.canonical import PartyId, Role
from roaming.gateways import PlatformOffline
from roaming.parties import directory
from roaming.parties.directory import Caller, Directory, PlatformEntry
from roaming.parties.liveness import is_arrival_due
from roaming.protocols.ocpi.addressing import (
    FROM_COUNTRY,
    FROM_PARTY,
    TO_COUNTRY,
    TO_PARTY,
    Address,
    Ids,
    answer_headers,
    find_pair,
    read_address,
    read_ids,
)
from roaming.protocols.ocpi.authentication import authenticate
from roaming.protocols.ocpi.envelope import OcpiRefusal, bad_parameter, not_found, unknown_receiver
from roaming.protocols.ocpi.versions import Dialect, VersionNotSpoken, get_dialect
from roaming.routing.arrangement import Direct, Refuse, choose_arrangement
from roaming.routing.sides import Side

_READ = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-type",
        b"x-request-id",
        b"x-correlation-id",
        FROM_COUNTRY.encode(),
        FROM_PARTY.encode(),
        TO_COUNTRY.encode(),
        TO_PARTY.encode(),
    }
)
_NO_IDS = Ids(request_id="", correlation_id="")
_ENTERS_BY = ("authorization", FROM_COUNTRY, FROM_PARTY, TO_COUNTRY, TO_PARTY)
_ENTRY_SECONDS = 1.0
_MOST_ENTRIES = 8192


@dataclass(slots=True)
class Visit:
    """A request whose caller and address are known. `named` are the parts of its path, decoded; `body` comes when it is read."""

    scope: HTTPScope
    named: dict[str, str]
    at: datetime
    started: float
    headers: dict[str, str]
    directory: Directory
    stamp: object  # of the directory
    caller: Caller
    address: Address
    dialect: Dialect
    side: Side
    module: str
    interface: Literal["SENDER", "RECEIVER"]
    requester: PartyId
    is_arrival_due: bool  # whether the caller's sign of life is to be written down
    body: bytes = b""
    responder: PartyId | None = None
    error: str = ""

    def own_party(self) -> PartyId:
        """This function will return the owner that the path names; it raises the one 404, or 2001, as the doors of Django do."""
        named = _owner(self.named)
        if named is None or all(key != named for _, key in self.caller.platform.roles):
            raise not_found()
        if named != self.address.sender:
            raise bad_parameter("OCPI-from-country-code, OCPI-from-party-id: not the owner that the path names")
        return named

    def direct_receiver(self) -> PartyId | None:
        """This function will return the party that is addressed and may be reached, or None for the hub; it raises 2001, 4001 or 4003."""
        arrangement = choose_arrangement(
            to=self.address.receiver,
            hub=self.directory.hub.key,
            method=self.scope["method"],
            interface=self.interface,
            is_list=False,
            module=self.module,
        )
        if isinstance(arrangement, Refuse):
            raise bad_parameter(arrangement.reason.value)
        if not isinstance(arrangement, Direct):
            return None
        self.reach(arrangement.receiver)
        return arrangement.receiver

    def reach(self, receiver: PartyId) -> PlatformEntry:
        """This function will return the receiver's platform on the other side; it raises 4001, or PlatformOffline where it is locked."""
        self.responder = receiver
        sender = self.address.sender
        operator, provider = (sender, receiver) if self.side is Side.OPERATOR else (receiver, sender)
        platform = self.directory.platform_on_side(receiver, self.side.opposite)
        if platform is None or not self.directory.is_agreed(operator=operator, provider=provider, module=self.module, on=self.at.date()):
            raise unknown_receiver()
        if not platform.is_routable:
            raise PlatformOffline("the receiver's platform is locked or suspended")
        return platform

    @property
    def ends(self) -> tuple[PartyId, PartyId]:
        """Requester and responder, as the answer's headers name them."""
        return self.requester, self.responder or self.address.receiver or self.directory.hub.key

    def answer_headers(self) -> list[tuple[bytes, bytes]]:
        """This function will return the headers that every answer carries, as bytes of the wire."""
        ids = self.address.ids
        return [
            (b"x-request-id", ids.request_id.encode("ascii")),
            (b"x-correlation-id", ids.correlation_id.encode("ascii")),
            *_headers_between(*self.ends),
        ]


@lru_cache(maxsize=4096)
def _headers_between(requester: PartyId, responder: PartyId) -> tuple[tuple[bytes, bytes], ...]:
    told = answer_headers(ids=_NO_IDS, requester=requester, responder=responder)
    routing = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in told.items() if value]
    return (*routing, (b"content-type", b"application/json"), (b"cache-control", b"no-store"))


@dataclass(slots=True)
class _Entry:
    """What the headers of a caller came to, but for its two ids: good for as long as the routing table, and a second at most."""

    caller: Caller
    sender: PartyId
    role: Role
    receiver: PartyId | None
    requester: PartyId | None
    until: float


class _Entries:
    """The entries of one routing table. A partner's headers are the same from one request to the next."""

    def __init__(self) -> None:
        self.table: Directory | None = None
        self._known: dict[tuple[object, ...], _Entry] = {}

    def find(self, key: tuple[object, ...], table: Directory, now: float) -> _Entry | None:
        if table is not self.table:
            self.table, self._known = table, {}
        entry = self._known.get(key)
        return entry if entry is not None and now < entry.until else None

    def keep(self, key: tuple[object, ...], entry: _Entry) -> None:
        if len(self._known) >= _MOST_ENTRIES:
            self._known.clear()
        self._known[key] = entry


_entries = _Entries()


def enter(
    *,
    scope: HTTPScope,
    named: dict[str, str],
    module: str,
    side: Side,
    interface: Literal["SENDER", "RECEIVER"],
) -> Visit | None:
    """This function will let the caller in, or return None: Django then refuses, or does what a first visit needs."""
    headers = read_headers(scope)
    at, started = datetime.now(UTC), monotonic()
    stamp = directory.latest_stamp()  # first: where a new table comes in between, it is compared once more
    known = directory.latest()
    owner = _owner(named)
    key = (*map(headers.get, _ENTERS_BY), module, side, owner)
    entry = _entries.find(key, known, started)
    is_due = False
    try:
        dialect = get_dialect(named["version"])
        if not dialect.routes:  # 2.1.1 has no routing headers and words of its own for refusals
            return None
        if entry is None:
            entry = _read_entry(headers, known, module=module, side=side, owner=owner, at=at, now=started)
            _entries.keep(key, entry)
            is_due = is_arrival_due(caller=entry.caller, at=at)
    except (OcpiRefusal, VersionNotSpoken):
        return None
    if entry.caller.is_first_use:  # it ends the caller's older tokens
        return None
    return Visit(
        scope=scope,
        named=named,
        at=at,
        started=started,
        headers=headers,
        directory=known,
        stamp=stamp,
        caller=entry.caller,
        address=Address(sender=entry.sender, sender_role=entry.role, receiver=entry.receiver, ids=read_ids(headers)),
        requester=entry.requester or entry.sender,
        is_arrival_due=is_due,
        dialect=dialect,
        side=side,
        module=module,
        interface=interface,
    )


def _read_entry(
    headers: dict[str, str], known: Directory, *, module: str, side: Side, owner: PartyId | None, at: datetime, now: float
) -> _Entry:
    caller = authenticate(headers=headers, directory=known, module=module, at=at)
    address = read_address(headers=headers, caller=caller, side=side, owner=owner)
    return _Entry(
        caller=caller,
        sender=address.sender,
        role=address.sender_role,
        receiver=address.receiver,
        requester=find_pair(headers, FROM_COUNTRY, FROM_PARTY),
        until=now + _ENTRY_SECONDS,
    )


def read_headers(scope: HTTPScope) -> dict[str, str]:
    """This function will return the headers that OCPI reads, duplicates joined by a comma as a WSGI server joins them."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name in _READ:
            key, text = name.decode(), value.decode("latin-1")
            headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers


def segment(raw: bytes) -> str:
    """This function will decode one part of a path by itself, as `roaming.protocols.ocpi.paths.Segment` does."""
    text = raw.decode("ascii", "replace")
    return unquote(text, errors="replace") if "%" in text else text


def _owner(named: dict[str, str]) -> PartyId | None:
    if "country_code" not in named:
        return None
    return PartyId(named["country_code"].upper(), named["party_id"].upper())
