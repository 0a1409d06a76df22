"""`import_bank`: reads what a party's bank says happened, and matches it to what was planned."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.management.files import read_file
from settlement.management.people import NoSuchUser, Person, get_person
from settlement.payments.camt import NotABankFile
from settlement.payments.import_bank import UnknownAccount, import_bank
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """The same file again, or an entry that another file told, changes nothing."""

    help = "Import a camt.053 or camt.054 file of a party's account and match its entries."
    refusals = (NoSuchUser, NotABankFile, RoleMayNot, UnknownAccount)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--file", type=Path, required=True, metavar="FILE")
        parser.add_argument("--by", default="", metavar="USER")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will import the file and return what it brought."""
        person = get_person(email=options["by"]) if options["by"] else Person("", "")
        path: Path = options["file"]
        imported = import_bank(content=read_file(path), name=path.name, by=person.email, by_role=person.role, at=timezone.now())
        return {
            "file": imported.file.pk,
            "sha256": imported.file.sha256,
            "entries": imported.entries,
            "new": imported.new,
            "matched": imported.matched,
            "unmatched": imported.new - imported.matched,
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say what came in and what is left to match."""
        told = f"{result['entries']} entries, {result['new']} of them new, {result['matched']} matched"
        return told + (f"; {result['unmatched']} to match by hand (list_bank_entries, match_bank)." if result["unmatched"] else ".")
