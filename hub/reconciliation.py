"""The hub's own invoice reconciliation records on the wire: settlement keeps them, OCPI asks for them, and both meet here."""

from roaming.parties.models import Party
from roaming.protocols.ocpi.kept import Asked, Kept
from settlement.documents.reconcile import describe_record, list_records


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
