"""`decide_account`: the second of two people who change where a party's money goes."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.management.people import NoSuchUser, get_person
from settlement.terms.accounts import NoSuchChange, ProposerCannotDecide, decide_account
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Once per change."""

    help = "Confirm or refuse a proposed IBAN."
    refusals = (NoSuchChange, NoSuchUser, ProposerCannotDecide, RoleMayNot)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--change", type=int, required=True, metavar="ID")
        parser.add_argument("--outcome", choices=("approve", "refuse"), required=True)
        parser.add_argument("--by", required=True, metavar="USER")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will decide and return the state."""
        person = get_person(email=options["by"])
        change = decide_account(
            change=options["change"],
            approve=options["outcome"] == "approve",
            by=person.email,
            by_role=person.role,
            at=timezone.now(),
        )
        return {"change": change.pk, "party": str(change.party.key), "iban": f"…{change.iban[-4:]}", "state": change.state}
