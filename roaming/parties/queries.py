"""Reads of platforms and parties for screens and commands. The hot path reads the directory instead."""

from django.db.models import Q, QuerySet

from roaming.canonical import PartyId
from roaming.parties.models import Party, Platform, RoamingAgreement


class UnknownPlatform(Exception):
    """No platform has this number."""


def get_platform(platform_id: int) -> Platform:
    """This function will return the platform of that row; it raises UnknownPlatform."""
    try:
        return Platform.objects.get(id=platform_id)
    except (Platform.DoesNotExist, OverflowError) as missing:
        raise UnknownPlatform(f"there is no platform {platform_id}") from missing


def find_party(key: PartyId) -> Party | None:
    """This function will return the company of that name, or None."""
    return Party.objects.filter(country_code=key.country_code, party_id=key.party_id).first()


def list_platforms(*, status: str | None = None, protocol: str | None = None, party: PartyId | None = None) -> QuerySet[Platform]:
    """This function will list platforms with their parties, oldest first; `status` SUSPENDED finds the locked ones too."""
    platforms = Platform.objects.prefetch_related("party_roles__party").order_by("id")
    if status == Platform.Status.SUSPENDED:
        platforms = platforms.filter(Q(status=status) | Q(is_locked=True))
    elif status is not None:
        platforms = platforms.filter(status=status, is_locked=False)
    if protocol is not None:
        platforms = platforms.filter(protocol=protocol)
    if party is not None:
        platforms = platforms.filter(party_roles__party__country_code=party.country_code, party_roles__party__party_id=party.party_id)
    return platforms.distinct()


def list_agreements(*, party: PartyId | None = None) -> QuerySet[RoamingAgreement]:
    """This function will list agreements with their parties, oldest first; of one party only where it is named."""
    agreements = RoamingAgreement.objects.select_related("operator", "provider").order_by("id")
    if party is not None:
        row = find_party(party)
        agreements = agreements.filter(Q(operator=row) | Q(provider=row)) if row else agreements.none()
    return agreements
