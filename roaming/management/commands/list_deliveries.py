"""list_deliveries: what waits for partners, what they refused, what was parked."""

from typing import Any

from django.core.management.base import CommandParser

from roaming.deliveries.models import Delivery
from roaming.deliveries.queries import list_deliveries
from roaming.management.operator_command import OperatorCommand, WrongUsage, party_argument


class Command(OperatorCommand):
    """Filters add up."""

    help = "Lists rows of the outbox, latest first."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the filters."""
        parser.add_argument("--state", choices=Delivery.State.values)
        parser.add_argument("--platform", type=int, metavar="ID")
        parser.add_argument("--party", type=party_argument, metavar="CC-PID", help="The receiver.")
        parser.add_argument("--module", help="locations, tariffs, tokens, sessions, cdrs, …")
        parser.add_argument("--limit", type=int, default=100, help="At most so many rows (100).")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the rows that pass every filter."""
        if not 0 < options["limit"] <= 10_000:
            raise WrongUsage("--limit must be between 1 and 10000")
        rows = list_deliveries(
            state=options["state"],
            platform_id=options["platform"],
            receiver=options["party"],
            module=options["module"],
            limit=options["limit"],
        )
        return {"deliveries": [_describe(row) for row in rows]}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will write one line per row."""
        lines = [
            f"{row['delivery']:>9}  {row['state']:<9}  {row['receiver']:<6}  {row['verb']:<6} {row['module']:<10}"
            f"  {row['attempts']:>3} tries  {row['answer']}"
            for row in result["deliveries"]
        ]
        return "\n".join(lines) or "No delivery."


def _describe(row: Delivery) -> dict[str, Any]:
    return {
        "delivery": row.id,
        "platform": row.platform_id,
        "receiver": str(row.receiver.key),
        "receiver_role": row.receiver_role,
        "sender": str(row.sender.key) if row.sender else None,
        "module": row.module,
        "verb": row.verb,
        "object_type": row.object_type,
        "object_row": row.object_row,
        "state": row.state,
        "attempts": row.attempts,
        "not_before": row.not_before,
        "answer": row.answer,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
    }
