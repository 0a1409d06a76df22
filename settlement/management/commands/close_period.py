"""`close_period`: clears everything received, nets, drafts statements."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming import canonical
from roaming.management.operator_command import OperatorCommand, WrongUsage
from settlement.clearing.roll_up import RecountDiffers
from settlement.ledger.verify import BooksBroken
from settlement.management.people import NoSuchUser, get_person
from settlement.netting.close import PeriodStillRunning, WrongCycle, close_period, find_run, preview_period
from settlement.netting.describe import describe_run
from settlement.netting.models import NettingRun
from settlement.statements.queries import list_statements
from settlement.terms.agree import DEFAULT_SET, find_or_make_set
from settlement.terms.queries import NoSuchNettingSet, get_netting_set
from settlement.terms.rates import NoRate
from settlement.terms.rights import RoleMayNot, require


class Command(OperatorCommand):
    """Closing again prints the same run."""

    help = "Close a finished settlement period of a netting set; with --dry-run look at it without writing anything."
    refusals = (BooksBroken, NoRate, NoSuchNettingSet, NoSuchUser, PeriodStillRunning, RecountDiffers, RoleMayNot, WrongCycle)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--period", required=True, help="a month like 2026-10, or an ISO week like 2026-W41")
        parser.add_argument("--netting-set", default=DEFAULT_SET, metavar="NAME")
        parser.add_argument("--by", default="", metavar="USER", help="e-mail of who closes: that person cannot approve")
        parser.add_argument("--dry-run", action="store_true", help="write nothing; a running month may be looked at")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will close the period, or look at it, and return positions, payments and statements."""
        try:
            period = canonical.Period.parse(options["period"])
        except canonical.NotAPeriod as wrong:
            raise WrongUsage(str(wrong)) from wrong
        by = ""
        if options["by"]:
            person = get_person(email=options["by"])
            require(action="close", role=person.role, by=person.email)
            by = person.email
        name, at = options["netting_set"], timezone.now()
        netting_set = find_or_make_set(name=name) if name == DEFAULT_SET else get_netting_set(name=name)
        if options["dry_run"]:
            known = find_run(netting_set=netting_set, period=period)
            return _told(known) if known else preview_period(netting_set=netting_set, period=period, at=at, look=_foreseen)
        return _told(close_period(netting_set=netting_set, period=period, by=by, at=at))

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print positions and payments."""
        head = f"Run {result['run']} of {result['period']}" if result["run"] else f"Dry run of {result['period']}: nothing was written"
        lines = [f"{head} ({result['cdrs']} CDRs, {result['held']} held)"]
        lines += [f"  {row['party']:<8} {row['amount']:>14} {row['currency']}" for row in result["positions"]]
        lines += [f"  {row['from']} pays {row['to']} {row['amount']} {row['currency']}" for row in result["payments"]]
        return "\n".join([*lines, f"  sum {result['sum']}"])


def _told(run: NettingRun) -> dict[str, Any]:
    return describe_run(run=run) | {"statements": list_statements(run=run)}


def _foreseen(run: NettingRun) -> dict[str, Any]:
    return describe_run(run=run) | {"run": None, "state": "dry run", "statements": []}
