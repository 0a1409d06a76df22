"""`follow_cdr`: every step of a CDR from its arrival to its statement, with who, why, under which rules, and the amount."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.clearing.clear import NoSuchCdr
from settlement.clearing.queries import get_cdr, name_of
from settlement.disputes.life import history_of, life_of


class Command(OperatorCommand):
    """Reads only."""

    help = "Show where a CDR stands and how it came there."
    refusals = (NoSuchCdr,)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--cdr", required=True, metavar="CC-PID/ID")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the state and the steps."""
        cdr, now = get_cdr(name=options["cdr"]), timezone.now()
        return {
            "cdr": name_of(cdr),
            "state": life_of(cdr, at=now),
            "currency": cdr.currency,
            "steps": [step._asdict() | {"before": f"{step.before:.4f}", "after": f"{step.after:.4f}"} for step in history_of(cdr, at=now)],
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print a line per step."""
        lines = [
            f"{step['at']:%Y-%m-%d %H:%M} {step['state']:<13} {step['after']:>12} by {step['actor']} {step['reason']}".rstrip()
            for step in result["steps"]
        ]
        return "\n".join([f"{result['cdr']} is {result['state']} ({result['currency']})", *lines])
