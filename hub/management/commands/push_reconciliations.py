"""`manage.py push_reconciliations`: tell a party again which CDRs each of its invoices is about."""

from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from hub.reconciliation import push_records_to
from roaming.management.operator_command import OperatorCommand, party_argument
from settlement.management.parties import party_with_papers


class Command(OperatorCommand):
    """New records are pushed by themselves; this is for a party that serves the module since, or lost them."""

    help = "Push a party the invoice reconciliation records (OCPI 2.3.0 edition 2) of the invoices it received, again."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will name the options."""
        parser.add_argument("--party", type=party_argument, required=True, metavar="CC-PID")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will queue the records."""
        with transaction.atomic():
            return {"queued": push_records_to(party=party_with_papers(options["party"]))}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say how many there are."""
        return (
            f"{result['queued']} records are queued"
            if result["queued"]
            else "nothing to push: no invoice, or its software has no such module"
        )
