"""`list_disputes`: what is in dispute, what is due first, and how much money it keeps."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand
from settlement.clearing.queries import name_of
from settlement.disputes.queries import list_disputes


class Command(OperatorCommand):
    """Reads only."""

    help = "List disputes with amounts and deadlines."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--open", action="store_true", help="only those that are not resolved")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the disputes, the one due first before the others."""
        now = timezone.now()
        return {
            "disputes": [
                {
                    "dispute": dispute.pk,
                    "cdr": name_of(dispute.cdr),
                    "provider": str(dispute.cdr.provider.key),
                    "state": dispute.state,
                    "reason": dispute.reason,
                    "amount": f"{dispute.amount:.4f}",
                    "currency": dispute.currency,
                    "opened_by": dispute.opened_by,
                    "resolve_due": dispute.resolve_due_at,
                    "overdue": dispute.resolved_at is None and dispute.resolve_due_at < now,
                }
                for dispute in list_disputes(only_open=options["open"])
            ]
        }
