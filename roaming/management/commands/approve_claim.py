"""`manage.py approve_claim`: lets a platform speak for a party that it named, or refuses that for good."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.claim_state import describe_claim
from roaming.management.operator_command import OperatorCommand
from roaming.parties.claims import HostedElsewhere, NotAMarketRole, NotClaimed, approve_claim, refuse_claim


class Command(OperatorCommand):
    """Decides a claim."""

    help = "Let a platform speak for a party that it named in its credentials; --refuse says no for good."
    refusals = (NotClaimed, HostedElsewhere, NotAMarketRole)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will name the options."""
        parser.add_argument("--claim", type=int, required=True, metavar="ID", help="the claim, as list_claims prints it")
        parser.add_argument("--refuse", action="store_true", help="refuse it instead")
        parser.add_argument("--by", default="", metavar="USER", help="who decides")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will decide the claim and return it."""
        decide = refuse_claim if options["refuse"] else approve_claim
        return describe_claim(decide(claim_id=options["claim"], by=options["by"], at=timezone.now()))
