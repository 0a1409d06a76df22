"""Render a statement as a file. Every format reads the same canonical content and the same annex, so they agree to the cent."""

import hashlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from settlement.documents.json_export import render_json
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
    "json": _Format(render_json, "application/json"),
}


def render_statement(*, statement: Statement, format: str) -> Rendered:
    """This function will render a statement; the same statement gives the same bytes each time. It raises UnknownFormat."""
    chosen = _FORMATS.get(format)
    if chosen is None:
        raise UnknownFormat(f"a statement has no format {format!r}: it is rendered as {', '.join(_FORMATS)}")
    content = chosen.render(statement=statement)
    return Rendered(
        content=content,
        filename=filename_of(statement=statement, format=format),
        content_type=chosen.content_type,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def filename_of(*, statement: Statement, format: str) -> str:
    """This function will return the name under which a partner saves the file."""
    name = statement.number or f"draft-{statement.pk}"
    return f"{name}_{statement.party.key}_{statement.run.period}_{statement.currency}.{format}"
