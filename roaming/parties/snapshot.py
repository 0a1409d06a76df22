"""The routing table as it stood at one moment: who is connected, as whom, and who may roam with whom. Nothing here asks the database."""

import base64
import binascii
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal

from roaming.canonical import PartyId, Role
from roaming.routing.sides import Side, side_of

_MEMO_LIMIT = 8192
_LONGEST_TOKEN = 512

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlatformEntry:
    """One connection. `outbound_token` is what the hub shows the partner; empty where there is none, or where its seal is broken."""

    id: int
    name: str
    protocol: str
    status: str
    is_locked: bool
    version: str
    versions_url: str
    allowed_hosts: tuple[str, ...]
    endpoints: Mapping[tuple[str, str], str]
    outbound_token: str = field(repr=False)
    profile: Mapping[str, Any]
    roles: tuple[tuple[Role, PartyId], ...]

    @property
    def is_routable(self) -> bool:
        """Whether anything may be routed to or from this platform."""
        return not self.is_locked and self.status != "SUSPENDED"

    @property
    def state(self) -> str:
        """What others are told: a locked platform is SUSPENDED, whatever its connection does."""
        return "SUSPENDED" if self.is_locked else self.status

    @property
    def is_registered(self) -> bool:
        """Whether a handshake was completed and not ended by DELETE credentials."""
        return bool(self.version)


