"""`release_letter`: a person lets a dunning letter go, or keeps it."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.management.people import NoSuchUser, get_person
from settlement.payments.letters import (
    LetterDecided,
    NoSuchLetter,
    NothingOpen,
    WithholdingNeedsReason,
    release_letter,
    withhold_letter,
)
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Once each: what was released is mailed within the hour, and never again."""

    help = "Release a dunning letter (it is mailed to the debtor's people of finance), or withhold it with a reason."
    refusals = (LetterDecided, NoSuchLetter, NoSuchUser, NothingOpen, RoleMayNot, WithholdingNeedsReason)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--letter", type=int, required=True, metavar="ID")
        parser.add_argument("--by", required=True, metavar="USER")
        parser.add_argument("--withhold", action="store_true", help="keep it; needs --reason")
        parser.add_argument("--reason", default="", metavar="TEXT")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will decide about the letter and return its state."""
        person = get_person(email=options["by"])
        who = {"letter_id": options["letter"], "by": person.email, "by_role": person.role, "at": timezone.now()}
        letter = withhold_letter(reason=options["reason"], **who) if options["withhold"] else release_letter(**who)
        return {"letter": letter.pk, "state": letter.state, "decided_by": letter.decided_by}
