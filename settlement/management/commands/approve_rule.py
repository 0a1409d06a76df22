"""`approve_rule`: put a proposed change of a check in force."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand, Refused
from settlement.control.models import RuleChange
from settlement.control.settings import ApprovedAlready, MakerIsChecker, approve_change
from settlement.management.people import NoSuchUser, get_person
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Who asked cannot approve."""

    help = "Approve a proposed change of a check: it holds from now on."
    refusals = (ApprovedAlready, MakerIsChecker, NoSuchUser, RoleMayNot)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--change", type=int, required=True, metavar="ID")
        parser.add_argument("--by", required=True, metavar="USER")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will approve the change and return it."""
        change = RuleChange.objects.filter(pk=options["change"]).first()
        if change is None:
            raise Refused(f"there is no change {options['change']}")
        person = get_person(email=options["by"])
        approved = approve_change(change=change, by=person.email, by_role=person.role, at=timezone.now())
        return {"change": approved.pk, "state": "approved", "approved_by": approved.approved_by}
