"""`set_party_details`: what a party is called and what documents need of it, also of the hub itself."""

from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand, party_argument
from roaming.parties.introduce import rename
from settlement.management.parties import party_with_papers
from settlement.tax.vat_ids import check_vat_id
from settlement.terms.accounts import NeedsTwoPeople, refuse_another_account
from settlement.terms.details import BadDetail, set_details

_DETAILS = ("legal_name", "street", "postal_code", "city", "country", "language", "vat_id", "iban")


class Command(OperatorCommand):
    """What is not named stays; an empty value clears. An IBAN that is there is changed by two people (propose_account) only."""

    help = "Set name, address, language, VAT id and IBAN of a party, as documents show them."
    refusals = (BadDetail, NeedsTwoPeople)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--party", type=party_argument, required=True, metavar="CC-PID")
        parser.add_argument("--name", help="what the company is called on pages and in protocols")
        for name in _DETAILS:
            parser.add_argument(f"--{name.replace('_', '-')}")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will store the given details and return all of them."""
        party = party_with_papers(options["party"])
        details = {name: options[name] for name in _DETAILS if options[name] is not None}
        refuse_another_account(party=party, iban=details.get("iban"))
        told = set_details(party=party, details=details)
        if options["name"] is not None:
            rename(key=party.key, name=options["name"])
            party.refresh_from_db(fields=["name"])
        # Kept as told, since some authorities give ids that fail their own check digits; HUB_TAX_PROOF says what a document asks for.
        return {"party": str(party.key), "name": party.name, **told, "vat_id_check": check_vat_id(vat_id=told["vat_id"]).value}
