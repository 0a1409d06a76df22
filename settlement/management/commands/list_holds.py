"""`list_holds`: every open hold with all its reasons."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from roaming.management.operator_command import OperatorCommand
from settlement.clearing.queries import list_holds, name_of


class Command(OperatorCommand):
    """Reads only."""

    help = "List the CDRs that are held out of statements, with every reason."

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the open holds, oldest first."""
        holds = list(list_holds())
        at_risk: dict[str, Decimal] = defaultdict(Decimal)
        for hold in holds:
            at_risk[hold.cdr.currency] += hold.cdr.net
        return {
            "at_risk": {currency: f"{net:.4f}" for currency, net in sorted(at_risk.items())},
            "holds": [
                {
                    "cdr": name_of(hold.cdr),
                    "provider": str(hold.cdr.provider.key),
                    "net": f"{hold.cdr.net:.4f}",
                    "currency": hold.cdr.currency,
                    "held_at": hold.held_at,
                    "due_at": hold.due_at,
                    "assigned_to": hold.assigned_to,
                    "reasons": hold.reasons,
                }
                for hold in holds
            ],
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print a block per hold."""
        lines: list[str] = []
        for hold in result["holds"]:
            lines.append(f"{hold['cdr']} for {hold['provider']}, {hold['net']} {hold['currency']}")
            lines += [f"    {reason['check']:>3} {reason['code']}: {reason['message']}" for reason in hold["reasons"]]
        return "\n".join(lines) or "Nothing is held."
