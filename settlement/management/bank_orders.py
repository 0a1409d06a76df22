"""Files for a bank: what one party pays or collects by a run, and who took the file."""

from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import CommandParser
from django.db import transaction
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand, Refused, party_argument
from roaming.parties.queries import find_party
from settlement.management.files import write_file
from settlement.management.people import NoSuchUser, Person, get_person
from settlement.payments.bank_file import CannotInstruct
from settlement.payments.instruct import CURRENCY, Instruction
from settlement.payments.models import PaymentOrder
from settlement.payments.release import NeedsSecondApprover
from settlement.payments.take import ApproverCannotOrder, take_order
from settlement.statements.queries import NoSuchRun, get_run
from settlement.terms.rights import RoleMayNot


class BankOrderCommand(OperatorCommand):
    """The base of both: subclasses name the side whose bank gets the file, its kind, who writes it, and why it leaves payments out."""

    refusals = (ApproverCannotOrder, CannotInstruct, NeedsSecondApprover, NoSuchRun, NoSuchUser, RoleMayNot)
    side: ClassVar[str]  # the option that names the party: payer or payee
    kind: ClassVar[PaymentOrder.Kind]
    left_out: ClassVar[str]

    def order(self, **named: Any) -> Instruction:
        """This function will write the order of a `run` for the party of `side`; it raises CannotInstruct."""
        raise TypeError(f"{type(self).__name__} does not say what it orders")

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--run", type=int, required=True, dest="run_id", metavar="ID")
        parser.add_argument(f"--{self.side}", type=party_argument, required=True, metavar="CC-PID")
        parser.add_argument("--output", type=Path, required=True, metavar="FILE")
        parser.add_argument("--by", default="", metavar="USER", help="who takes the file: not who approved the run")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will write the file and return its name and SHA-256, and what it orders."""
        run = get_run(run_id=options["run_id"])
        party = find_party(options[self.side])
        if party is None:
            raise Refused(f"{options[self.side]} is not a party of this hub")
        order = self.order(run=run, **{self.side: party})
        person = get_person(email=options["by"]) if options["by"] else Person("", "")
        with transaction.atomic():
            taken = take_order(run=run, party=party, kind=self.kind, order=order, by=person.email, by_role=person.role, at=timezone.now())
            write_file(options["output"], order.content)
        return {
            "file": str(options["output"]),
            "sha256": taken.sha256,
            "message_id": order.message_id,
            "payments": order.payments,
            "total": f"{order.total:.2f}",
            "currency": CURRENCY,
            "left_out": order.left_out,
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say what is ordered, and what the file leaves out."""
        noun = "payment" if result["payments"] == 1 else "payments"
        lines = [
            f"{result['file']}: {result['payments']} {noun}, {result['total']} {result['currency']}, message {result['message_id']}.",
            f"SHA-256 {result['sha256']}",
            *(f"Not in the file, {self.left_out}: {payment}" for payment in result["left_out"]),
        ]
        return "\n".join(lines)
