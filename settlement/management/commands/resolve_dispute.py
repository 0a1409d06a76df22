"""`resolve_dispute`: upheld (not owed), rejected (owed) or split; once."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.disputes.end import ResolvedAlready
from settlement.disputes.queries import NoSuchDispute, get_dispute
from settlement.disputes.resolve import OUTCOMES, WrongOutcome, resolve_dispute
from settlement.management.money import read_amount
from settlement.management.people import NoSuchUser, get_person
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """What follows is booked in the next open period, with the number of the dispute."""

    help = "Resolve a dispute."
    refusals = (NoSuchDispute, NoSuchUser, ResolvedAlready, RoleMayNot, WrongOutcome)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--dispute", type=int, required=True, metavar="ID")
        parser.add_argument("--by", required=True, metavar="USER")
        parser.add_argument("--outcome", required=True, choices=OUTCOMES)
        parser.add_argument("--upheld-amount", metavar="A", help="of a split: what is not owed; half unless told")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will resolve the dispute and return its state and what it booked."""
        dispute = get_dispute(number=options["dispute"])
        told = options["upheld_amount"]
        upheld = read_amount(option="--upheld-amount", text=told) if told else None
        person = get_person(email=options["by"])
        resolved = resolve_dispute(
            dispute=dispute, outcome=options["outcome"], by=person.email, by_role=person.role, at=timezone.now(), upheld=upheld
        )
        return {
            "dispute": resolved.pk,
            "state": resolved.state,
            "upheld_amount": f"{resolved.upheld_amount:.4f}",
            "currency": resolved.currency,
            "adjustments": [
                {"kind": row.kind, "period": row.period, "service_period": row.service_period, "gross": f"{row.gross:.4f}"}
                for row in resolved.adjustments.order_by("id")
            ],
        }
