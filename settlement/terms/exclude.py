"""Leave a party out of a netting set, or take it in again: before netting, so that positions still sum to zero (finance §2.4)."""

from datetime import datetime

from django.db import IntegrityError, transaction

from roaming.models import Party
from settlement.terms.models import NettingExclusion, NettingSet
from settlement.terms.rights import require


class ExcludedAlready(Exception):
    """The party is left out of that netting set already."""


class NotExcluded(Exception):
    """The party is not left out of that netting set."""


class ExclusionNeedsReason(Exception):
    """Leaving a party out says why."""


def exclude_party(*, netting_set: NettingSet, party: Party, reason: str, by: str, by_role: str, at: datetime) -> NettingExclusion:
    """This function will leave a party out of every close from now on; it raises RoleMayNot, ExclusionNeedsReason and ExcludedAlready."""
    require(action="exclude_party", role=by_role, by=by)
    if not reason.strip():
        raise ExclusionNeedsReason("leaving a party out of the netting needs a reason")
    try:
        with transaction.atomic():
            return NettingExclusion.objects.create(
                netting_set=netting_set, party=party, reason=reason.strip()[:300], excluded_by=by, excluded_at=at
            )
    except IntegrityError as known:
        raise ExcludedAlready(f"{party.key} is left out of netting set {netting_set.name!r} already") from known


def include_party(*, netting_set: NettingSet, party: Party, by: str, by_role: str, at: datetime) -> NettingExclusion:
    """This function will take a party into the netting again; it raises RoleMayNot and NotExcluded."""
    require(action="exclude_party", role=by_role, by=by)
    with transaction.atomic():
        running = NettingExclusion.objects.select_for_update().filter(netting_set=netting_set, party=party, ended_at=None).first()
        if running is None:
            raise NotExcluded(f"{party.key} is not left out of netting set {netting_set.name!r}")
        running.ended_at, running.ended_by = at, by
        running.save(update_fields=["ended_at", "ended_by"])
    return running
