"""`list_trends`: what the checks over many CDRs say today."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.control.trends import list_trends


class Command(OperatorCommand):
    """Reads only."""

    help = "List drifting clocks, jumping volumes and values just under the limits (checks 43, 66 and 67)."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare no options of its own."""

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the trends."""
        return {"trends": [trend._asdict() for trend in list_trends(at=timezone.now())]}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print a line per trend."""
        return (
            "\n".join(f"{row['check']:>3} {row['code']} {row['about']}: {row['message']}" for row in result["trends"]) or "Nothing drifts."
        )
