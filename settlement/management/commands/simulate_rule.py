"""`simulate_rule`: what would a change of a rule have done in the past 90 days?"""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.control.settings import NoSuchRule, NotTighter
from settlement.control.simulate import describe_setting, simulate_rule
from settlement.management.rules import add_setting_arguments, read_setting


class Command(OperatorCommand):
    """Writes nothing."""

    help = "Judge the CDRs of the past days under a changed rule: hits, what would be held or freed, and the money in it."
    refusals = (NoSuchRule, NotTighter)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        add_setting_arguments(parser)
        parser.add_argument("--days", type=int, default=90)

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the counts and amounts."""
        setting = read_setting(options)
        told = simulate_rule(setting=setting, at=timezone.now(), days=options["days"])
        return {
            "rule": describe_setting(setting),
            "days": options["days"],
            **told._asdict(),
            "money_held": {currency: f"{amount:.4f}" for currency, amount in told.money_held.items()},
            "money_freed": {currency: f"{amount:.4f}" for currency, amount in told.money_freed.items()},
        }
