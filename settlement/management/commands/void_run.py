"""`void_run`: takes a draft back, so that its period can be closed again."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.management.people import NoSuchUser, get_person
from settlement.netting.void import CannotVoid, VoidNeedsReason, void_run
from settlement.statements.queries import NoSuchRun, get_run
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Nothing is deleted: entries are reversed, the run stays and says who voided it and why."""

    help = "Void a draft run; an approved or issued one stands."
    refusals = (CannotVoid, NoSuchRun, NoSuchUser, RoleMayNot, VoidNeedsReason)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--run", type=int, required=True, dest="run_id", metavar="ID")
        parser.add_argument("--by", required=True, metavar="USER")
        parser.add_argument("--reason", required=True, metavar="TEXT")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will void the run and return its state."""
        person = get_person(email=options["by"])
        run = get_run(run_id=options["run_id"])
        voided = void_run(run=run, by=person.email, by_role=person.role, reason=options["reason"], at=timezone.now())
        return {"run": voided.pk, "state": voided.state, "period": voided.period, "voided_by": voided.voided_by}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say what is void and what to do next."""
        return f"Run {result['run']} is void by {result['voided_by']}; {result['period']} is open and can be closed again."
