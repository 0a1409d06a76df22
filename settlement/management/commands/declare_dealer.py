"""`declare_dealer`: whether a party resells electricity, since when and from which state."""

from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand, party_argument
from settlement.management.parties import day_argument, party_with_papers
from settlement.tax.declare import WrongDeclaration, declare_dealer


class Command(OperatorCommand):
    """A new declaration ends the one before; what was declared for earlier days stays."""

    help = "Record that a party is a taxable dealer (Art. 38 of Directive 2006/112/EC), or with --not-dealer that it is none (Art. 39)."
    refusals = (WrongDeclaration,)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--party", type=party_argument, required=True, metavar="CC-PID")
        parser.add_argument("--country", required=True, metavar="CC", help="Where it is established for this business.")
        parser.add_argument("--from", dest="starts", type=day_argument, required=True, metavar="DATE")
        parser.add_argument("--until", dest="ends", type=day_argument, metavar="DATE", help="First day on which it no longer holds.")
        parser.add_argument("--evidence", default="", help="Where the declaration lies.")
        parser.add_argument("--not-dealer", action="store_true", help="It does not resell: the charge point decides.")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will store the declaration and return it."""
        declared = declare_dealer(
            party=party_with_papers(options["party"]),
            country=options["country"],
            is_dealer=not options["not_dealer"],
            starts=options["starts"],
            ends=options["ends"],
            evidence=options["evidence"],
        )
        return {
            "declaration": declared.pk,
            "party": str(options["party"]),
            "kind": declared.kind,
            "country": declared.country,
            "from": str(declared.validity.lower),
            "until": str(declared.validity.upper) if declared.validity.upper else None,
        }
