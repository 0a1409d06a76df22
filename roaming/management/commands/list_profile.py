"""`manage.py list_profile`: how a partner really speaks, flag by flag, and what the hub has seen of it."""

from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand
from roaming.management.profile_state import describe_profile, profile_lines
from roaming.parties.queries import UnknownPlatform, get_platform


class Command(OperatorCommand):
    """Lists a partner's flags with their evidence."""

    help = "List how a partner really speaks: every flag, and what the hub proposes with its evidence."
    refusals = (UnknownPlatform,)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will name the options."""
        parser.add_argument("--platform", type=int, required=True, metavar="ID", help="the platform, as list_platforms prints it")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will read the profile."""
        return describe_profile(get_platform(options["platform"]))

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say the profile to people."""
        return profile_lines(result)
