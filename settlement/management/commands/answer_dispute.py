"""`answer_dispute`: what the two sides say to each other until one gives way, and what it does."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.disputes.answer import OF_THE_OPENER, OF_THE_OTHER_SIDE, NotYours, WrongAnswer, WrongSide, answer_dispute
from settlement.disputes.end import OpenerDecides, ResolvedAlready
from settlement.disputes.queries import NoSuchDispute, get_dispute
from settlement.management.money import read_amount
from settlement.management.people import NoSuchUser, person_about
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Accept and withdraw end the dispute; agree ends it with what was offered."""

    help = "Answer a dispute: accept, decline, offer or revise; who opened it: withdraw or agree."
    refusals = (NoSuchDispute, NoSuchUser, NotYours, OpenerDecides, ResolvedAlready, RoleMayNot, WrongAnswer, WrongSide)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--dispute", type=int, required=True, metavar="ID")
        parser.add_argument("--by", required=True, metavar="USER")
        parser.add_argument("--answer", default="", choices=(*OF_THE_OTHER_SIDE, *OF_THE_OPENER), help="without it, --text only talks")
        parser.add_argument("--offer", metavar="A", help="with --answer offer: the part that is not owed, gross")
        parser.add_argument("--text", default="", help="what to say about it")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will answer and return where the dispute stands."""
        dispute = get_dispute(number=options["dispute"])
        person = person_about(email=options["by"], cdr=dispute.cdr)
        answered = answer_dispute(
            dispute=dispute,
            by=person.email,
            by_role=person.role,
            at=timezone.now(),
            answer=options["answer"],
            text=options["text"],
            party=person.party,
            offered=None if options["offer"] is None else read_amount(option="--offer", text=options["offer"]),
        )
        return {
            "dispute": answered.pk,
            "state": answered.state,
            "answer": answered.answer,
            "offered": None if answered.offered_amount is None else f"{answered.offered_amount:.4f}",
            "upheld_amount": None if answered.upheld_amount is None else f"{answered.upheld_amount:.4f}",
            "currency": answered.currency,
        }
