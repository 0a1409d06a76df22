"""`trial_balance`: every account with its balance; those of one currency sum to zero."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandParser

from roaming import canonical
from roaming.management.operator_command import OperatorCommand
from roaming.models import Party
from settlement.ledger.balances import trial_balance


class Command(OperatorCommand):
    """Reads only. Debits are positive."""

    help = "List every account of the ledger with its balance, up to a day where told."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--until", type=date.fromisoformat, metavar="DATE", help="leave out entries that count for later days")
        parser.add_argument("--currency", metavar="CODE")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return accounts, balances and their sums."""
        names = {party.pk: str(party.key) for party in Party.objects.filter(accounts__isnull=False).distinct()}
        wanted = [balance for balance in trial_balance(until=options["until"]) if options["currency"] in (None, balance.currency)]
        sums: dict[str, int] = defaultdict(int)
        for balance in wanted:
            sums[balance.currency] += balance.balance_minor
        return {
            "until": options["until"],
            "accounts": [
                {
                    "party": names[balance.party] if balance.party is not None else None,
                    "kind": balance.kind,
                    "currency": balance.currency,
                    "balance": _text(balance.balance_minor, balance.currency),
                }
                for balance in wanted
            ],
            "sums": {currency: _text(total, currency) for currency, total in sorted(sums.items())},
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print one line per account, and the sums."""
        lines = [f"{row['party'] or 'hub':<8} {row['kind']:<11} {row['balance']:>16} {row['currency']}" for row in result["accounts"]]
        lines += [f"{'sum':<20} {total:>16} {currency}" for currency, total in result["sums"].items()]
        return "\n".join(lines) or "The books are empty."


def _text(minor: int, currency: str) -> str:
    decimals = canonical.exponent(currency)
    return f"{Decimal(minor).scaleb(-decimals):.{decimals}f}"
