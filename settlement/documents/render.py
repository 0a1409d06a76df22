"""Render a statement as a file. Every format reads the same canonical content and the same annex, so they agree to the cent."""

import hashlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from settlement.documents.csv_export import render_csv
from settlement.documents.json_export import render_json
from settlement.documents.pdf_export import render_pdf
from settlement.documents.xlsx_export import render_xlsx
from settlement.documents.xml_export import render_xml
from settlement.statements.models import Statement


class UnknownFormat(Exception):
    """The format is none that a statement is rendered in."""


class Rendered(NamedTuple):
    """A file in memory."""

    content: bytes
    filename: str
    content_type: str
    sha256: str


class _Format(NamedTuple):
    render: Callable[..., bytes]
    content_type: str


_FORMATS: Mapping[str, _Format] = {
    "pdf": _Format(render_pdf, "application/pdf"),
    "xlsx": _Format(render_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": _Format(render_csv, "text/csv; charset=utf-8"),
    "json": _Format(render_json, "application/json"),
    "xml": _Format(render_xml, "application/xml"),
}


def render_statement(*, statement: Statement, format: str) -> Rendered:
    """This function will render a statement; the same statement gives the same bytes each time.

    It raises UnknownFormat, and MissingVatId for `xml`.
    """
    refuse_unknown(format=format)
    content = _FORMATS[format].render(statement=statement)
    return Rendered(
        content=content,
        filename=filename_of(statement=statement, format=format),
        content_type=_FORMATS[format].content_type,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def refuse_unknown(*, format: str) -> None:
    """This function will raise UnknownFormat for what is no format of a statement."""
    if format not in _FORMATS:
        raise UnknownFormat(f"a statement has no format {format!r}: take {', '.join(_FORMATS)}")


def filename_of(*, statement: Statement, format: str) -> str:
    """This function will return the name under which a partner saves the file."""
    name = statement.number or f"draft-{statement.pk}"
    return f"{name}_{statement.party.key}_{statement.run.period}_{statement.currency}.{format}"


def type_of(*, format: str) -> str:
    """This function will return the media type of a format."""
    return _FORMATS[format].content_type
