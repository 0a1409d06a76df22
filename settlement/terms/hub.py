"""The hub as a party of its own: it earns fees and has papers like everybody else."""

from django.conf import settings

from roaming import canonical
from roaming.models import Party


def hub_party() -> Party:
    """This function will return the hub's own row (settings.HUB_PARTY), made where it is missing."""
    key = canonical.PartyId.parse(settings.HUB_PARTY)
    party, _ = Party.objects.get_or_create(country_code=key.country_code, party_id=key.party_id)
    return party
