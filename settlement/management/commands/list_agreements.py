"""`list_agreements`: who may roam with whom, and how they pay."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand, party_argument
from roaming.parties.queries import list_agreements
from settlement.management.agreements import describe_agreement
from settlement.terms.models import SettlementTerms


class Command(OperatorCommand):
    """Reads only."""

    help = "List roaming agreements with their settlement terms."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--party", type=party_argument, metavar="CC-PID", help="only agreements that name this party")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the agreements, oldest first."""
        agreements = list(list_agreements(party=options["party"]))
        today = timezone.now().date()
        # Those in force today win over those that ended or are still to come.
        every = SettlementTerms.objects.filter(agreement__in=agreements).select_related("netting_set").order_by("validity")
        terms = {row.agreement_id: row for row in sorted(every, key=lambda row: today in row.validity)}
        return {"agreements": [describe_agreement(agreement, terms.get(agreement.pk)) for agreement in agreements]}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print a line per agreement."""
        lines = [
            f"{row['agreement']}: {row['operator'] or 'everyone'} – {row['provider'] or 'everyone'} "
            f"from {row['starts']} to {row['ends'] or 'further notice'}"
            for row in result["agreements"]
        ]
        return "\n".join(lines) or "No agreement yet: sign one with sign_agreement."
