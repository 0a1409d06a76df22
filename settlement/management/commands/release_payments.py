"""`release_payments`: the second approval of a run whose payments are above the cap of its netting set."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.management.people import NoSuchUser, get_person
from settlement.payments.release import CannotRelease, release_payments
from settlement.statements.approve import FiguresChanged
from settlement.statements.queries import NoSuchRun, get_run
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Neither who closed the run nor who approved it; whoever releases takes no file out."""

    help = "Release the bank files of a run above the payment cap of its netting set."
    refusals = (CannotRelease, FiguresChanged, NoSuchRun, NoSuchUser, RoleMayNot)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--run", type=int, required=True, dest="run_id", metavar="ID")
        parser.add_argument("--by", required=True, metavar="USER")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will release the payments and return what they sum to."""
        person = get_person(email=options["by"])
        release = release_payments(run=get_run(run_id=options["run_id"]), by=person.email, by_role=person.role, at=timezone.now())
        return {"run": release.run_id, "totals": release.totals, "released_by": release.released_by, "digest": release.digest}
