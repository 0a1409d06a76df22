"""lock_platform: nothing is routed to or from a platform any more."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from roaming.management.platform_state import describe_platform
from roaming.parties.lock import lock_platform
from roaming.parties.queries import UnknownPlatform, get_platform


class Command(OperatorCommand):
    """Locking twice is locking once."""

    help = "Locks a platform: nothing is routed to or from it (OICP 017, OCPI SUSPENDED). What it has open stays recorded."
    refusals = (UnknownPlatform,)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--platform", type=int, required=True, metavar="ID")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will lock the platform and return its state."""
        platform = get_platform(options["platform"])
        lock_platform(platform=platform, at=timezone.now())
        return describe_platform(platform)
