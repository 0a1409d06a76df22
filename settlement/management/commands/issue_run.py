"""`issue_run`: numbers and freezes the statements of an approved run."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.management.people import NoSuchUser, get_person
from settlement.statements.approve import FiguresChanged, WrongState
from settlement.statements.issue import issue_run
from settlement.statements.models import Statement
from settlement.statements.queries import NoSuchRun, get_run
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Issuing again changes nothing."""

    help = "Issue an approved run: its statements get numbers without a gap and never change again."
    refusals = (FiguresChanged, NoSuchRun, NoSuchUser, RoleMayNot, WrongState)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--run", type=int, required=True, dest="run_id", metavar="ID")
        parser.add_argument("--by", required=True, metavar="USER")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will issue the run and return its statements."""
        person = get_person(email=options["by"])
        run = issue_run(run=get_run(run_id=options["run_id"]), by=person.email, by_role=person.role, at=timezone.now())
        statements = Statement.objects.filter(run=run).order_by("number")
        return {
            "run": run.pk,
            "state": run.state,
            "statements": [statement.pk for statement in statements],
            "numbers": [statement.number for statement in statements],
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say which numbers were issued."""
        numbers = result["numbers"]
        return f"Run {result['run']} is {result['state']}: {f'{numbers[0]} to {numbers[-1]}' if numbers else 'no statements'}."
