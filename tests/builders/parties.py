"""Platforms, parties, roles and agreements in the database, and the routing table told about them.

`an_operator("DE-ALF")` and `a_provider("NL-BET")` make a company on a connected platform of its own with every endpoint of its
role; `an_agreement()` lets them roam.
"""

import collections.abc
import uuid
from datetime import UTC, date, datetime
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from factory.declarations import LazyAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from roaming import canonical
from roaming.parties import directory
from roaming.parties.models import Credential, Endpoint, Party, PartyRole, Platform, RoamingAgreement

# Which side of a module each role implements (OCPI 2.2.1, version information §Endpoint).
_OPERATOR_SIDES = {
    "locations": "SENDER",
    "tariffs": "SENDER",
    "sessions": "SENDER",
    "cdrs": "SENDER",
    "tokens": "RECEIVER",
    "commands": "RECEIVER",
}
_PROVIDER_SIDES = {module: "RECEIVER" if side == "SENDER" else "SENDER" for module, side in _OPERATOR_SIDES.items()}
_SIDES = {canonical.Role.CPO: _OPERATOR_SIDES, canonical.Role.EMSP: _PROVIDER_SIDES}


class PlatformFactory(DjangoModelFactory[Platform]):
    """A connected OCPI 2.2.1 platform."""

    class Meta:
        model = Platform

    name = Sequence(lambda number: f"Platform {number}")
    protocol = Platform.Protocol.OCPI
    status = Platform.Status.CONNECTED
    version = "2.2.1"
    allowed_hosts = LazyAttribute(lambda platform: [_host(platform.name)])
    versions_url = LazyAttribute(lambda platform: f"https://{_host(platform.name)}/ocpi/versions")
    last_seen_at = datetime(2026, 10, 1, tzinfo=UTC)


class PartyFactory(DjangoModelFactory[Party]):
    """A company, known once by its id."""

    class Meta:
        model = Party
        django_get_or_create = ("country_code", "party_id")

    country_code = "DE"
    party_id = Sequence(lambda number: f"{number:03d}")
    name = LazyAttribute(lambda party: f"Company {party.country_code}-{party.party_id}")


class PartyRoleFactory(DjangoModelFactory[PartyRole]):
    """A company in one market role on one platform."""

    class Meta:
        model = PartyRole

    party = SubFactory(PartyFactory)
    platform = SubFactory(PlatformFactory)
    role = canonical.Role.CPO


class EndpointFactory(DjangoModelFactory[Endpoint]):
    """Where a platform serves one side of one module."""

    class Meta:
        model = Endpoint

    platform = SubFactory(PlatformFactory)
    module = "locations"
    interface = "SENDER"
    url = LazyAttribute(lambda endpoint: f"https://{_host(endpoint.platform.name)}/ocpi/2.2.1/{endpoint.module}")


class AgreementFactory(DjangoModelFactory[RoamingAgreement]):
    """An offer of everyone to everyone from 2026 on."""

    class Meta:
        model = RoamingAgreement

    validity = DateRange(date(2026, 1, 1), None)


def a_platform(name: str | None = None, *, allowed_hosts: collections.abc.Sequence[str] | None = None, **over: Any) -> Platform:
    """This function will store a connected platform; any column can be told."""
    if name is not None:
        over["name"] = name
    if allowed_hosts is not None:
        over["allowed_hosts"] = list(allowed_hosts)
    platform = PlatformFactory.create(**over)
    directory.changed()
    return platform


def a_party(key: str = "DE-ALF", **over: Any) -> Party:
    """This function will store a company, or return the one with that id."""
    company = canonical.PartyId.parse(key)
    return PartyFactory.create(country_code=company.country_code, party_id=company.party_id, **over)


def an_operator(key: str = "DE-ALF", *, platform: Platform | None = None, base_url: str | None = None) -> Party:
    """This function will store an operator with every endpoint of its role, on `platform` or on one of its own."""
    return _in_role(canonical.Role.CPO, key, platform, base_url)


def a_provider(key: str = "NL-BET", *, platform: Platform | None = None, base_url: str | None = None) -> Party:
    """This function will store a provider with every endpoint of its role, on `platform` or on one of its own."""
    return _in_role(canonical.Role.EMSP, key, platform, base_url)


def an_agreement(
    *,
    operator: Party | None = None,
    provider: Party | None = None,
    starts: date = date(2026, 1, 1),
    ends: date | None = None,
    modules: collections.abc.Sequence[str] = (),
) -> RoamingAgreement:
    """This function will store an agreement from `starts` until before `ends`; without parties it is an offer of everyone to everyone."""
    agreement = AgreementFactory.create(operator=operator, provider=provider, validity=DateRange(starts, ends), modules=list(modules))
    directory.changed()
    return agreement


def roaming_partners(operator: str = "DE-ALF", provider: str = "NL-BET") -> tuple[Party, Party]:
    """This function will store an operator and a provider that may roam, each on a platform of its own."""
    pair = an_operator(operator), a_provider(provider)
    an_agreement(operator=pair[0], provider=pair[1])
    return pair


def platform_of(party: Party) -> Platform:
    """This function will return the platform that hosts the company's first role."""
    return PartyRole.objects.select_related("platform").filter(party=party).earliest("id").platform


def an_inbound_credential(platform: Platform, *, token_hash: str, **over: Any) -> Credential:
    """This function will store a credential row that the platform shows to the hub, by its hash."""
    return Credential.objects.create(
        platform=platform, direction=Credential.Direction.INBOUND, token_hash=token_hash, row_key=uuid.uuid4(), **over
    )


def _in_role(role: canonical.Role, key: str, platform: Platform | None, base_url: str | None) -> Party:
    party = a_party(key)
    if platform is None:
        platform = PlatformFactory.create(name=f"{role} {key}")
    PartyRoleFactory.create(party=party, platform=platform, role=role)
    base = base_url or f"https://{_host(platform.name)}/ocpi/2.2.1"
    # In one statement: half the suite begins here. A platform that hosts several companies has its endpoints already.
    Endpoint.objects.bulk_create(
        [
            Endpoint(platform=platform, module=module, interface=interface, url=f"{base}/{module}")
            for module, interface in _SIDES[role].items()
        ],
        ignore_conflicts=True,
    )
    directory.changed()
    return party


def _host(name: str) -> str:
    return f"{name.lower().replace(' ', '-')}.example"
