"""`declare_registration`: a party's VAT id in a further state, where it sells at charge points."""

from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand, party_argument
from settlement.management.parties import day_argument, party_with_papers
from settlement.tax.declare import WrongDeclaration, declare_registration


class Command(OperatorCommand):
    """Sales to buyers who do not resell are taxed at the charge point; abroad that takes a registration."""

    help = "Record that a party is identified for VAT in a further state."
    refusals = (WrongDeclaration,)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--party", type=party_argument, required=True, metavar="CC-PID")
        parser.add_argument("--vat-id", required=True)
        parser.add_argument("--from", dest="starts", type=day_argument, required=True, metavar="DATE")
        parser.add_argument("--until", dest="ends", type=day_argument, metavar="DATE", help="First day on which it no longer holds.")
        parser.add_argument("--evidence", default="", help="Where the certificate lies.")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will store the registration and return it."""
        declared = declare_registration(
            party=party_with_papers(options["party"]),
            vat_id=options["vat_id"],
            starts=options["starts"],
            ends=options["ends"],
            evidence=options["evidence"],
        )
        return {
            "declaration": declared.pk,
            "party": str(options["party"]),
            "country": declared.country,
            "vat_id": declared.vat_id,
            "from": str(declared.validity.lower),
            "until": str(declared.validity.upper) if declared.validity.upper else None,
        }
