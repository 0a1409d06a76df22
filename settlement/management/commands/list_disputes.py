"""`list_disputes`: what is in dispute, what is due first, and how much money it keeps."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand, Refused, party_argument
from roaming.parties.queries import find_party
from settlement.clearing.queries import name_of
from settlement.disputes.queries import OPEN, list_disputes, sum_at_risk


class Command(OperatorCommand):
    """Reads only."""

    help = "List disputes with amounts and deadlines."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--open", action="store_true", help="only those that are not resolved")
        parser.add_argument("--party", type=party_argument, metavar="CC-PID", help="only those of one company")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the disputes, the one due first before the others."""
        now = timezone.now()
        party = None if options["party"] is None else find_party(options["party"])
        if party is None and options["party"] is not None:
            raise Refused(f"there is no party {options['party']}")
        rows = list_disputes(party=party, states=OPEN if options["open"] else ())
        return {
            "at_risk": {currency: f"{amount:.4f}" for currency, amount in sum_at_risk(party=party).items()},
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
                    "assigned_to": dispute.assigned_to,
                    "answer": dispute.answer,
                    "answer_due": dispute.answer_due_at,
                    "resolve_due": dispute.resolve_due_at,
                    "overdue": dispute.resolved_at is None and dispute.resolve_due_at < now,
                    "credit": dispute.credit.cdr_id if dispute.credit else None,
                    "replacement": dispute.replacement.cdr_id if dispute.replacement else None,
                }
                for dispute in rows
            ],
        }
