"""The credentials handshake, from both sides (OCPI 2.2.1, credentials §Registration).

All calls to the partner are made before anything is written: no transaction is open while the hub waits, and a handshake that
fails half way has changed nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import urljoin

import msgspec
from django.db import transaction

from roaming import canonical
from roaming.egress.addresses import check_url
from roaming.egress.blocking import send
from roaming.egress.calls import AddressRefused, Call, EgressError, Redirected
from roaming.parties import directory
from roaming.parties.claims import Claim, hold_claims
from roaming.parties.directory import Directory, PartyEntry, PlatformEntry
from roaming.parties.habits import learn
from roaming.parties.introduce import introduce
from roaming.parties.profile import profile_of
from roaming.parties.register import EndpointRow, begin_handshake, complete_registration, finish_handshake, renew_registration
from roaming.protocols.ocpi.addressing import request_headers
from roaming.protocols.ocpi.client import NotAnEnvelope, Refused, Reply, authorization, one_object, read_reply
from roaming.protocols.ocpi.dialect import BadFields, encode
from roaming.protocols.ocpi.paths import versions_url as own_versions_url
from roaming.protocols.ocpi.personas import interface_of, side_on
from roaming.protocols.ocpi.reach import list_reached
from roaming.protocols.ocpi.v2_2_1.registration import read_version_details, read_versions
from roaming.protocols.ocpi.versions import DIALECTS, Dialect
from roaming.protocols.ocpi.visitors import Credentials, CredentialsRole, EndpointOffer, Version
from roaming.routing.sides import Side, side_of

T = TypeVar("T")

_EVIDENCE = "what worked in the handshake"
# Two nested calls fit into the patience of a client that waits for its POST.
CALL_SECONDS = 8.0


class CannotUseClient(Exception):
    """The partner's versions, details or credentials could not be had (OCPI status 3001)."""


class VersionNotOffered(Exception):
    """The partner's versions list lacks the version of this credentials endpoint (OCPI status 3002)."""


class NoMatchingEndpoints(Exception):
    """The partner's version details lack what its roles need (OCPI status 3003)."""


class NotApproved(Exception):
    """The credentials name nobody whom the operator of the hub has approved for this platform (OCPI status 2001)."""


class NoSuchPlatform(Exception):
    """There is no OCPI platform of this number."""


class Connected(msgspec.Struct, frozen=True):
    """How a handshake that the hub started ended."""

    platform: int
    version: str


class _Found(msgspec.Struct, frozen=True):
    """What the partner's own pages say: its endpoints, and the habits that it showed on the way."""

    endpoints: list[EndpointRow]
    habits: Mapping[str, str]


def accept_registration(*, platform: PlatformEntry, dialect: Dialect, credentials: Credentials, at: datetime, correlation_id: str) -> str:
    """This function will register a platform that showed token A, and return its token C.

    It raises NotApproved, CannotUseClient, VersionNotOffered, NoMatchingEndpoints and TokenNotPrintable; then nothing changed.
    """
    found = _inspect(platform, dialect, credentials, correlation_id, at)
    with transaction.atomic():
        learn(platform=platform, flags=found.habits, evidence=_EVIDENCE, correlation_id=correlation_id, at=at)
        _introduce(platform, credentials)
        return complete_registration(
            platform=platform,
            version=dialect.number,
            versions_url=credentials.url,
            endpoints=found.endpoints,
            outbound_token=credentials.token,
            at=at,
        )


def renew(*, platform: PlatformEntry, dialect: Dialect, credentials: Credentials, at: datetime, correlation_id: str) -> str:
    """This function will update a registration (PUT credentials) and return the next token C; raises as `accept_registration`."""
    found = _inspect(platform, dialect, credentials, correlation_id, at)
    with transaction.atomic():
        learn(platform=platform, flags=found.habits, evidence=_EVIDENCE, correlation_id=correlation_id, at=at)
        _introduce(platform, credentials)
        return renew_registration(
            platform=platform,
            version=dialect.number,
            versions_url=credentials.url,
            endpoints=found.endpoints,
            outbound_token=credentials.token,
            at=at,
        )


