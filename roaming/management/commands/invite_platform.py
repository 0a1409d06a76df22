"""invite_platform: approve a platform with its parties and hosts; for OCPI, make the token it registers with."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand, role_argument
from roaming.parties.invite import HostedElsewhere, NameTaken, NotAHost, NotAMarketRole, UnknownName, invite_again, invite_platform
from roaming.parties.models import Platform


class Command(OperatorCommand):
    """Print the registration token once; the hub keeps only its hash."""

    help = "Approves a platform and its parties. OCPI: makes token A, with which the partner registers itself at /ocpi/versions."
    refusals = (HostedElsewhere, NameTaken, NotAHost, NotAMarketRole, UnknownName)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--name", required=True, help="What people call the platform.")
        parser.add_argument(
            "--party", action="append", required=True, type=role_argument, metavar="ROLE:CC:PID", help="A party it hosts; repeat for more."
        )
        parser.add_argument("--protocol", choices=Platform.Protocol.values, default=Platform.Protocol.OCPI.value)
        parser.add_argument(
            "--allow-host",
            action="append",
            default=[],
            metavar="HOST[:PORT]",
            help="Where the hub may call it, exactly; without a port the default one. Repeat for more.",
        )
        parser.add_argument(
            "--again", action="store_true", help="The platform is known and lost its token: make a new one, add parties and hosts."
        )

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will invite the platform and return its number, its token and its parties."""
        at, name, parties, hosts = timezone.now(), options["name"], options["party"], options["allow_host"]
        if options["again"]:
            invitation = invite_again(name=name, parties=parties, allowed_hosts=hosts, at=at)
        else:
            invitation = invite_platform(name=name, parties=parties, protocol=options["protocol"], allowed_hosts=hosts, at=at)
        answer: dict[str, Any] = {"platform": invitation.platform.id}
        if invitation.token is not None:
            answer |= {"token": invitation.token, "versions_url": f"{settings.HUB_PUBLIC_URL}/ocpi/versions"}
        return answer | {"parties": [f"{role}:{key.country_code}:{key.party_id}" for role, key in dict.fromkeys(parties)]}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will tell the operator what to hand over."""
        lines = [f"Platform {result['platform']} is invited for {', '.join(result['parties'])}."]
        if "token" in result:
            lines += ["Hand these over; the token is shown this once:", f"  {result['versions_url']}", f"  {result['token']}"]
        return "\n".join(lines)
