"""`assign_case`: who at the hub looks into a hold or a dispute, and until when."""

from datetime import UTC, date, datetime, time
from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand, WrongUsage
from settlement.clearing.assign import assign_hold
from settlement.clearing.clear import NoSuchCdr
from settlement.clearing.models import Hold
from settlement.clearing.queries import get_cdr, name_of
from settlement.clearing.release import NotHeld
from settlement.disputes.assign import assign_dispute
from settlement.disputes.end import ResolvedAlready
from settlement.disputes.queries import NoSuchDispute, get_dispute
from settlement.management.people import NoSuchUser, get_person
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Nothing about the money changes."""

    help = "Give a held CDR (--hold) or a dispute (--dispute) to somebody."
    refusals = (NoSuchCdr, NoSuchDispute, NoSuchUser, NotHeld, ResolvedAlready, RoleMayNot)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--hold", metavar="CC-PID/ID", help="the held CDR")
        parser.add_argument("--dispute", type=int, metavar="ID")
        parser.add_argument("--to", required=True, metavar="USER")
        parser.add_argument("--by", required=True, metavar="USER")
        parser.add_argument("--due", type=date.fromisoformat, metavar="DATE", help="new deadline of a hold")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will write down the owner and return the case."""
        if (options["hold"] is None) == (options["dispute"] is None) or (options["due"] and options["dispute"]):
            raise WrongUsage("name --hold (with or without --due) or --dispute")
        person, owner = get_person(email=options["by"]), get_person(email=options["to"])
        if options["dispute"] is not None:
            dispute = assign_dispute(dispute=get_dispute(number=options["dispute"]), to=owner.email, by=person.email, by_role=person.role)
            return {"dispute": dispute.pk, "assigned_to": dispute.assigned_to, "due_at": dispute.resolve_due_at}
        cdr = get_cdr(name=options["hold"])
        hold = Hold.objects.filter(cdr=cdr).first()
        if hold is None:
            raise NotHeld(f"{name_of(cdr)} is not held")
        due_at = datetime.combine(options["due"], time.max, tzinfo=UTC) if options["due"] else None
        hold = assign_hold(hold=hold, to=owner.email, by=person.email, by_role=person.role, due_at=due_at)
        return {"cdr": name_of(cdr), "assigned_to": hold.assigned_to, "due_at": hold.due_at}
