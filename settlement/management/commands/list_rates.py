"""`list_rates`: exchange rates in force, and those by hand with who proposed and who confirmed each."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.management.parties import day_argument
from settlement.terms.models import ExchangeRate, RateProposal
from settlement.terms.rates import NoRate, rate_for


class Command(OperatorCommand):
    """Reads only."""

    help = "List the rate of each currency that counts on a day, and every rate by hand with its source and its two people."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--on", type=day_argument, metavar="DATE", help="today unless told")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the rates by currency, and the proposals, newest first."""
        on = options["on"] or timezone.now().date()
        rates = []
        for currency in ExchangeRate.objects.order_by("currency").values_list("currency", flat=True).distinct():
            try:
                rate = rate_for(currency=currency, on=on)
            except NoRate:
                continue
            rates.append(
                {
                    "currency": currency,
                    "per_euro": f"{rate.per_euro.normalize():f}",
                    "published_on": rate.published_on,
                    "source": rate.source,
                }
            )
        return {"on": on, "rates": rates, "proposals": [_told(row) for row in RateProposal.objects.order_by("-id")]}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print a line per rate, then one per proposal."""
        lines = [f"{row['currency']} {row['per_euro']:>14} of {row['published_on']}, {row['source']}" for row in result["rates"]]
        for row in result["proposals"]:
            decided = f", {row['decided_by']}" if row["decided_by"] else ""
            lines.append(
                f"by hand {row['proposal']}: {row['currency']} {row['per_euro']} of {row['on']}, {row['state']} "
                f"({row['proposed_by']}{decided}): {row['reason']}"
            )
        return "\n".join(lines) or f"No rate counts on {result['on']}."


def _told(row: RateProposal) -> dict[str, Any]:
    return {
        "proposal": row.pk,
        "currency": row.currency,
        "on": row.published_on,
        "per_euro": f"{row.per_euro.normalize():f}",
        "reason": row.reason,
        "state": row.state,
        "proposed_by": row.proposed_by,
        "proposed_at": row.proposed_at,
        "decided_by": row.decided_by,
        "decided_at": row.decided_at,
    }