def connect(*, platform_id: int, versions_url: str, token: str, at: datetime, correlation_id: str) -> Connected:
    """This function will start the handshake with the token A that the partner gave, and finish it.

    It raises NoSuchPlatform, CannotUseClient, VersionNotOffered, NoMatchingEndpoints, NotApproved; then the platform stays as it was.
    """
    platform = directory.current().platform(platform_id)
    if platform is None or platform.protocol != "ocpi":
        raise NoSuchPlatform(f"there is no OCPI platform {platform_id}")
    line = _Line(platform=platform, token=token, correlation_id=correlation_id)
    offered = {version.version: version.url for version in line.read_versions(versions_url)}
    dialect = next((dialect for number, dialect in DIALECTS.items() if number in offered), None)
    if dialect is None:
        raise VersionNotOffered(f"the partner offers {', '.join(sorted(offered)) or 'nothing'}; the hub speaks {', '.join(DIALECTS)}")
    endpoints = _placed(platform, dialect, line.read_endpoints(dialect, offered[dialect.number]))
    credentials_url = next((offer.url for offer in endpoints if offer.identifier == "credentials"), None)
    if credentials_url is None:
        raise NoMatchingEndpoints("the partner's version details name no credentials endpoint")
    _check_endpoints(platform, endpoints)
    token_b = begin_handshake(platform=platform, at=at)
    own = own_credentials(token=token_b, dialect=dialect, directory=directory.current(), platform=platform, on=at.date())
    answer = line.exchange_credentials(dialect, credentials_url, own)
    _check_claims(platform, answer, at)
    with transaction.atomic():
        learn(platform=platform, flags=line.habits, evidence=_EVIDENCE, correlation_id=correlation_id, at=at)
        _introduce(platform, answer)
        finish_handshake(
            platform=platform,
            version=dialect.number,
            versions_url=versions_url,
            endpoints=_rows(endpoints),
            outbound_token=answer.token,
            at=at,
        )
    return Connected(platform=platform.id, version=dialect.number)


def own_credentials(*, token: str, dialect: Dialect, directory: Directory, platform: PlatformEntry, on: date) -> Credentials:
    """This function will return the hub's credentials as `platform` gets them in this version.

    Up to 2.2.1 the hub is alone in them, in role HUB (OCPI 2.2.1, credentials §CredentialsRole). From 2.3.0 on there is no such
    role: it names itself in `hub_party_id` and lists whom the platform can reach; itself, as OTHER, where that is nobody yet.
    """
    hub = directory.hub
    if "HUB" in _roles_of(dialect):
        return Credentials(token=token, url=own_versions_url(), roles=(_role(hub, "HUB"),))
    reached = tuple(_role(party, role.value) for party, role, _ in list_reached(directory=directory, platform=platform, on=on))
    return Credentials(
        token=token,
        url=own_versions_url(),
        hub_party_id=f"{hub.key.country_code}{hub.key.party_id}",
        roles=reached or (_role(hub, "OTHER"),),
    )


def _roles_of(dialect: Dialect) -> tuple[str, ...]:
    return ("HUB",) if dialect.number in ("2.1.1", "2.2.1") else ()


def _role(party: PartyEntry, role: str) -> CredentialsRole:
    details = canonical.BusinessDetails(name=party.name or str(party.key))
    return CredentialsRole(role=role, country_code=party.key.country_code, party_id=party.key.party_id, business_details=details)


def _placed(platform: PlatformEntry, dialect: Dialect, endpoints: Sequence[EndpointOffer]) -> Sequence[EndpointOffer]:
    """This function will say which side each endpoint is of, where the version does not: that of the platform's parties."""
    if dialect.routes:
        return endpoints
    side = side_on(platform)
    if side is None:
        raise NoMatchingEndpoints(f"OCPI {dialect.number} needs a connection of its own for operators and one for providers")
    return [msgspec.structs.replace(offer, role=interface_of(offer.identifier, side)) for offer in endpoints]


