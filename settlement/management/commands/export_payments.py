"""`export_payments`: writes what a payer owes by a run as a file for its bank."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand, Refused, party_argument
from roaming.parties.queries import find_party
from settlement.payments.instruct import CURRENCY, CannotInstruct, instruct_payments
from settlement.statements.queries import NoSuchRun, get_run


class Command(OperatorCommand):
    """Reads only; the same run and bank details give the same bytes, and a bank takes the same MsgId once."""

    help = "Write the payments of a party by an approved run as SEPA credit transfers (pain.001)."
    refusals = (CannotInstruct, NoSuchRun)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--run", type=int, required=True, dest="run_id", metavar="ID")
        parser.add_argument("--payer", type=party_argument, required=True, metavar="CC-PID")
        parser.add_argument("--output", type=Path, required=True, metavar="FILE")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will write the file and return its name and SHA-256, and what it orders."""
        run = get_run(run_id=options["run_id"])
        payer = find_party(options["payer"])
        if payer is None:
            raise Refused(f"{options['payer']} is not a party of this hub")
        order = instruct_payments(run=run, payer=payer)
        output: Path = options["output"]
        try:
            output.write_bytes(order.content)
        except OSError as failed:
            raise Refused(f"{output} cannot be written: {failed.strerror}") from failed
        return {
            "file": str(output),
            "sha256": hashlib.sha256(order.content).hexdigest(),
            "message_id": order.message_id,
            "payments": order.payments,
            "total": f"{order.total:.2f}",
            "currency": CURRENCY,
            "left_out": order.left_out,
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say what was ordered, and what the file leaves out."""
        noun = "payment" if result["payments"] == 1 else "payments"
        lines = [
            f"{result['file']}: {result['payments']} {noun}, {result['total']} {result['currency']}, message {result['message_id']}.",
            f"SHA-256 {result['sha256']}",
            *(f"Not in the file, SEPA moves {result['currency']} only: {payment}" for payment in result["left_out"]),
        ]
        return "\n".join(lines)
