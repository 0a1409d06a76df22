"""`propose_account`: the first of two people who change where a party's money goes."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand, party_argument
from settlement.management.parties import party_with_papers
from settlement.management.people import NoSuchUser, get_person
from settlement.terms.accounts import ChangeNeedsReason, ChangeUnderWay, propose_account
from settlement.terms.details import BadDetail
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """The old account is used until another person confirms the new one."""

    help = "Propose a new IBAN for a party."
    refusals = (BadDetail, ChangeNeedsReason, ChangeUnderWay, NoSuchUser, RoleMayNot)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--party", type=party_argument, required=True, metavar="CC-PID")
        parser.add_argument("--iban", required=True)
        parser.add_argument("--by", required=True, metavar="USER")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="how the party confirmed it")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will note the proposal and return its number."""
        person, party = get_person(email=options["by"]), party_with_papers(options["party"])
        change = propose_account(
            party=party, iban=options["iban"], reason=options["reason"], by=person.email, by_role=person.role, at=timezone.now()
        )
        return {"change": change.pk, "party": str(party.key), "iban": f"…{change.iban[-4:]}", "state": change.state}
