"""`database_roles`: the SQL of the three roles of the database, printed or run."""

import re
from typing import Any

from django.core.management.base import CommandParser
from django.db import connection, transaction

from roaming.management.operator_command import OperatorCommand, WrongUsage
from settlement.ledger.roles import role_statements

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class Command(OperatorCommand):
    """Run as the owner of the database, after each migration. Passwords are set by whoever keeps them."""

    help = "Give the application and readers roles of their own: the application adds to sealed tables and changes nothing there."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--app", default="roamhouse_app", metavar="ROLE")
        parser.add_argument("--reader", default="roamhouse_reader", metavar="ROLE")
        parser.add_argument("--apply", action="store_true", help="run it now; else it is only printed")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the statements, and run them where told."""
        for name in ("app", "reader"):
            if not _NAME.fullmatch(options[name]):
                raise WrongUsage(f"--{name}: {options[name]!r} is not a role's name of small letters, digits and underscores")
        statements = list(role_statements(app=options["app"], reader=options["reader"]))
        if options["apply"]:
            with transaction.atomic(), connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        return {"app": options["app"], "reader": options["reader"], "applied": options["apply"], "statements": statements}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print the SQL, or say that it ran."""
        if result["applied"]:
            return f"Roles {result['app']} and {result['reader']} have what they need ({len(result['statements'])} statements)."
        return "\n".join(result["statements"])
