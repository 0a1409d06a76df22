"""Issue the invoices behind a statement: write both syntaxes, ask the rules, and keep them as they are for ever."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, indent, tostring

import msgspec

from roaming import canonical
from roaming.models import Party
from settlement.documents.cii import write_cii
from settlement.documents.invoices import Invoice, list_invoices
from settlement.documents.models import IssuedInvoice
from settlement.documents.ubl import write_ubl
from settlement.documents.validate import validate
from settlement.statements.models import Statement


def issued_invoices(*, statement: Statement) -> list[IssuedInvoice]:
    """This function will return the invoices of a statement in its order, written at the first call; of a draft they are not kept.

    Amounts of credit notes are above zero. It raises MissingVatId, InvoiceInvalid and InvoiceUnchecked, and then writes nothing.
    """
    invoices = list_invoices(statement=statement)
    numbers = [invoice.number for invoice in invoices]
    is_issued = statement.state == Statement.State.ISSUED
    known = {row.number: row for row in IssuedInvoice.objects.filter(number__in=numbers)} if is_issued else {}
    rows = _write(statement, [invoice for invoice in invoices if invoice.number not in known])
    if is_issued and rows:
        IssuedInvoice.objects.bulk_create(rows, ignore_conflicts=True)
        # Whoever came first wrote them: both give out what stands there.
        known = {row.number: row for row in IssuedInvoice.objects.filter(number__in=numbers)}
    written = {row.number: row for row in rows} | known
    return [written[number] for number in numbers]


def read_invoice(*, row: IssuedInvoice) -> Invoice:
    """This function will return an invoice as it was issued."""
    return msgspec.json.decode(row.content, type=Invoice)


def file_of(text: str) -> bytes:
    """This function will return the XML of an invoice as a file of its own."""
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode() + b"\n"


def _write(statement: Statement, invoices: Sequence[Invoice]) -> list[IssuedInvoice]:
    rows = [_row(statement, invoice) for invoice in invoices]
    validate(documents=[(row.number, file_of(text)) for row in rows for text in (row.ubl, row.cii)])
    return rows


def _row(statement: Statement, invoice: Invoice) -> IssuedInvoice:
    return IssuedInvoice(
        run_id=statement.run_id,
        number=invoice.number,
        type_code=invoice.type_code,
        seller=_party(invoice.seller.key),
        buyer=_party(invoice.buyer.key),
        issued_on=invoice.issued_on,
        currency=invoice.currency,
        net=invoice.net,
        vat=invoice.vat,
        gross=invoice.gross,
        content=msgspec.json.encode(invoice).decode(),
        ubl=_text(write_ubl(invoice=invoice)),
        cii=_text(write_cii(invoice=invoice)),
    )


def _party(text: str) -> Party:
    key = canonical.PartyId.parse(text)
    return Party.objects.get(country_code=key.country_code, party_id=key.party_id)


def _text(element: Element) -> str:
    indent(element)
    return tostring(element, encoding="unicode")
