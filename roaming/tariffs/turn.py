"""Tariffs that become valid or end: receivers whose version has no dates of validity are told then (ocpi §5.2: only send while valid)."""

from datetime import datetime

from django.db import transaction

from roaming import canonical
from roaming.objects.announce import NoAgreement, UnknownParty, announce, find_parties
from roaming.parties import directory
from roaming.tariffs.models import Tariff
from roaming.tariffs.receive import next_turn

_AT_ONCE = 500


@transaction.atomic
def tell_turned_tariffs(*, at: datetime) -> int:
    """This function will queue tariffs whose turn has come, for everybody who may know them, and return how many there were.

    The payload says why: whoever was told the dates with the tariff needs nothing more.
    """
    table = directory.current()
    due = Tariff.objects.select_related("owner", "audience").filter(turns_at__lte=at).order_by("turns_at")
    turned = list(due.select_for_update(of=("self",), skip_locked=True)[:_AT_ONCE])
    for row in turned:
        tariff = canonical.from_builtins(row.document, canonical.Tariff)
        row.turns_at = next_turn(tariff, at=at)
        audience = row.audience.key if row.audience else None
        try:
            parties = find_parties(
                directory=table, owner=row.owner.key, role=canonical.Role.CPO, audience=audience, module="tariffs", on=at.date()
            )
        except (UnknownParty, NoAgreement):
            continue  # whoever was to hear it has no agreement any more
        announce(
            directory=table,
            parties=parties,
            module="tariffs",
            verb="put",
            object_type="tariff",
            object_row=row.id,
            payload={"turned": True},
            on=at.date(),
            correlation_id="",
        )
    Tariff.objects.bulk_update(turned, ["turns_at"])
    return len(turned)