def _inspect(platform: PlatformEntry, dialect: Dialect, credentials: Credentials, correlation_id: str, at: datetime) -> _Found:
    _check_claims(platform, credentials, at)
    line = _Line(platform=platform, token=credentials.token, correlation_id=correlation_id)
    offered = {version.version: version.url for version in line.read_versions(credentials.url)}
    if dialect.number not in offered:
        raise VersionNotOffered(f"your versions list does not offer {dialect.number}")
    endpoints = _placed(platform, dialect, line.read_endpoints(dialect, offered[dialect.number]))
    _check_endpoints(platform, endpoints)
    return _Found(endpoints=_rows(endpoints), habits=line.habits)


def _check_claims(platform: PlatformEntry, credentials: Credentials, at: datetime) -> None:
    """This function will hold the parties that nobody approved for this platform; it raises NotApproved where nobody else is named."""
    approved = {(role.value, key) for role, key in platform.roles}
    approved |= {("", key) for _, key in platform.roles}  # 2.1.1 tells no role
    foreign = [
        Claim(role.role or platform.roles[0][0].value, role.party, role.business_details.name if role.business_details else "")
        for role in credentials.roles
        if (role.role, role.party) not in approved
    ]
    hold_claims(platform=platform, claims=foreign, at=at)
    if len(foreign) == len(credentials.roles):
        raise NotApproved(f"roles: not approved for this connection, held for the hub's operator: {', '.join(map(str, foreign))}")


def _introduce(platform: PlatformEntry, credentials: Credentials) -> None:
    own = {key for _, key in platform.roles}
    introduce(companies={role.party: role.business_details for role in credentials.roles if role.business_details and role.party in own})


def _check_endpoints(platform: PlatformEntry, endpoints: Sequence[EndpointOffer]) -> None:
    offered = {(offer.identifier, offer.role) for offer in endpoints}
    identifiers = {identifier for identifier, _ in offered}
    missing = [] if "credentials" in identifiers else ["credentials"]
    for side in sorted({side for role, _ in platform.roles if (side := side_of(role))}):
        # One module is enough to be of use: an operator may only push, a provider may only answer authorisations.
        if not any(pair in offered for pair in _USEFUL[side]):
            missing.append(f"any module of an {side}" if side is Side.OPERATOR else f"any module of a {side}")
    if missing:
        raise NoMatchingEndpoints(f"your version details lack: {', '.join(missing)}")
    for offer in endpoints:
        try:
            check_url(url=offer.url, allowed_hosts=platform.allowed_hosts)
        except AddressRefused as refused:
            raise CannotUseClient(f"endpoint {offer.identifier} {offer.role}: {refused}") from None


def _rows(endpoints: Sequence[EndpointOffer]) -> list[EndpointRow]:
    return [(offer.identifier, offer.role, offer.url) for offer in endpoints]


_OPERATOR_MODULES = (("locations", "SENDER"), ("tariffs", "SENDER"), ("sessions", "SENDER"), ("cdrs", "SENDER"))
_PROVIDER_MODULES = (("locations", "RECEIVER"), ("tariffs", "RECEIVER"), ("sessions", "RECEIVER"), ("cdrs", "RECEIVER"))
_USEFUL = {
    Side.OPERATOR: (*_OPERATOR_MODULES, ("tokens", "RECEIVER"), ("commands", "RECEIVER")),
    Side.PROVIDER: (*_PROVIDER_MODULES, ("tokens", "SENDER"), ("commands", "SENDER")),
}


