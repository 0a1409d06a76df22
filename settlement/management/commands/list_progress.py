"""`list_progress`: how far the close of a period is."""

from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand
from settlement.netting.progress import list_progress
from settlement.terms.queries import NoSuchNettingSet, get_netting_set


class Command(OperatorCommand):
    """Reads only."""

    help = "List the pieces of a close: what is done, what is to do, what failed and why."
    refusals = (NoSuchNettingSet,)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--period", required=True, help="a month like 2026-10, or an ISO week like 2026-W41")
        parser.add_argument("--netting-set", default="default", metavar="NAME")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the pieces of the latest attempt."""
        steps = list_progress(netting_set=get_netting_set(name=options["netting_set"]), period=options["period"])
        return {
            "period": options["period"],
            "attempt": steps[0].attempt if steps else 0,
            "done": sum(step.state == step.State.DONE for step in steps),
            "of": len(steps),
            "steps": [
                {
                    "step": step.step,
                    "subject": step.subject,
                    "state": step.state,
                    "tries": step.tries,
                    "error": step.error,
                    "finished_at": step.finished_at,
                }
                for step in steps
            ],
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print one line per piece."""
        lines = [f"{result['period']}, attempt {result['attempt']}: {result['done']} of {result['of']} pieces done"]
        lines += [f"  {step['step']:<6} {step['subject']:<12} {step['state']:<7} {step['error']}".rstrip() for step in result["steps"]]
        return "\n".join(lines)
