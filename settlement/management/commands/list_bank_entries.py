"""`list_bank_entries`: bank entries that nothing was found for."""

from typing import Any

from roaming.management.operator_command import OperatorCommand
from settlement.payments.queries import list_unmatched


class Command(OperatorCommand):
    """Reads only. Accounts are shown by their last characters."""

    help = "List bank entries that were not matched to a payment."

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the entries, oldest first."""
        return {
            "entries": [
                {
                    "entry": entry.pk,
                    "party": str(entry.party.key),
                    "account": f"…{entry.account[-4:]}",
                    "booked_on": entry.booked_on,
                    "amount": f"{entry.amount.normalize():f}",
                    "currency": entry.currency,
                    "from": entry.counterparty_name,
                    "remittance": entry.remittance,
                }
                for entry in list_unmatched()
            ]
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print one line per entry."""
        lines = [
            f"{entry['entry']:>6} {entry['booked_on']} {entry['party']} {entry['amount']:>12} {entry['currency']} "
            f"{entry['from']} {entry['remittance']}".rstrip()
            for entry in result["entries"]
        ]
        return "\n".join(lines) or "Every bank entry is matched."
