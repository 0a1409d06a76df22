"""Inviting a platform: the operator approves its name, its parties and its hosts; for OCPI the hub makes token A."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction

from roaming.canonical import PartyId, Role
from roaming.parties import directory
from roaming.parties.credentials import issue_inbound_token
from roaming.parties.models import Credential, Party, PartyRole, Platform

_HOST = re.compile(r"^(?P<name>[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?$")


class NotAHost(Exception):
    """A host is neither HOST nor HOST:PORT in ASCII, without scheme and path."""


class NameTaken(Exception):
    """Another platform has this name."""


class UnknownName(Exception):
    """No platform has this name: it was not invited before."""


class NobodyInvited(Exception):
    """No party was named: a platform without parties has nobody to speak for."""


class HostedElsewhere(Exception):
    """A party has this role on another platform already: ownership of a role is unique in the whole hub (ocpi §3.3)."""


class NotAMarketRole(Exception):
    """The role HUB, or the hub's own party, cannot be given away."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the operator hands over. `token` is None for OICP, whose partners are known by their certificate."""

    platform: Platform
    token: str | None = field(repr=False)


def invite_platform(
    *, name: str, parties: Sequence[tuple[Role, PartyId]], protocol: str, allowed_hosts: Sequence[str], at: datetime
) -> Invitation:
    """This function will approve a new platform with its parties and hosts, in one transaction.

    It raises NameTaken, NobodyInvited, HostedElsewhere, NotAMarketRole or NotAHost, and then nothing is stored.
    """
    if not parties:
        raise NobodyInvited("name at least one party as ROLE:CC:PID")
    hosts = [read_host(host) for host in allowed_hosts]
    with transaction.atomic():
        if Platform.objects.filter(name=name).exists():
            raise NameTaken(f"a platform named {name!r} exists; invite it again to give it a new registration token")
        platform = Platform.objects.create(name=name, protocol=protocol, allowed_hosts=_once(hosts), status_changed_at=at, created_at=at)
        host_parties(platform, parties, at)
        token = _registration_token(platform, at)
        directory.changed()
    return Invitation(platform=platform, token=token)


def invite_again(*, name: str, parties: Sequence[tuple[Role, PartyId]], allowed_hosts: Sequence[str], at: datetime) -> Invitation:
    """This function will give a known platform a new token A, and add parties and hosts to it; what it holds stays.

    For a partner that lost its token, or that ended its connection. It raises UnknownName, HostedElsewhere,
    NotAMarketRole or NotAHost.
    """
    hosts = [read_host(host) for host in allowed_hosts]
    with transaction.atomic():
        platform = Platform.objects.select_for_update().filter(name=name).first()
        if platform is None:
            raise UnknownName(f"there is no platform named {name!r} to invite again")
        platform.allowed_hosts = _once([*platform.allowed_hosts, *hosts])
        platform.save(update_fields=["allowed_hosts"])
        host_parties(platform, parties, at)
        Credential.objects.filter(platform=platform, direction=Credential.Direction.INBOUND, kind=Credential.Kind.REGISTRATION).exclude(
            expires_at__lte=at
        ).update(expires_at=at)
        token = _registration_token(platform, at)
        directory.changed()
    return Invitation(platform=platform, token=token)


def read_host(text: str) -> str:
    """This function will return HOST or HOST:PORT in its one form (lower case); it raises NotAHost."""
    host = text.strip().lower().rstrip(".")
    match = _HOST.match(host)
    if match is None or ".." in host or (match["port"] and not 0 < int(match["port"]) < 65536):
        raise NotAHost(f"{text!r} is not HOST or HOST:PORT, like partner.example or partner.example:8443")
    return host


def host_parties(platform: Platform, parties: Sequence[tuple[Role, PartyId]], at: datetime) -> None:
    """This function will let a platform speak for parties, in the caller's transaction; it raises HostedElsewhere or NotAMarketRole."""
    for role, key in dict.fromkeys(parties):
        if role is Role.HUB or key == PartyId.parse(settings.HUB_PARTY):
            raise NotAMarketRole(f"{role}:{key.country_code}:{key.party_id} is the hub's own; name a market role of a partner")
        party, _ = Party.objects.get_or_create(country_code=key.country_code, party_id=key.party_id, defaults={"created_at": at})
        hosted, _ = PartyRole.objects.get_or_create(party=party, role=role.value, defaults={"platform": platform, "created_at": at})
        if hosted.platform_id != platform.id:
            raise HostedElsewhere(f"{role}:{key.country_code}:{key.party_id} is hosted on platform {hosted.platform_id}")


def _registration_token(platform: Platform, at: datetime) -> str | None:
    if platform.protocol != Platform.Protocol.OCPI:
        return None
    return issue_inbound_token(platform=platform, kind=Credential.Kind.REGISTRATION, at=at)


def _once(hosts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(hosts))
