"""Public keys of meters: who registered which key for which EVSE, and since when."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from roaming.models import Party
from settlement.control.models import MeterKey


class MeterKeys(NamedTuple):
    """The keys of some operators by (owner, EVSE id in upper case)."""

    known: Mapping[tuple[int, str], Sequence[tuple[datetime, datetime | None, str]]]

    def key(self, *, owner: int, evse_id: str, at: datetime) -> str:
        """This function will return the key that was registered for an EVSE at an instant, or nothing."""
        for valid_from, valid_to, key in self.known.get((owner, evse_id.upper()), ()):
            if valid_from <= at and (valid_to is None or at < valid_to):
                return key
        return ""


def read_keys(*, owners: Iterable[int]) -> MeterKeys:
    """This function will read every key of some operators."""
    known: dict[tuple[int, str], list[tuple[datetime, datetime | None, str]]] = {}
    wanted = set(owners)
    if wanted:
        rows = MeterKey.objects.filter(owner__in=wanted).values_list("owner_id", "evse_key", "valid_from", "valid_to", "public_key")
        for owner, evse, valid_from, valid_to, key in rows:
            known.setdefault((owner, evse), []).append((valid_from, valid_to, key))
    return MeterKeys(known)


@transaction.atomic
def register_key(*, owner: Party, evse_id: str, public_key: str, by: str, valid_from: datetime) -> MeterKey:
    """This function will register the key of an EVSE's meter from an instant on; the key before it ends there."""
    MeterKey.objects.filter(owner=owner, evse_key=evse_id.upper(), valid_to=None).update(valid_to=valid_from)
    return MeterKey.objects.create(
        owner=owner, evse_id=evse_id, evse_key=evse_id.upper(), public_key=public_key.strip(), registered_by=by, valid_from=valid_from
    )
