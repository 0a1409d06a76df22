"""`decide_rate`: the second of two people who set an exchange rate by hand."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.management.people import NoSuchUser, get_person
from settlement.terms.manual_rates import NoSuchProposal, ProposerCannotConfirm, decide_rate
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Once per proposal; a confirmed rate is never changed."""

    help = "Confirm or refuse a proposed exchange rate."
    refusals = (NoSuchProposal, NoSuchUser, ProposerCannotConfirm, RoleMayNot)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--proposal", type=int, required=True, metavar="ID")
        parser.add_argument("--outcome", choices=("approve", "refuse"), required=True)
        parser.add_argument("--by", required=True, metavar="USER")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will decide and return who set what."""
        person = get_person(email=options["by"])
        rate = decide_rate(
            proposal=options["proposal"],
            approve=options["outcome"] == "approve",
            by=person.email,
            by_role=person.role,
            at=timezone.now(),
        )
        return {
            "proposal": rate.pk,
            "currency": rate.currency,
            "on": rate.published_on,
            "per_euro": f"{rate.per_euro.normalize():f}",
            "state": rate.state,
            "proposed_by": rate.proposed_by,
            "decided_by": rate.decided_by,
            "reason": rate.reason,
        }
