"""Who speaks to whom: the routing headers and the two ids of a request, and how they return in the answer.

Identity is the token only. The from-party must be hosted on the caller's platform, in a role of the side that calls this interface;
what a header claims beyond that is refused (OCPI 2.2.1, transport_and_format §Message Routing; reliability T4, T19).
"""

import re
import uuid
from collections.abc import Mapping

import msgspec

from roaming import canonical
from roaming.parties.directory import Caller
from roaming.parties.profile import profile_of
from roaming.protocols.ocpi.envelope import bad_parameter, not_found
from roaming.routing.sides import Side, side_of

FROM_COUNTRY, FROM_PARTY = "ocpi-from-country-code", "ocpi-from-party-id"
TO_COUNTRY, TO_PARTY = "ocpi-to-country-code", "ocpi-to-party-id"
REQUEST_ID, CORRELATION_ID = "x-request-id", "x-correlation-id"

_ID = re.compile(r"[\x21-\x7e]{1,128}")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_PARTY = re.compile(r"[A-Za-z0-9]{3}")


class Ids(msgspec.Struct, frozen=True):
    """The two ids of a request. The request id is of this hop, the correlation id of the whole way."""

    request_id: str
    correlation_id: str


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Sender and receiver of one request. `receiver` None: the headers were absent, the hub must find out (open routing)."""

    sender: canonical.PartyId
    sender_role: canonical.Role
    receiver: canonical.PartyId | None
    ids: Ids


def read_ids(headers: Mapping[str, str]) -> Ids:
    """This function will read the two ids; one that is absent or could not stand in a header or a log is replaced by a new UUID."""
    return Ids(request_id=_id(headers.get(REQUEST_ID)), correlation_id=_id(headers.get(CORRELATION_ID)))


def read_address(*, headers: Mapping[str, str], caller: Caller, side: Side | None, owner: canonical.PartyId | None = None) -> Address:
    """This function will read the routing headers of a functional module whose caller stands on `side` (None: on either).

    `headers` has lower-case names, duplicates joined by a comma. Without from-headers the sender is the `owner` whom the path
    names, or the one party of that side on the connection. It raises OcpiRefusal: 2001 for half pairs, duplicates, misspelt or
    foreign parties, 404 where the sender is no party of this side.
    """
    receiver = read_pair(headers, TO_COUNTRY, TO_PARTY)
    sender = read_pair(headers, FROM_COUNTRY, FROM_PARTY)
    hosted = caller.platform.roles
    if sender is None:
        eligible = sorted({key for role, key in hosted if side_of(role) is side or (side is None and side_of(role))})
        if not eligible or (owner is not None and owner not in eligible):
            raise not_found()
        default = profile_of(caller.platform.profile).missing_sender
        if owner is None and default in map(str, eligible):
            owner = canonical.PartyId.parse(default)
        if owner is None and len(eligible) > 1:
            raise bad_parameter("OCPI-from-country-code, OCPI-from-party-id: required, this connection hosts several parties")
        sender = owner or eligible[0]
    elif all(key != sender for _, key in hosted):
        raise bad_parameter("OCPI-from-country-code, OCPI-from-party-id: not a party of this connection")
    for role in side.roles if side else (*Side.OPERATOR.roles, *Side.PROVIDER.roles):
        if (role, sender) in hosted:
            return Address(sender=sender, sender_role=role, receiver=receiver, ids=read_ids(headers))
    raise not_found()


def read_pair(headers: Mapping[str, str], country_name: str, party_name: str) -> canonical.PartyId | None:
    """This function will read one pair of routing headers, None where both are absent; it raises OcpiRefusal (2001)."""
    country, party = headers.get(country_name), headers.get(party_name)
    if country is None and party is None:
        return None
    country, party = (country or "").strip(), (party or "").strip()
    if _COUNTRY.fullmatch(country) and _PARTY.fullmatch(party):
        return canonical.PartyId(country.upper(), party.upper())
    raise bad_parameter(f"{country_name}, {party_name}: expected both, once, as two letters and three letters or digits")


def find_pair(headers: Mapping[str, str], country_name: str, party_name: str) -> canonical.PartyId | None:
    """This function will read one pair of routing headers where it is well-formed, else None: for the headers of an error's answer."""
    country, party = headers.get(country_name, "").strip(), headers.get(party_name, "").strip()
    if _COUNTRY.fullmatch(country) and _PARTY.fullmatch(party):
        return canonical.PartyId(country.upper(), party.upper())
    return None


def answer_headers(*, ids: Ids, requester: canonical.PartyId | None, responder: canonical.PartyId | None) -> dict[str, str]:
    """This function will return the headers of an answer: both ids, and the pairs swapped (to the requester, from the responder).

    Configuration modules have no routing headers: both parties None (OCPI 2.2.1, transport_and_format §Message Routing Headers).
    """
    headers = {"X-Request-ID": ids.request_id, "X-Correlation-ID": ids.correlation_id}
    if requester is not None:
        headers["OCPI-to-country-code"], headers["OCPI-to-party-id"] = requester
    if responder is not None:
        headers["OCPI-from-country-code"], headers["OCPI-from-party-id"] = responder
    return headers


def request_headers(
    *, sender: canonical.PartyId | None, receiver: canonical.PartyId | None, correlation_id: str, request_id: str | None = None
) -> dict[str, str]:
    """This function will return the headers of a request on the hub's way out: a new request id, the same correlation id."""
    headers = {"X-Request-ID": request_id or str(uuid.uuid4()), "X-Correlation-ID": correlation_id or str(uuid.uuid4())}
    if sender is not None:
        headers["OCPI-from-country-code"], headers["OCPI-from-party-id"] = sender
    if receiver is not None:
        headers["OCPI-to-country-code"], headers["OCPI-to-party-id"] = receiver
    return headers


def _id(text: str | None) -> str:
    return text if text is not None and _ID.fullmatch(text) else str(uuid.uuid4())
