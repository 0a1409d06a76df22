"""`export_ledger`: the whole ledger as a file that foreign software reads."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db import connection, transaction

from roaming.management.operator_command import OperatorCommand, Refused
from settlement.ledger.beancount import write_beancount


class Command(OperatorCommand):
    """Reads only, all of it at one moment."""

    help = "Write the ledger for an auditor's own software (beancount: accounts, transactions, balances)."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--format", choices=("beancount",), required=True)
        parser.add_argument("--output", type=Path, required=True, metavar="FILE")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will write the file and return its name, SHA-256 and number of lines."""
        output: Path = options["output"]
        digest, lines = hashlib.sha256(), 0
        try:
            # One snapshot: an entry that is posted meanwhile is in none of the parts.
            with output.open("wb") as file, transaction.atomic():
                _read_at_one_moment()
                for text in write_beancount():
                    content = text.encode()
                    file.write(content)
                    digest.update(content)
                    lines += content.count(b"\n")
        except OSError as failed:
            raise Refused(f"{output} cannot be written: {failed.strerror}") from failed
        return {"file": str(output), "sha256": digest.hexdigest(), "lines": lines}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say where it is."""
        return f"{result['file']}: {result['lines']} lines, SHA-256 {result['sha256']}"


def _read_at_one_moment() -> None:
    if connection.savepoint_ids:
        return  # inside somebody else's transaction, which has its own moment
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
