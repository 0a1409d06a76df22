"""`approve_run`: another person than the one who closed confirms the figures."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.management.people import NoSuchUser, get_person
from settlement.statements.approve import FiguresChanged, MakerIsChecker, WrongState, approve_run
from settlement.statements.queries import NoSuchRun, get_run
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Maker is not checker."""

    help = "Approve a closed run; who closed it cannot, nor can roles without that right."
    refusals = (FiguresChanged, MakerIsChecker, NoSuchRun, NoSuchUser, RoleMayNot, WrongState)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--run", type=int, required=True, dest="run_id", metavar="ID")
        parser.add_argument("--by", required=True, metavar="USER")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will approve the run and return its state."""
        person = get_person(email=options["by"])
        run = approve_run(run=get_run(run_id=options["run_id"]), by=person.email, by_role=person.role, at=timezone.now())
        return {"run": run.pk, "state": run.state, "approved_by": run.approved_by, "digest": run.digest}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say who approved what."""
        return f"Run {result['run']} is {result['state']} by {result['approved_by']} (digest {result['digest'][:16]})."
