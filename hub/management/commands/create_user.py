"""`create_user`: a person of the hub or of a partner, by e-mail."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.core.validators import validate_email

from hub.users.keep import PARTNER_ROLES, STAFF_ROLES, RoleHasNoParty, RoleNeedsParty, UnknownParty, keep_user
from hub.users.passwords import WeakPassword
from roaming.management.operator_command import OperatorCommand, Refused, party_argument


class Command(OperatorCommand):
    """Makes a user; called again with the same e-mail it sets the password and the role anew."""

    help = "Create a user, or set password, role and party of an existing one."
    refusals = (UnknownParty, RoleNeedsParty, RoleHasNoParty, WeakPassword)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument("--party", type=party_argument, metavar="CC-PID", help="the partner the person works for")
        parser.add_argument("--role", choices=[*STAFF_ROLES, *PARTNER_ROLES], help="with --party: partner-finance unless told")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will save the user and return its row's id."""
        try:
            validate_email(options["email"].strip())
        except ValidationError as wrong:
            raise Refused(f"--email {options['email']!r} is not an e-mail address") from wrong
        if not options["password"]:
            raise Refused("--password is empty")
        user = keep_user(email=options["email"], password=options["password"], party=options["party"], role=options["role"])
        return {"user": user.pk}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say that the user is there."""
        return f"User {result['user']} may log in."