class _Line:
    """Calls with one token to one platform during a handshake; what goes wrong becomes CannotUseClient, naming the step."""

    def __init__(self, *, platform: PlatformEntry, token: str, correlation_id: str) -> None:
        self._platform = platform
        self._token = token
        self._correlation_id = correlation_id
        # How the partner reads our header is unknown until its first answer: as the last time, else Base64 as the specification
        # says, then the other way (ocpi §3.2). Some want it otherwise at the next step, so each step may find its own.
        profile = profile_of(platform.profile)
        told = {profile.handshake_token_encoding, profile.token_encoding}
        self._encodings = ("raw", "base64") if "raw" in told and "base64" not in told else ("base64", "raw")
        self._worked: list[str] = []
        self._slash = ""

    @property
    def habits(self) -> Mapping[str, str]:
        """What worked: how the partner reads our token, first and last, and the end of its addresses."""
        flags = {"token_encoding": self._worked[-1]} if self._worked else {}
        if self._worked and self._worked[0] != self._worked[-1]:
            flags["handshake_token_encoding"] = self._worked[0]
        return {**flags, "slash": self._slash} if self._slash else flags

    def read_versions(self, url: str) -> Sequence[Version]:
        """This function will return the partner's versions list."""
        return self._read("GET versions", url, read_versions)

    def read_endpoints(self, dialect: Dialect, url: str) -> Sequence[EndpointOffer]:
        """This function will return the endpoints of the partner's version details."""
        details = self._read("GET version details", url, lambda data: read_version_details(one_object(data)))
        if details.version != dialect.number:
            raise CannotUseClient(f"GET version details: the page behind {dialect.number} is of {details.version}")
        return details.endpoints

    def exchange_credentials(self, dialect: Dialect, url: str, credentials: Credentials) -> Credentials:
        """This function will POST the hub's credentials and return the partner's."""
        body = encode(dialect.credentials.write(credentials))
        return self._read("POST credentials", url, lambda data: dialect.credentials.read(one_object(data)), method="POST", body=body)

    def _read(self, step: str, url: str, read: Callable[[Any], T], *, method: str = "GET", body: bytes | None = None) -> T:
        try:
            reply = self._call(step, method, url, body)
            if not reply.is_success:
                raise CannotUseClient(f"{step}: HTTP {reply.http}, status {reply.code} {reply.message}".rstrip())
            return read(reply.data)
        except BadFields as refusal:
            raise CannotUseClient(f"{step}: {refusal}") from None

    def _call(self, step: str, method: str, url: str, body: bytes | None) -> Reply:
        for encoding in self._encodings:
            try:
                reply = self._ask(method, url, body, encoding)
            except Refused:
                continue
            except (EgressError, NotAnEnvelope) as error:
                raise CannotUseClient(f"{step}: {error}") from None
            self._encodings = ("raw", "base64") if encoding == "raw" else ("base64", "raw")
            self._worked.append(encoding)
            return reply
        raise CannotUseClient(f"{step}: your token for the hub is not accepted (HTTP 401 or 403)")

    def _ask(self, method: str, url: str, body: bytes | None, encoding: str) -> Reply:
        try:
            answer = send(self._request(method, url, body, encoding))
        except Redirected as moved:
            other = _slash_moved(url, moved.location)
            if not other:
                raise
            # The same address with or without its last slash: that is a habit and no redirect (partners §3).
            self._slash = "always" if other.partition("?")[0].endswith("/") else "never"
            answer = send(self._request(method, other, body, encoding))
        return read_reply(status=answer.status, headers=answer.headers, body=answer.body)

    def _request(self, method: str, url: str, body: bytes | None, encoding: str) -> Call:
        headers = request_headers(sender=None, receiver=None, correlation_id=self._correlation_id)
        headers["Authorization"] = authorization(token=self._token, version="", encoding=encoding)
        headers["Accept"] = "application/json"
        if body is not None:
            headers["Content-Type"] = "application/json"
        return Call(
            platform_id=self._platform.id,
            purpose="handshake",
            method=method,
            url=url,
            headers=headers,
            body=body,
            deadline_seconds=CALL_SECONDS,
        )


def _slash_moved(url: str, location: str) -> str:
    path, mark, query = url.partition("?")
    other = (path.rstrip("/") if path.endswith("/") else f"{path}/") + mark + query
    return other if location and urljoin(url, location) == other else ""
