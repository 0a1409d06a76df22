"""list_platforms: who is connected, as whom, since when heard."""

from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand, party_argument
from roaming.management.platform_state import describe_platform
from roaming.parties.models import Platform
from roaming.parties.queries import list_platforms


class Command(OperatorCommand):
    """Filters add up."""

    help = "Lists platforms with their state and parties."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the filters."""
        parser.add_argument("--status", choices=Platform.Status.values)
        parser.add_argument("--protocol", choices=Platform.Protocol.values)
        parser.add_argument("--party", type=party_argument, metavar="CC-PID")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the platforms that pass every filter, oldest first."""
        platforms = list_platforms(status=options["status"], protocol=options["protocol"], party=options["party"])
        return {"platforms": [describe_platform(platform) for platform in platforms]}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will write one line per platform."""
        lines = [
            f"{row['platform']:>5}  {row['status']:<9}  {row['protocol']:<4} {row['version']:<6}  {row['name']}  {' '.join(row['parties'])}"
            for row in result["platforms"]
        ]
        return "\n".join(lines) or "No platform."
