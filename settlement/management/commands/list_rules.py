"""`list_rules`: the catalogue of checks with what is in force, and the history of their changes."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand, WrongUsage
from settlement.control.catalogue import CHECKS
from settlement.control.models import RuleChange
from settlement.control.settings import read_changes
from settlement.disputes.statistics import RuleStatistics, rule_statistics


class Command(OperatorCommand):
    """Reads only."""

    help = "List the checks of CDR control with action and parameters in force, for the hub or for one agreement."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--agreement", type=int, default=0, metavar="ID")
        parser.add_argument("--statistics", action="store_true", help="hits, holds, money held and false positives of the past days")
        parser.add_argument("--days", type=int, default=90, metavar="N", help="of the statistics; 90 unless told")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return every check and every change."""
        if not 1 <= options["days"] <= 3650:
            raise WrongUsage(f"--days: {options['days']} is not between 1 and 3650")
        counted = (
            {row.check: _told(row) for row in rule_statistics(at=timezone.now(), days=options["days"])} if options["statistics"] else {}
        )
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
                    **({"statistics": counted[check.number]} if counted else {}),
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
            + _said(row.get("statistics"))
            for row in result["rules"]
        )


def _told(row: RuleStatistics) -> dict[str, Any]:
    return {
        "hits": row.hits,
        "held": row.held,
        "waiting": row.waiting,
        "released": row.released,
        "released_unchanged": row.unchanged,
        "false_positive_percent": None if row.false_positives is None else f"{row.false_positives:f}",
        "money_held": {currency: f"{net:.4f}" for currency, net in row.money_held.items()},
    }


def _said(counted: dict[str, Any] | None) -> str:
    if not counted or not counted["hits"]:
        return ""
    money = ", ".join(f"{net} {currency}" for currency, net in counted["money_held"].items()) or "no money"
    return f" | {counted['hits']} hits, {counted['waiting']} wait with {money}, {counted['released_unchanged']} released unchanged"
