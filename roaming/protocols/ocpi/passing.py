"""Modules that pass through the hub as they come: invoice reconciliation, payments, bookings, and those that partners invent.

The hub does not read them. It knows their addresses and methods (ocpi §1), who owns what stands below an address, and which texts
are addresses that must lead back through the hub: `response_url`, `Link` and `Location`. PURE.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote, urlencode, urljoin, urlsplit

import msgspec

from roaming import canonical
from roaming.protocols.ocpi.client import Reply
from roaming.protocols.ocpi.dialect import BadFields
from roaming.protocols.ocpi.paging import PageRequest, next_query, read_page_request

RESPONSE_URL = "response_url"
_LONGEST_NAME = 32
_NUMBERS = {"x-total-count": "X-Total-Count", "x-limit": "X-Limit"}

# (side, path, methods): `*` is an id, `owner` the two parts that name whose object it is. The first that fits counts; an address
# that is not here is passed on, and the receiver decides.
_ADDRESSES: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "invoicereconciliation": (
        ("SENDER", "", "GET"),
        ("RECEIVER", "", "POST"),
        ("RECEIVER", "owner/*", "GET PUT DELETE"),
    ),
    "payments": (
        ("SENDER", "terminals", "GET"),
        ("SENDER", "terminals/activate", "POST"),
        ("SENDER", "terminals/*", "GET PATCH PUT"),
        ("SENDER", "terminals/*/deactivate", "POST"),
        ("SENDER", "financial-advice-confirmations", "GET"),
        ("SENDER", "financial-advice-confirmations/*", "GET"),
        ("RECEIVER", "terminals", "POST"),
        ("RECEIVER", "terminals/*", "GET"),
        ("RECEIVER", "financial-advice-confirmations", "POST"),
        ("RECEIVER", "financial-advice-confirmations/*", "GET"),
    ),
    "bookings": (
        ("SENDER", "", "GET POST"),
        ("SENDER", "booking_locations", "GET"),
        ("SENDER", "booking_locations/*", "GET"),
        ("SENDER", "booking_locations/*/*", "GET"),
        ("RECEIVER", "owner/booking_locations/*", "GET PATCH PUT"),
        ("RECEIVER", "owner/booking_locations/*/*", "GET PATCH PUT"),
        ("RECEIVER", "owner/*", "GET PATCH PUT"),
    ),
}
# What is meant for everybody may be addressed to the hub, as locations are (ocpi §1: FWD or BC). All else has one receiver.
_FOR_EVERYBODY: Mapping[str, tuple[str, int]] = {"bookings": ("booking_locations", 2)}
# The bookings edition prints its identifier in one way and its addresses in another (ocpi §11 #11).
_SPELLINGS = {"Booking": "bookings", "booking": "bookings", "Bookings": "bookings"}
_PARTS = {"bookinglocations": "booking_locations"}


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """A request on its way through. `identifier` is the receiver's spelling of the module, "" where it serves none."""

    method: str
    identifier: str
    interface: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    body: Any
    sender: canonical.PartyId
    receiver: canonical.PartyId
    correlation_id: str
    seconds: float


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """The receiver's answer. `following` is the query of the next page, `place` where a new object lies below the endpoint."""

    http: int
    code: int
    message: str
    data: Any
    headers: Mapping[str, str]
    following: str = ""
    place: tuple[str, ...] | None = None


class Place(NamedTuple):
    """What is known of an address: its methods, and the owner that it names. None each: not known."""

    methods: frozenset[str] | None
    owner: canonical.PartyId | None


def name_of(identifier: str) -> str:
    """This function will return the one name of a module that is spelt in several ways."""
    return _SPELLINGS.get(identifier, identifier)


def spellings_of(module: str) -> tuple[str, ...]:
    """This function will return every identifier under which partners may list a module, the hub's own first."""
    return (module, *(spelling for spelling, name in _SPELLINGS.items() if name == module))


def passes(*, module: str, version: str) -> bool:
    """This function will say whether a version has this module, and the hub passes it on.

    The named ones came with 2.3.0. A module of the partners' own has a prefix and a dash (OCPI 2.3.0, custom modules); it needs
    routing headers, which came with 2.2.
    """
    if not (len(module) <= _LONGEST_NAME and module.isascii() and module.isprintable()):
        return False
    return version == "2.3.0" if module in _ADDRESSES else "-" in module and version != "2.1.1"


def place_of(*, module: str, interface: str, path: Sequence[str]) -> Place:
    """This function will say which methods an address has, and whose object it names."""
    for side, pattern, methods in _ADDRESSES.get(module, ()):
        parts = pattern.replace("owner", "*/*").split("/") if pattern else []
        if side == interface and len(parts) == len(path) and all(_fits(*pair) for pair in zip(parts, path, strict=True)):
            owner = canonical.PartyId(path[0].upper(), path[1].upper()) if pattern.startswith("owner") else None
            return Place(frozenset(methods.split()), owner)
    return Place(None, None)


def is_for_everybody(*, module: str, interface: str, method: str, path: Sequence[str]) -> bool:
    """This function will say whether a push addressed to the hub goes to every partner: places that can be booked, never bookings."""
    name, place = _FOR_EVERYBODY.get(module, ("", 0))
    is_push = interface == "RECEIVER" and method in ("PUT", "PATCH")
    return is_push and len(path) > place > 0 and _fits(name, path[place])


def _fits(pattern: str, part: str) -> bool:
    return pattern in ("*", part, _PARTS.get(part))


def read_passed(passage: Passage, reply: Reply, *, url: str, endpoint: str) -> Passed:
    """This function will read a success: its data as it is, and where its Link and its Location lead."""
    numbers = {told: reply.headers[name] for name, told in _NUMBERS.items() if reply.headers.get(name, "").isdigit()}
    following: Mapping[str, str] | None = None
    if passage.method == "GET" and isinstance(reply.data, list):
        total = numbers.get("X-Total-Count", "")
        following = next_query(
            link=reply.headers.get("link"),
            request_url=url,
            page=_page_of(passage.query),
            count=len(reply.data),
            total=int(total) if 0 < len(total) < 10 else None,
        )
    place = _place_below(reply.headers.get("location", ""), endpoint, url)
    return Passed(
        http=reply.http,
        code=reply.code,
        message=reply.message,
        data=reply.data,
        headers=numbers,
        following=urlencode(following) if following else "",
        place=place,
    )


def _page_of(query: Mapping[str, str]) -> PageRequest:
    try:
        return read_page_request({name: query[name] for name in ("date_from", "date_to", "offset", "limit") if name in query})
    except BadFields:
        return PageRequest()  # the receiver took it


def _place_below(location: str, endpoint: str, request_url: str) -> tuple[str, ...] | None:
    if not location:
        return None
    target, base = urlsplit(urljoin(request_url, location)), urlsplit(endpoint)
    root = base.path.rstrip("/") + "/"
    if (target.scheme, target.netloc) != (base.scheme, base.netloc) or not target.path.startswith(root):
        return None
    return tuple(unquote(part) for part in target.path[len(root) :].split("/") if part)
