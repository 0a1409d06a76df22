"""The hub's own invoice reconciliation records on the wire: settlement keeps them, OCPI asks for them, and both meet here."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from roaming.parties.models import Party
from roaming.protocols.ocpi.kept import Asked, Kept
from roaming.protocols.ocpi.tell_kept import tell_kept
from roaming.routing.sides import Side
from settlement.documents.models import ReconciliationRecord
from settlement.documents.reconcile import describe_record, list_records

MODULE = "invoicereconciliation"


def read_records(asked: Asked) -> Kept:
    """This function will return the records of the invoices that concern a party (OCPI 2.3.0 edition 2, invoice reconciliation)."""
    party = Party.objects.filter(country_code=asked.party.country_code, party_id=asked.party.party_id).first()
    found = [
        record
        for record in (list_records(party=party) if party is not None else [])
        if (asked.date_from is None or record.updated_at >= asked.date_from)
        and (asked.date_to is None or record.updated_at < asked.date_to)
    ]
    page = found[asked.offset : asked.offset + asked.limit]
    return Kept([describe_record(record=record) for record in page], len(found))


def read_record(row: int) -> Mapping[str, Any] | None:
    """This function will return one record as the wire has it, or None."""
    record = ReconciliationRecord.objects.select_related("operator", "provider", "run").filter(pk=row).first()
    return describe_record(record=record) if record is not None else None


def push_records(records: Sequence[ReconciliationRecord], *, is_known: bool = False) -> int:
    """This function will queue records for those whose invoice they are about, where they serve the module; it returns how many.

    That is the party that did not issue the invoice: the provider, or the operator of a provider that bills itself.
    """
    told = 0
    for (receiver, is_reverse), group in groupby(records, key=lambda record: (_receiver(record), record.is_reverse)):
        side = Side.OPERATOR if is_reverse else Side.PROVIDER
        rows = [record.pk for record in group]
        told += tell_kept(module=MODULE, rows=rows, receiver=receiver.key, side=side, is_known=is_known)
    return told


def push_records_to(*, party: Party) -> int:
    """This function will queue every record that a party should have heard of, again; its id stays, so that nothing is there twice."""
    return push_records([record for record in list_records(party=party) if _receiver(record) == party], is_known=True)


def tell_of_new(records: Sequence[ReconciliationRecord]) -> None:
    """This function will queue records that were just written."""
    push_records(records)


def _receiver(record: ReconciliationRecord) -> Party:
    receiver: Party = record.operator if record.is_reverse else record.provider
    return receiver
