"""Reverse an entry: the same amounts the other way round, linked to what they undo. Nothing is ever edited."""

from datetime import date

from settlement.ledger.models import Entry
from settlement.ledger.post import AccountKey, Leg, NewEntry, post_entries


class AlreadyReversed(Exception):
    """The entry is reversed already, or is a reversal itself."""


def reverse_entry(*, entry: Entry, reason: str, effective_on: date) -> Entry:
    """This function will post the exact opposite of `entry`; it raises AlreadyReversed for a second time and for a reversal."""
    if entry.reverses_id is not None or Entry.objects.filter(reverses=entry).exists():
        raise AlreadyReversed(f"entry {entry.key} is reversed already")
    legs = [
        Leg(
            debit=AccountKey(transfer.credit.party_id, transfer.credit.kind, transfer.currency),
            credit=AccountKey(transfer.debit.party_id, transfer.debit.kind, transfer.currency),
            amount_minor=transfer.amount_minor,
        )
        for transfer in entry.transfers.select_related("debit", "credit").order_by("number")
    ]
    reversal = NewEntry(
        key=f"reverse:{entry.key}", kind="reversal", effective_on=effective_on, legs=legs, memo=reason[:255], reverses=entry.pk
    )
    return post_entries(entries=[reversal])[0]
