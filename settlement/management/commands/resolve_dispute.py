"""`resolve_dispute`: upheld (not owed), rejected (owed) or split; once."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand, Refused
from settlement.disputes.models import Dispute
from settlement.disputes.resolve import OUTCOMES, ResolvedAlready, WrongOutcome, resolve_dispute
from settlement.management.people import NoSuchUser, get_person
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """What follows is booked in the next open period, with the number of the dispute."""

    help = "Resolve a dispute."
    refusals = (NoSuchUser, ResolvedAlready, RoleMayNot, WrongOutcome)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--dispute", type=int, required=True, metavar="ID")
        parser.add_argument("--by", required=True, metavar="USER")
        parser.add_argument("--outcome", required=True, choices=OUTCOMES)
        parser.add_argument("--upheld-amount", metavar="A", help="of a split: what is not owed; half unless told")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will resolve the dispute and return its state and what it booked."""
        dispute = Dispute.objects.filter(pk=options["dispute"]).first()
        if dispute is None:
            raise Refused(f"there is no dispute {options['dispute']}")
        try:
            upheld = Decimal(options["upheld_amount"]) if options["upheld_amount"] else None
        except InvalidOperation as wrong:
            raise Refused(f"--upheld-amount: {options['upheld_amount']!r} is not an amount") from wrong
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
