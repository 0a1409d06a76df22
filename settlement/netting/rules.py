"""Change how a netting set nets: from the next close on, never for what is closed."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from settlement.clearing.models import Charge
from settlement.terms.models import NettingSet
from settlement.terms.rights import require

RULES = frozenset({"mode", "de_minimis", "zone", "payment_cap"})


class ClosedAlready(Exception):
    """Charges of the set are booked by the old zone's midnights: the zone stays."""


class NoRule(Exception):
    """A netting set has no such rule."""


@transaction.atomic
def set_rules(*, netting_set: NettingSet, changes: Mapping[str, Any], by: str, by_role: str) -> NettingSet:
    """This function will change mode, de_minimis, payment_cap or zone; it raises RoleMayNot, NoRule and ClosedAlready.

    The zone is chosen before the first charge: later, sessions near midnight would stand in the wrong period.
    """
    require(action="change_netting", role=by_role, by=by)
    if unknown := set(changes) - RULES:
        raise NoRule(f"{sorted(unknown)[0]!r} is no rule of a netting set")
    locked = NettingSet.objects.select_for_update().get(pk=netting_set.pk)
    if changes.get("zone", locked.zone) != locked.zone and Charge.objects.filter(netting_set=locked).exists():
        raise ClosedAlready(f"netting set {locked.name!r} has charges by midnights of {locked.zone}: make another set for another zone")
    for name, value in changes.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(changes))
    return locked
