"""`list_expected`: the register of CDRs that are missing, late, orphaned or doubled, with counts and estimated money."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.control.register import list_register, remind, summarize


class Command(OperatorCommand):
    """Reads only, unless it is asked to remind."""

    help = "List sessions without CDR, stuck sessions, unused authorisations, orphaned, late and doubled CDRs."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--kind", choices=["missing", "stuck", "unused", "orphan", "late", "duplicate"])
        parser.add_argument("--remind", action="store_true", help="note the reminders that are due today (day 3, 7 and 14)")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return sums per pair, and each line."""
        now = timezone.now()
        gaps = [gap for gap in list_register(at=now) if options["kind"] in (None, gap.kind)]
        return {
            "summary": [
                {**row._asdict(), "energy_kwh": f"{row.energy_kwh:.4f}", "estimated": f"{row.estimated:.4f}"} for row in summarize(gaps)
            ],
            "lines": [
                {
                    "kind": gap.kind,
                    "operator": str(gap.operator),
                    "provider": str(gap.provider),
                    "id": gap.name,
                    "at": gap.at,
                    "energy_kwh": None if gap.energy_kwh is None else f"{gap.energy_kwh:.4f}",
                    "currency": gap.currency,
                    "estimated": None if gap.cost is None else f"{gap.cost:.4f}",
                }
                for gap in gaps
            ],
            "reminded": [{"session": row.session.session_id, "day": row.day} for row in (remind(at=now) if options["remind"] else ())],
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print a line per pair and kind."""
        lines = [
            f"{row['kind']:<10} {row['operator']} for {row['provider']}: {row['lines']}, about {row['estimated']} {row['currency']}"
            for row in result["summary"]
        ]
        return "\n".join(lines) or "Every session has its CDR."
