"""`export_statement`: writes a statement's file, the same bytes the portal gives."""

from pathlib import Path
from shutil import copyfileobj
from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand, Refused
from settlement.documents.invoices import MissingVatId
from settlement.documents.package import NotIssued
from settlement.documents.render import FORMATS
from settlement.documents.store import DocumentDamaged, open_document
from settlement.documents.validate import InvoiceInvalid, InvoiceUnchecked
from settlement.statements.queries import NoSuchStatement, get_statement


class Command(OperatorCommand):
    """A draft may be exported too; it says that it is one."""

    help = "Write a statement to a file: " + ", ".join(f"{name} ({form.words})" for name, form in FORMATS.items()) + "."
    refusals = (DocumentDamaged, InvoiceInvalid, InvoiceUnchecked, MissingVatId, NoSuchStatement, NotIssued)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--statement", type=int, required=True, metavar="ID")
        parser.add_argument("--format", choices=list(FORMATS), required=True)
        parser.add_argument("--output", type=Path, required=True, metavar="FILE")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will write the file and return its name and SHA-256."""
        document = open_document(statement=get_statement(statement_id=options["statement"]), format=options["format"])
        output: Path = options["output"]
        try:
            with document.file, output.open("wb") as file:
                copyfileobj(document.file, file)
        except OSError as failed:
            raise Refused(f"{output} cannot be written: {failed.strerror}") from failed
        return {"file": str(output), "sha256": document.sha256}