@dataclass(frozen=True, slots=True)
class PartyEntry:
    """A company. `roles` names the platform that hosts each of its roles; the hub's own party has role HUB on platform 0."""

    id: int
    key: PartyId
    name: str
    roles: Mapping[Role, int]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who presented a token. `kind` A opens versions and credentials only (OCPI 2.2.1, credentials §Registration)."""

    platform: PlatformEntry
    credential_id: int
    kind: Literal["A", "C"]
    encoding: Literal["raw", "base64"]
    is_first_use: bool


@dataclass(frozen=True, slots=True)
class InboundCredential:
    """What the hub knows of a token that a partner may show: its keyed hash and until when it counts."""

    id: int
    platform_id: int
    kind: Literal["A", "C"]
    fingerprint: str
    expires_at: datetime | None
    is_used: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """A pinned TLS certificate of an OICP partner and until when it counts."""

    platform_id: int
    sha256: str
    not_after: datetime | None


# Modules that the hub does not read. A module of the partners' own has a prefix and a dash (OCPI 2.3.0, custom modules).
_PASSED_ON = frozenset({"bookings", "invoicereconciliation", "payments"})


def is_passed_on(module: str) -> bool:
    """This function will say whether a module passes through the hub as it comes."""
    return module in _PASSED_ON or "-" in module


@dataclass(frozen=True, slots=True)
class Agreement:
    """A roaming agreement: closed-open dates, the modules it covers (none named: all)."""

    id: int
    starts: date | None
    ends: date | None
    modules: frozenset[str]

    def is_in_force(self, on: date) -> bool:
        """Whether the day lies inside."""
        return (self.starts is None or self.starts <= on) and (self.ends is None or on < self.ends)

    def covers(self, module: str) -> bool:
        """Whether messages of this module may pass. One that the hub passes on unread must be named."""
        return module in self.modules or not (self.modules or is_passed_on(module))


class Directory:
    """An immutable snapshot. Sharing it between threads is safe; a change makes a new one."""

    def __init__(
        self,
        *,
        hub: PartyEntry,
        platforms: Iterable[PlatformEntry],
        parties: Iterable[PartyEntry],
        credentials: Iterable[InboundCredential],
        agreements: Mapping[tuple[int, int], tuple[Agreement, ...]],
        fingerprint: Callable[[str], str],
        certificates: Iterable[Certificate] = (),
    ) -> None:
        self.hub = hub
        self._platforms = {platform.id: platform for platform in platforms}
        self._parties = {party.key: party for party in parties}
        self._by_row = {party.id: party for party in self._parties.values()}
        self._by_side = {side: [party for party in self._parties.values() if self._host(party, side)] for side in Side}
        self._credentials = {credential.fingerprint: credential for credential in credentials}
        self._certificates = {certificate.sha256: certificate for certificate in certificates}
        self._agreements = agreements
        self._fingerprint = fingerprint
        # Memos of pure answers: filled by whoever asks first; two threads filling the same key write the same value.
        self._readings: dict[str, tuple[InboundCredential, Literal["raw", "base64"]]] = {}
        self._partners: dict[tuple[PartyId, Side, str, date], list[PartyEntry]] = {}
        self._partner_keys: dict[tuple[PartyId, Role, str, date], tuple[PartyId, ...]] = {}

    @property
    def platforms(self) -> tuple[PlatformEntry, ...]:
        """Every platform, in the order of their rows."""
        return tuple(self._platforms.values())

    @property
    def parties(self) -> tuple[PartyEntry, ...]:
        """Every party, the hub's own included, in the order of their names."""
        return tuple(self._parties.values())

    def party(self, key: PartyId) -> PartyEntry | None:
        """This function will return the party of that name, or None."""
        return self._parties.get(key)

    def party_by_row(self, row: int) -> PartyEntry | None:
        """This function will return the party of that row, or None."""
        return self._by_row.get(row)

    def platform(self, platform_id: int) -> PlatformEntry | None:
        """This function will return the platform of that row, or None."""
        return self._platforms.get(platform_id)

    def platform_of(self, key: PartyId, role: Role) -> PlatformEntry | None:
        """This function will return the platform that hosts the party in this role, or None."""
        party = self._parties.get(key)
        return self._platforms.get(party.roles.get(role, 0)) if party else None

    def platform_on_side(self, key: PartyId, side: Side) -> PlatformEntry | None:
        """This function will return the platform that hosts the party on this side, in its most usual role there, or None."""
        party = self._parties.get(key)
        return self._host(party, side) if party else None

    def may_roam(self, *, operator: PartyId, provider: PartyId, module: str, on: date) -> bool:
        """This function will say whether messages of `module` may pass between the two on this day.

        Both must be hosted on platforms that are neither locked nor suspended, and an agreement must be in force. A pair's own
        agreement decides alone; the offer of everyone to everyone counts where the pair has none that day.
        """
        operating, providing = self._parties.get(operator), self._parties.get(provider)
        if operating is None or providing is None:
            return False
        hosts = (self._host(operating, Side.OPERATOR), self._host(providing, Side.PROVIDER))
        if any(host is None or not host.is_routable for host in hosts):
            return False
        return self._is_agreed(operating.id, providing.id, module, on)

    def is_agreed(self, *, operator: PartyId, provider: PartyId, on: date, module: str | None = None) -> bool:
        """This function will say whether an agreement is in force, for `module` or for any, whatever state the platforms are in."""
        operating, providing = self._parties.get(operator), self._parties.get(provider)
        return operating is not None and providing is not None and self._is_agreed(operating.id, providing.id, module, on)

    def list_passed_on(self, platform: PlatformEntry, *, on: date) -> list[str]:
        """This function will list the modules that pass through unread between a party of the platform and somebody, by name."""
        own = {party.id for _, key in platform.roles if (party := self._parties.get(key)) is not None}
        return sorted(
            {
                module
                for pair, agreements in self._agreements.items()
                if pair == EVERYONE or own.intersection(pair)
                for agreement in agreements
                if agreement.is_in_force(on)
                for module in agreement.modules
                if is_passed_on(module)
            }
        )

    def partners_of(self, key: PartyId, role: Role, *, module: str, on: date) -> list[PartyEntry]:
        """This function will list the parties of the opposite side that this one may exchange `module` with, in name order."""
        side = side_of(role)
        if side is None:
            return []
        memo_key = (key, side, module, on)
        found = self._partners.get(memo_key)
        if found is None:
            if len(self._partners) >= _MEMO_LIMIT:
                self._partners.clear()
            found = self._partners[memo_key] = [
                other
                for other in self._by_side[side.opposite]
                if (
                    self.may_roam(operator=key, provider=other.key, module=module, on=on)
                    if side is Side.OPERATOR
                    else self.may_roam(operator=other.key, provider=key, module=module, on=on)
                )
            ]
        return list(found)

    def partner_keys_of(self, key: PartyId, role: Role, *, module: str, on: date) -> tuple[PartyId, ...]:
        """This function will name the same parties; the tuple is made once per table, so that the hot path copies nothing."""
        memo_key = (key, role, module, on)
        found = self._partner_keys.get(memo_key)
        if found is None:
            if len(self._partner_keys) >= _MEMO_LIMIT:
                self._partner_keys.clear()
            found = self._partner_keys[memo_key] = tuple(other.key for other in self.partners_of(key, role, module=module, on=on))
        return found

    def authenticate(self, presented: str, *, at: datetime | None = None) -> Caller | None:
        """This function will name who shows this text after `Token `, or None.

        Partners send the token raw or in Base64 (ocpi §3.2). Both readings are looked up; where they belong to two platforms
        nobody is let in (reliability T7). `at`, now by default, decides about the end of a rotation's grace.
        """
        reading = self._readings.get(presented)
        if reading is None:
            reading = self._read_token(presented)
            if reading is None:
                return None
            if len(self._readings) >= _MEMO_LIMIT:
                self._readings.clear()
            self._readings[presented] = reading
        credential, encoding = reading
        platform = self._platforms.get(credential.platform_id)
        if platform is None or (credential.expires_at is not None and credential.expires_at <= (at or datetime.now(UTC))):
            return None
        return Caller(
            platform=platform,
            credential_id=credential.id,
            kind=credential.kind,
            encoding=encoding,
            is_first_use=not credential.is_used,
        )

    def find_certificate(self, sha256: str) -> Certificate | None:
        """This function will return the pinned certificate of that SHA-256, or None. Whether it expired is the caller's to judge."""
        return self._certificates.get(sha256)

    def _read_token(self, presented: str) -> tuple[InboundCredential, Literal["raw", "base64"]] | None:
        if not presented or len(presented) > _LONGEST_TOKEN:
            return None
        raw = self._credentials.get(self._fingerprint(presented))
        decoded_text = _decoded(presented)
        decoded = self._credentials.get(self._fingerprint(decoded_text)) if decoded_text else None
        if raw is not None and decoded is not None and raw.platform_id != decoded.platform_id:
            logger.error("a token reads as two platforms", extra={"raw_platform": raw.platform_id, "base64_platform": decoded.platform_id})
            return None
        if raw is not None:
            return raw, "raw"
        return (decoded, "base64") if decoded is not None else None

    def _host(self, party: PartyEntry, side: Side) -> PlatformEntry | None:
        for role in side.roles:
            platform = self._platforms.get(party.roles.get(role, 0))
            if platform is not None:
                return platform
        return None

    def _is_agreed(self, operator: int, provider: int, module: str | None, on: date) -> bool:
        for pair in ((operator, provider), EVERYONE):
            for agreement in self._agreements.get(pair, ()):
                if agreement.is_in_force(on):
                    return module is None or agreement.covers(module)
        return False


EVERYONE = (0, 0)


def _decoded(presented: str) -> str | None:
    """This function will read Base64, also URL-safe or without padding; line ends inside the token are a copied newline (ocpi §3.2)."""
    text = presented.strip().replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode().rstrip("\r\n ") or None
    except (binascii.Error, ValueError):
        return None
