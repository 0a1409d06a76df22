"""`list_reconciliations`: which CDRs each invoice of a party is about, as invoice reconciliation records of OCPI."""

from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand, party_argument
from settlement.documents.reconcile import describe_record, keep_missing_records, list_records
from settlement.management.parties import party_with_papers


class Command(OperatorCommand):
    """Records are written once per issued document and keep their id."""

    help = "List the invoice reconciliation records (OCPI 2.3.0 edition 2) that concern a party."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--party", type=party_argument, required=True, metavar="CC-PID")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the records, oldest first."""
        keep_missing_records()
        return {"records": [describe_record(record=record) for record in list_records(party=party_with_papers(options["party"]))]}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will show a line per record."""
        rows = [f"{record['invoice_id']}: {len(record['cdrs'])} CDRs, {record['last_updated']}" for record in result["records"]]
        return "\n".join(rows) or "no invoice yet"
