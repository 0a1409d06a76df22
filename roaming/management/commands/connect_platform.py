"""`manage.py connect_platform`: the hub starts the OCPI handshake itself, with the token A that the partner gave."""

import uuid
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from roaming.parties.credentials import TokenNotPrintable
from roaming.parties.register import NotRegistered
from roaming.protocols.ocpi.handshake import (
    CannotUseClient,
    NoMatchingEndpoints,
    NoSuchPlatform,
    NotApproved,
    VersionNotOffered,
    connect,
)


class Command(OperatorCommand):
    """Reads the partner's versions, posts the hub's credentials, and keeps what comes back."""

    help = "Register the hub at a partner that gave us a versions URL and a token A."
    refusals = (CannotUseClient, NoMatchingEndpoints, NoSuchPlatform, NotApproved, NotRegistered, TokenNotPrintable, VersionNotOffered)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will name the options."""
        parser.add_argument("--platform", type=int, required=True, metavar="ID", help="the platform, as invite_platform printed it")
        parser.add_argument("--versions-url", required=True, metavar="URL", help="the partner's versions URL; its host must be allowed")
        parser.add_argument("--token", required=True, help="the token A that the partner gave, as it is: not in Base64")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will take the whole handshake as the starter; after a refusal the platform is as it was."""
        connected = connect(
            platform_id=options["platform"],
            versions_url=options["versions_url"],
            token=options["token"],
            at=timezone.now(),
            correlation_id=str(uuid.uuid4()),
        )
        return {"platform": connected.platform, "version": connected.version, "status": "CONNECTED"}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say the result to people."""
        return f"Platform {result['platform']} is connected with OCPI {result['version']}."
