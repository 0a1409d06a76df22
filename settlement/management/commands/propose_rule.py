"""`propose_rule`: ask for a change of a check; somebody else approves it."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.control.settings import NoSuchRule, NotTighter, propose_change
from settlement.control.simulate import describe_setting
from settlement.management.people import NoSuchUser, get_person
from settlement.management.rules import add_setting_arguments, read_setting
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Changes nothing until it is approved."""

    help = "Ask for a change of a check's parameter or action, for the hub or for one agreement."
    refusals = (NoSuchRule, NoSuchUser, NotTighter, RoleMayNot)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        add_setting_arguments(parser)
        parser.add_argument("--by", required=True, metavar="USER")
        parser.add_argument("--reason", required=True, metavar="TEXT")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will store the proposal and return its number."""
        person, setting = get_person(email=options["by"]), read_setting(options)
        change = propose_change(setting=setting, reason=options["reason"], by=person.email, by_role=person.role, at=timezone.now())
        return {"change": change.pk, "rule": describe_setting(setting), "state": "proposed", "proposed_by": person.email}
