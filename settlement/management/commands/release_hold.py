"""`release_hold`: a person lets a held CDR become money."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.clearing.clear import NoSuchCdr
from settlement.clearing.models import Charge, Hold
from settlement.clearing.queries import get_cdr, name_of
from settlement.clearing.release import AboveLimit, CannotRelease, NotHeld, ReasonMissing, SecondPersonNeeded, release_hold
from settlement.management.people import NoSuchUser, get_person
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Says who and why, for ever."""

    help = "Release a held CDR: it is charged into the earliest open period."
    refusals = (AboveLimit, CannotRelease, NoSuchCdr, NoSuchUser, NotHeld, ReasonMissing, RoleMayNot, SecondPersonNeeded)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--cdr", required=True, metavar="CC-PID/ID")
        parser.add_argument("--by", required=True, metavar="USER")
        parser.add_argument("--reason", required=True, metavar="TEXT")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will release the hold and return the new state with the period of the charge."""
        cdr = get_cdr(name=options["cdr"])
        person = get_person(email=options["by"])
        hold = Hold.objects.filter(cdr=cdr).first()
        if hold is None:
            raise NotHeld(f"{name_of(cdr)} is not held")
        released = release_hold(hold=hold, by=person.email, by_role=person.role, reason=options["reason"], at=timezone.now())
        if released.state == Hold.State.HELD:
            return {"cdr": name_of(cdr), "state": released.state, "release_asked_by": released.release_asked_by}
        charge = Charge.objects.get(cdr=cdr)
        return {
            "cdr": name_of(cdr),
            "state": released.state,
            "released_by": released.released_by,
            "reason": released.release_reason,
            "period": charge.period,
            "gross": f"{charge.gross:.4f}",
            "currency": charge.currency,
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say what became of the CDR."""
        if "gross" not in result:
            return f"{result['cdr']} is worth so much that another person releases it, too."
        amount = f"{result['gross']} {result['currency']}"
        return f"{result['cdr']} is {result['state']} by {result['released_by']}: {amount} in {result['period']}."
