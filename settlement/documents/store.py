"""Keep the files of issued statements: written once under the name of their SHA-256, read for ever.

A file is written to a temporary name, flushed to the disk and renamed; its row is inserted after it exists. So a row never names a
file that is not there, and two renderers of one statement meet at the same name with the same bytes.
"""

import hashlib
import io
import os
import tempfile
from pathlib import Path
from typing import IO, NamedTuple

from django.conf import settings
from django.db import transaction

from settlement.documents.models import Document
from settlement.documents.render import FORMATS, Rendered, filename_of, refuse_unknown, render_statement, type_of
from settlement.statements.models import Statement

# Written ahead for every statement.
STORED_FORMATS = tuple(name for name, form in FORMATS.items() if not form.on_demand)


class DocumentDamaged(Exception):
    """The bytes on the disk are missing or are not those that were rendered."""


class OpenDocument(NamedTuple):
    """A stored file, open for reading."""

    file: IO[bytes]
    size: int
    filename: str
    content_type: str
    sha256: str


def open_document(*, statement: Statement, format: str) -> OpenDocument:
    """This function will open the file of an issued statement, rendered and stored at the first call.

    A draft is rendered anew each time and kept nowhere. It raises DocumentDamaged and what render_statement raises.
    """
    refuse_unknown(format=format)
    if statement.state != Statement.State.ISSUED:
        return _in_memory(render_statement(statement=statement, format=format))
    document = Document.objects.filter(statement=statement, format=format).first() or store_document(statement=statement, format=format)
    path = path_of(sha256=document.sha256)
    try:
        file = path.open("rb")
    except FileNotFoundError as missing:
        raise DocumentDamaged(f"{statement.number}: the stored {format} file is missing") from missing
    return OpenDocument(
        file=file,
        size=document.size,
        filename=filename_of(statement=statement, format=format),
        content_type=type_of(format=format),
        sha256=document.sha256,
    )


def store_document(*, statement: Statement, format: str) -> Document:
    """This function will render a file of an issued statement, write it once and return its row; again, the row that is there."""
    rendered = render_statement(statement=statement, format=format)
    _write_once(rendered)
    with transaction.atomic():
        document, _ = Document.objects.get_or_create(
            statement=statement, format=format, defaults={"sha256": rendered.sha256, "size": len(rendered.content)}
        )
    return document


def path_of(*, sha256: str) -> Path:
    """This function will return where the file of that name lies."""
    return Path(settings.DOCUMENTS_DIR) / sha256[:2] / sha256


def is_intact(*, document: Document) -> bool:
    """This function will read a stored file and tell whether it is, byte for byte, what was rendered."""
    path = path_of(sha256=document.sha256)
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == document.sha256


def _write_once(rendered: Rendered) -> None:
    path = path_of(sha256=rendered.sha256)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(rendered.content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o440)
    Path(file.name).replace(path)


def _in_memory(rendered: Rendered) -> OpenDocument:
    return OpenDocument(
        file=io.BytesIO(rendered.content),
        size=len(rendered.content),
        filename=rendered.filename,
        content_type=rendered.content_type,
        sha256=rendered.sha256,
    )
