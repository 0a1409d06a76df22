"""`manage.py check_partner`: asks a partner's own server by harmless requests and prints what it gets right and wrong."""

from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand
from roaming.parties import directory
from roaming.protocols.ocpi.partner_checks import NotConnected, check_partner


class Command(OperatorCommand):
    """Runs the conformance cases that can be asked of a partner without writing anything there."""

    help = "Ask a partner's OCPI server what it gets right and wrong; nothing is written there."
    refusals = (NotConnected,)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will name the options."""
        parser.add_argument("--platform", type=int, required=True, metavar="ID", help="the platform, as invite_platform printed it")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will run every check and count."""
        checks = check_partner(platform_id=options["platform"], directory=directory.current())
        cases = [
            {
                "case": check.case,
                "name": check.name,
                "passed": not check.problem,
                "expected": check.expected,
                "problem": check.problem,
            }
            for check in checks
        ]
        passed = sum(not check.problem for check in checks)
        return {"passed": passed, "failed": len(checks) - passed, "cases": cases}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say the result to people."""
        lines = [
            f"{'right' if case['passed'] else 'WRONG'}  case {case['case']:>3}  {case['name']}"
            + (f": expected {case['expected']}; came: {case['problem']}" if case["problem"] else "")
            for case in result["cases"]
        ]
        return "\n".join([*lines, f"{result['passed']} right, {result['failed']} wrong."])
