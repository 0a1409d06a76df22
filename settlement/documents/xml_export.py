"""The e-invoices of a statement in one file: UBL 2.1 or CII documents within EN 16931, side by side in one wrapper."""

from xml.sax.saxutils import quoteattr

from settlement.documents.issue_invoices import issued_invoices
from settlement.statements.models import Statement


def render_xml(*, statement: Statement) -> bytes:
    """This function will return `<Invoices>` with one UBL Invoice or CreditNote per supply; it raises what issued_invoices raises."""
    return _wrap(statement, [row.ubl for row in issued_invoices(statement=statement)])


def render_cii(*, statement: Statement) -> bytes:
    """This function will return `<Invoices>` with one CrossIndustryInvoice per supply; it raises what issued_invoices raises."""
    return _wrap(statement, [row.cii for row in issued_invoices(statement=statement)])


def _wrap(statement: Statement, documents: list[str]) -> bytes:
    attributes = {
        "statement": statement.number or f"draft-{statement.pk}",
        "party": str(statement.party.key),
        "period": statement.run.period,
        "currency": statement.currency,
    }
    told = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items())
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', f"<Invoices {told}>", *documents, "</Invoices>", ""]).encode()
