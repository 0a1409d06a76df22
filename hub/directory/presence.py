"""Who is here: invited, connected or for a while offline. Who ended its connection is not, whatever records of it remain."""

from django.db.models import Q, QuerySet

from roaming import canonical
from roaming.models import Party, PartyRole, Platform

MARKET_ROLES = (canonical.Role.CPO, canonical.Role.EMSP)
# A platform that was seen and is planned again took its connection away (DELETE credentials), as every rehearsal does at its end.
_LEFT = Q(status=Platform.Status.PLANNED, last_seen_at__isnull=False)


def present_roles() -> QuerySet[PartyRole]:
    """This function will return the market roles of everybody who is here."""
    return PartyRole.objects.filter(role__in=MARKET_ROLES).exclude(platform__in=Platform.objects.filter(_LEFT))


def present_parties() -> QuerySet[Party]:
    """This function will return the companies that are here."""
    return Party.objects.filter(pk__in=present_roles().values("party_id"))
