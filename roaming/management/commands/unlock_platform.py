"""unlock_platform: a locked platform takes part again."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from roaming.management.platform_state import describe_platform
from roaming.parties.lock import unlock_platform
from roaming.parties.queries import UnknownPlatform, get_platform


class Command(OperatorCommand):
    """Unlocking twice is unlocking once."""

    help = "Unlocks a platform: it takes part again, in the state it had before."
    refusals = (UnknownPlatform,)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--platform", type=int, required=True, metavar="ID")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will unlock the platform and return its state."""
        platform = get_platform(options["platform"])
        unlock_platform(platform=platform, at=timezone.now())
        return describe_platform(platform)
