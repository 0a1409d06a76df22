"""`list_rules`: the catalogue of checks with what is in force, and the history of their changes."""

from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand
from settlement.control.catalogue import CHECKS
from settlement.control.models import RuleChange
from settlement.control.settings import read_changes


class Command(OperatorCommand):
    """Reads only."""

    help = "List the checks of CDR control with action and parameters in force, for the hub or for one agreement."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--agreement", type=int, default=0, metavar="ID")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return every check and every change."""
        limits = read_changes().limits(agreement=options["agreement"], amount=None, percent=None, late_days=None)
        return {
            "rules": [
                {
                    "check": check.number,
                    "code": check.code,
                    "severity": check.severity,
                    "action": limits.action(check.number, check.action),
                    "where": check.room.value,
                    "asks": check.asks,
                    "parameters": {name: f"{limits.number(check.number, name).normalize():f}" for name in check.limits},
                }
                for check in CHECKS.values()
            ],
            "changes": [
                {
                    "change": change.pk,
                    "check": change.check_number,
                    "name": change.name,
                    "value": change.value,
                    "agreement": change.agreement_id,
                    "reason": change.reason,
                    "proposed_by": change.proposed_by,
                    "approved_by": change.approved_by,
                    "approved_at": change.approved_at,
                }
                for change in RuleChange.objects.order_by("id")
            ],
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print a line per check."""
        return "\n".join(
            f"{row['check']:>3} {row['action']:<9} {row['code']:<28} {row['asks']} "
            + ", ".join(f"{name} {value}" for name, value in row["parameters"].items())
            for row in result["rules"]
        )
