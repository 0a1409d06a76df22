"""Checks of files: every stored document is, byte for byte, what was rendered."""

from settlement.documents.models import Document
from settlement.documents.store import is_intact


def files_are_intact() -> str | None:
    """This function will name the first stored file that is missing or changed."""
    for document in Document.objects.select_related("statement").order_by("id").iterator():
        if not is_intact(document=document):
            return f"document {document.statement.number} {document.format}: its file is missing or changed"
    return None


CHECKS = (files_are_intact,)
