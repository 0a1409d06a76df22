"""What a platform says of the companies it hosts: the name that drivers, partners and finance read instead of an id."""

from collections.abc import Mapping

from roaming import canonical
from roaming.parties import directory
from roaming.parties.models import Party

# Where OCPI allows a hundred characters, the column has them too.
_LONGEST = 100


def introduce(*, companies: Mapping[canonical.PartyId, canonical.BusinessDetails]) -> None:
    """This function will keep the names and details of parties; a company that is not on the hub is passed over."""
    for key, details in companies.items():
        changed = (
            Party.objects.filter(country_code=key.country_code, party_id=key.party_id)
            .exclude(name=details.name[:_LONGEST])
            .update(name=details.name[:_LONGEST], business_details=canonical.to_builtins(details))
        )
        if changed:
            directory.changed()


def name_unnamed(*, key: canonical.PartyId, name: str) -> None:
    """This function will keep the name that a company tells of itself beside its data, where the hub knows none."""
    told = name.strip()[:_LONGEST]
    if told and Party.objects.filter(country_code=key.country_code, party_id=key.party_id, name="").update(name=told):
        directory.changed()


def rename(*, key: canonical.PartyId, name: str) -> None:
    """This function will give a company the name that the hub's staff says; empty: the next that it tells of itself."""
    Party.objects.filter(country_code=key.country_code, party_id=key.party_id).update(name=name.strip()[:_LONGEST])
    directory.changed()
