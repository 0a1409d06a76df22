"""`manage.py list_claims`: parties that platforms name and that wait for approval."""

from typing import Any

from django.core.management.base import CommandParser

from roaming.management.claim_state import describe_claim
from roaming.management.operator_command import OperatorCommand
from roaming.parties.models import PartyClaim


class Command(OperatorCommand):
    """Lists claims, oldest first."""

    help = "List the parties that platforms name in their credentials and that nobody approved."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will name the options."""
        parser.add_argument("--platform", type=int, metavar="ID", help="of this platform only")
        parser.add_argument("--all", action="store_true", help="decided ones too")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will read the claims."""
        found = PartyClaim.objects.select_related("platform").order_by("id")
        if options["platform"] is not None:
            found = found.filter(platform_id=options["platform"])
        if not options["all"]:
            found = found.filter(state="pending")
        return {"claims": [describe_claim(claim) for claim in found]}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say the claims to people."""
        lines = [f"{item['claim']}: {item['party']} on {item['name']} ({item['state']})" for item in result["claims"]]
        return "\n".join(lines) or "No claim waits."
