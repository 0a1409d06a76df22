"""`list_findings`: everything a check said about one CDR."""

from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand
from settlement.clearing.clear import NoSuchCdr
from settlement.clearing.queries import get_cdr, name_of
from settlement.control.queries import list_findings


class Command(OperatorCommand):
    """Reads only."""

    help = "List what CDR control said about one CDR, flags and holds."
    refusals = (NoSuchCdr,)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--cdr", required=True, metavar="CC-PID/ID")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the findings, by check number."""
        cdr = get_cdr(name=options["cdr"])
        return {
            "cdr": name_of(cdr),
            "findings": [
                {"check": finding.check_number, "code": finding.code, "action": finding.action, "message": finding.message}
                for finding in list_findings(cdr=cdr)
            ],
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print a line per finding."""
        lines = [f"{row['check']:>3} {row['action']} {row['code']}: {row['message']}" for row in result["findings"]]
        return "\n".join(lines) or f"No check said anything about {result['cdr']}."
