"""Render a statement as a file. Every format reads the same canonical content and the same annex, so they agree to the cent."""

import hashlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from settlement.documents.csv_export import render_csv
from settlement.documents.facturx_export import render_facturx
from settlement.documents.json_export import render_json
from settlement.documents.package import render_package
from settlement.documents.pdf_export import render_pdf
from settlement.documents.xlsx_export import render_xlsx
from settlement.documents.xml_export import render_cii, render_xml
from settlement.statements.models import Statement


class UnknownFormat(Exception):
    """The format is none that a statement is rendered in."""


class Rendered(NamedTuple):
    """A file in memory."""

    content: bytes
    filename: str
    content_type: str
    sha256: str


class Format(NamedTuple):
    """One way to have a statement. `on_demand`: not written ahead for every statement, since it may be refused or is rarely wanted."""

    render: Callable[..., bytes]
    content_type: str
    words: str
    extension: str
    on_demand: bool = False
    button: str = ""  # what stands on it, where that is not the format's own name in capitals


def _render_zip(*, statement: Statement) -> bytes:
    renderers = {"pdf": render_pdf, "xlsx": render_xlsx, "csv": render_csv, "json": render_json}
    return render_package(statement=statement, documents=renderers)


_ZIP = "application/zip"
# The one list of formats: commands, admin and portal offer what stands here, in this order.
FORMATS: Mapping[str, Format] = {
    "pdf": Format(render_pdf, "application/pdf", "the document to read and to file", "pdf"),
    "xlsx": Format(render_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "a workbook with every CDR", "xlsx"),
    "csv": Format(render_csv, "text/csv; charset=utf-8", "one row per CDR", "csv"),
    "json": Format(render_json, "application/json", "for machines, with its schema", "json"),
    "xml": Format(render_xml, "application/xml", "the e-invoices, as UBL", "xml", on_demand=True),
    "cii": Format(render_cii, "application/xml", "the e-invoices, as CII", "cii.xml", on_demand=True),
    "facturx": Format(render_facturx, _ZIP, "the invoices as PDF, with their e-invoices inside", "facturx.zip", True, "Factur-X"),
    "zip": Format(_render_zip, _ZIP, "everything, with the proof to check it offline", "zip", on_demand=True),
}


def render_statement(*, statement: Statement, format: str) -> Rendered:
    """This function will render a statement; the same statement gives the same bytes each time.

    It raises UnknownFormat; for e-invoices also MissingVatId, InvoiceInvalid and InvoiceUnchecked; for the package NotIssued.
    """
    refuse_unknown(format=format)
    content = FORMATS[format].render(statement=statement)
    return Rendered(
        content=content,
        filename=filename_of(statement=statement, format=format),
        content_type=FORMATS[format].content_type,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def refuse_unknown(*, format: str) -> None:
    """This function will raise UnknownFormat for what is no format of a statement."""
    if format not in FORMATS:
        raise UnknownFormat(f"a statement has no format {format!r}: take {', '.join(FORMATS)}")


def filename_of(*, statement: Statement, format: str) -> str:
    """This function will return the name under which a partner saves the file."""
    name = statement.number or f"draft-{statement.pk}"
    return f"{name}_{statement.party.key}_{statement.run.period}_{statement.currency}.{FORMATS[format].extension}"


def type_of(*, format: str) -> str:
    """This function will return the media type of a format."""
    return FORMATS[format].content_type
