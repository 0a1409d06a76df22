"""`list_payments`: what is paid, what is open and for how long."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming import canonical
from roaming.management.operator_command import OperatorCommand, party_argument
from settlement.netting.references import reference_of
from settlement.payments.dunning import NAMES
from settlement.payments.queries import Standing, list_payments, list_standings


class Command(OperatorCommand):
    """Reads only."""

    help = "List planned payments with what was received, what is open, and the stage of what is overdue."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--run", type=int, dest="run_id", metavar="ID")
        parser.add_argument("--party", type=party_argument, metavar="CC-PID", help="who pays or is paid")
        parser.add_argument("--open", action="store_true", dest="only_open", help="only what is not fully paid")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the payments, newest run first."""
        payments = list_payments()
        if options["run_id"] is not None:
            payments = payments.filter(run=options["run_id"])
        wanted = [row for row in payments if options["party"] in (None, row.payer.key, row.payee.key)]
        standings = list_standings(payments=wanted, on=timezone.now().date())
        return {"payments": [_told(standing) for standing in standings if standing.open or not options["only_open"]]}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print one line per payment."""
        lines = [
            f"{row['payment']:>6} {row['from']} to {row['to']} {row['amount']:>12} {row['currency']} {row['state']:<9} "
            f"open {row['open']}" + (f", {row['days_overdue']} days overdue: {row['stage_name']}" if row["stage"] else "")
            for row in result["payments"]
        ]
        return "\n".join(lines) or "No payment."


def _told(standing: Standing) -> dict[str, Any]:
    payment = standing.payment
    decimals = canonical.exponent(payment.currency)
    return {
        "payment": payment.pk,
        "run": payment.run_id,
        "period": payment.run.period,
        "from": str(payment.payer.key),
        "to": str(payment.payee.key),
        "currency": payment.currency,
        "amount": f"{payment.amount:.{decimals}f}",
        "paid": f"{standing.paid:.{decimals}f}",
        "open": f"{standing.open:.{decimals}f}",
        "over": f"{standing.over:.{decimals}f}",
        "state": standing.state,
        "reference": reference_of(payment=payment.pk),
        "due_on": standing.due_on,
        "days_overdue": standing.days_overdue,
        "stage": standing.stage,
        "stage_name": NAMES[standing.stage],
    }
