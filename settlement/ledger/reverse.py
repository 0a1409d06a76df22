"""Reverse entries: the same amounts the other way round, linked to what they undo. Nothing is ever edited."""

from collections.abc import Sequence
from datetime import date

from django.db.models import prefetch_related_objects

from settlement.ledger.models import Entry
from settlement.ledger.post import AccountKey, Leg, NewEntry, post_entries


class AlreadyReversed(Exception):
    """The entry is reversed already, or is a reversal itself."""


def reverse_entry(*, entry: Entry, reason: str, effective_on: date) -> Entry:
    """This function will post the exact opposite of `entry`; it raises AlreadyReversed for a second time and for a reversal."""
    return reverse_entries(entries=[entry], reason=reason, effective_on=effective_on)[0]


def reverse_entries(*, entries: Sequence[Entry], reason: str, effective_on: date | None = None) -> list[Entry]:
    """This function will post the exact opposite of entries, each on its own day unless told; it raises AlreadyReversed before any."""
    reversed_rows = set(Entry.objects.filter(reverses__in=entries).values_list("reverses_id", flat=True))
    for entry in entries:
        if entry.reverses_id is not None or entry.pk in reversed_rows:
            raise AlreadyReversed(f"entry {entry.key} is reversed already")
    prefetch_related_objects(list(entries), "transfers__debit", "transfers__credit")
    return post_entries(entries=[_opposite(entry, reason, effective_on or entry.effective_on) for entry in entries])


def _opposite(entry: Entry, reason: str, effective_on: date) -> NewEntry:
    legs = [
        Leg(
            debit=AccountKey(transfer.credit.party_id, transfer.credit.kind, transfer.currency),
            credit=AccountKey(transfer.debit.party_id, transfer.debit.kind, transfer.currency),
            amount_minor=transfer.amount_minor,
        )
        for transfer in sorted(entry.transfers.all(), key=lambda transfer: transfer.number)
    ]
    return NewEntry(key=f"reverse:{entry.key}", kind="reversal", effective_on=effective_on, legs=legs, memo=reason[:255], reverses=entry.pk)
