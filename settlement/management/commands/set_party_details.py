"""`set_party_details`: what documents need of a party, also of the hub itself."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from roaming import canonical
from roaming.management.operator_command import OperatorCommand, Refused, party_argument
from roaming.models import Party
from roaming.parties.queries import find_party
from settlement.terms.details import BadDetail, set_details
from settlement.terms.hub import hub_party

_DETAILS = ("legal_name", "street", "postal_code", "city", "country", "vat_id", "iban")


class Command(OperatorCommand):
    """What is not named stays; an empty value clears."""

    help = "Set name, address, VAT id and IBAN of a party, as documents show them."
    refusals = (BadDetail,)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--party", type=party_argument, required=True, metavar="CC-PID")
        for name in _DETAILS:
            parser.add_argument(f"--{name.replace('_', '-')}")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will store the given details and return all of them."""
        party = _party(options["party"])
        details = {name: options[name] for name in _DETAILS if options[name] is not None}
        return {"party": str(party.key)} | set_details(party=party, details=details)


def _party(key: canonical.PartyId) -> Party:
    if key == canonical.PartyId.parse(settings.HUB_PARTY):
        return hub_party()
    party = find_party(key)
    if party is None:
        raise Refused(f"{key} is not a party of this hub: invite its platform first")
    return party
