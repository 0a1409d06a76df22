"""`manage.py replay_message`: plays one exchange of the trace again."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from roaming.protocols.replay import CannotReplay, UnknownExchange, replay_message


class Command(OperatorCommand):
    """Plays a message again."""

    help = "Play a message of the trace again: a push leaves once more, one that came in goes through its door once more."
    refusals = (UnknownExchange, CannotReplay)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will name the options."""
        parser.add_argument("--exchange", type=int, required=True, metavar="ID", help="the exchange, as the admin shows it")
        parser.add_argument("--by", default="", metavar="USER", help="who plays it")
        parser.add_argument("--reason", default="", metavar="TEXT", help="why; kept in the audit trail")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will play it and say what came of it."""
        done = replay_message(exchange_id=options["exchange"], by=options["by"], reason=options["reason"], at=timezone.now())
        return {"exchange": options["exchange"], **done._asdict()}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say to people what was done."""
        if result["http"] is None:
            return f"{result['deliveries']} deliveries are due again, now."
        return f"Played at its door: HTTP {result['http']}, status {result['status']}."
