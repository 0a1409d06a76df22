"""`load_rates`: stores the exchange rates of a file of the European Central Bank."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand
from settlement.management.files import read_file
from settlement.terms.rates import SOURCE, NotARateFile, RateContradicts, load_rates


class Command(OperatorCommand):
    """Loading a file again changes nothing; a rate that contradicts a stored one is refused."""

    help = "Load euro reference rates from the ECB's XML or CSV file (daily, 90 days or all)."
    refusals = (NotARateFile, RateContradicts)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--file", type=Path, required=True, metavar="FILE")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will store the rates and return how many were new."""
        loaded = load_rates(content=read_file(options["file"]))
        return {"source": SOURCE, "rates": loaded.rates, "new": loaded.new, "latest": loaded.latest}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say what came in."""
        return f"{result['rates']} rates of {result['source']} up to {result['latest']}, {result['new']} of them new."
