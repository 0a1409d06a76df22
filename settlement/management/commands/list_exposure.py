"""`list_exposure`: what each party owes, and what the others would lose."""

from typing import Any

from django.utils import timezone

from roaming import canonical
from roaming.management.operator_command import OperatorCommand
from settlement.payments.queries import list_exposure

_AMOUNTS = ("open", "overdue", "unbilled", "receivable", "total")


class Command(OperatorCommand):
    """Reads only."""

    help = "List per party and currency: open payments, what of them is overdue, charges not billed yet, and what it is owed."

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the exposures, per currency the largest first."""
        return {
            "exposure": [
                {
                    "party": row.party,
                    "currency": row.currency,
                    **{name: f"{getattr(row, name):.{canonical.exponent(row.currency)}f}" for name in _AMOUNTS},
                    "days_overdue": row.days_overdue,
                }
                for row in list_exposure(on=timezone.now().date())
            ]
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print a table."""
        head = f"{'party':<8} {'total':>14} {'open':>14} {'overdue':>14} {'unbilled':>14} {'is owed':>14}"
        lines = [
            f"{row['party']:<8} {row['total']:>14} {row['open']:>14} {row['overdue']:>14} {row['unbilled']:>14} {row['receivable']:>14} "
            f"{row['currency']}"
            for row in result["exposure"]
        ]
        return "\n".join([head, *lines])
