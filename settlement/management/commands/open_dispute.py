"""`open_dispute`: doubt a part of what a CDR was charged."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.clearing.clear import NoSuchCdr
from settlement.clearing.queries import get_cdr, name_of
from settlement.disputes.models import Dispute
from settlement.disputes.open import AcceptedAlready, DisputedAlready, NothingCharged, TooLate, UnknownReason, WrongAmount, open_dispute
from settlement.management.money import read_amount
from settlement.management.people import NoSuchUser, person_about
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Withholds the disputed part, and nothing else, while the period is open."""

    help = "Open a dispute about a part of a charge."
    refusals = (AcceptedAlready, DisputedAlready, NoSuchCdr, NoSuchUser, NothingCharged, RoleMayNot, TooLate, UnknownReason, WrongAmount)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--cdr", required=True, metavar="CC-PID/ID")
        parser.add_argument("--by", required=True, metavar="USER")
        parser.add_argument("--reason", required=True, metavar="CODE", help=", ".join(Dispute.Reason.values))
        parser.add_argument("--amount", required=True, metavar="A", help="gross, in the currency of the CDR")
        parser.add_argument("--text", default="", help="what to say about it")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will open the dispute and return it."""
        amount = read_amount(option="--amount", text=options["amount"])
        cdr = get_cdr(name=options["cdr"])
        person = person_about(email=options["by"], cdr=cdr)
        dispute = open_dispute(
            cdr=cdr,
            reason=options["reason"],
            amount=amount,
            by=person.email,
            by_role=person.role,
            at=timezone.now(),
            text=options["text"],
            party=person.party,
        )
        withheld = dispute.adjustments.first()
        return {
            "dispute": dispute.pk,
            "cdr": name_of(cdr),
            "state": dispute.state,
            "reason": dispute.reason,
            "amount": f"{dispute.amount:.4f}",
            "currency": dispute.currency,
            "withheld_in": withheld.period if withheld else None,
            "answer_due": dispute.answer_due_at,
            "resolve_due": dispute.resolve_due_at,
        }
