"""`show_settlement`: whether a run is settled: what of it was received, is short, came too much, went back."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming import canonical
from roaming.management.operator_command import OperatorCommand
from settlement.payments.settled import Money, RunStanding, StatementStanding, settlement_of
from settlement.statements.queries import NoSuchRun, get_run

_AMOUNTS = ("planned", "received", "open", "over", "returned")


class Command(OperatorCommand):
    """Reads only; what was paid follows from the bank files that were imported."""

    help = "Show what of a run was paid: per currency and per statement, received, open, over and returned."
    refusals = (NoSuchRun,)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--run", type=int, required=True, dest="run_id", metavar="ID")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the run's state with its money."""
        standing: RunStanding = settlement_of(run=get_run(run_id=options["run_id"]), on=timezone.now().date())
        return {
            "run": standing.run.pk,
            "period": standing.run.period,
            "state": standing.state,
            "currencies": {currency: _money(money, currency) for currency, money in standing.money.items()},
            "statements": [_statement(one) for one in standing.statements],
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print the run, then a line per statement."""
        lines = [f"Run {result['run']} of {result['period']}: {result['state']}."]
        for currency, money in result["currencies"].items():
            lines.append(
                f"{currency}: {money['paid']} of {money['payments']} payments paid; planned {money['planned']}, received "
                f"{money['received']}, open {money['open']}, over {money['over']}, returned {money['returned']}"
            )
        for row in result["statements"]:
            lines.append(
                f"{row['number'] or row['statement']!s:<16} {row['party']:<8} {row['net']:>12} {row['currency']} {row['state']:<10} "
                f"to pay {row['to_pay']['open']}, to receive {row['to_receive']['open']}"
            )
        return "\n".join(lines)


def _statement(standing: StatementStanding) -> dict[str, Any]:
    row = standing.statement
    return {
        "statement": row.pk,
        "number": row.number,
        "party": str(row.party.key),
        "currency": row.currency,
        "net": f"{row.net:.{canonical.exponent(row.currency)}f}",
        "due_on": row.due_on,
        "state": standing.state,
        "to_pay": _money(standing.to_pay, row.currency),
        "to_receive": _money(standing.to_receive, row.currency),
    }


def _money(money: Money, currency: str) -> dict[str, Any]:
    decimals = canonical.exponent(currency)
    amounts = {name: f"{getattr(money, name):.{decimals}f}" for name in _AMOUNTS}
    return {**amounts, "payments": money.payments, "paid": money.paid, "days_overdue": money.days_overdue}
