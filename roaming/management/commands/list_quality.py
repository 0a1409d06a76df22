"""list_quality: what of an OCPI operator's data could not be published over OICP, and why (oicp §10, no. 8)."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.canonical import PartyId
from roaming.locations.evse_queries import count_records, data_quality
from roaming.management.operator_command import OperatorCommand, Refused, party_argument
from roaming.parties import directory
from roaming.parties.directory import PartyEntry
from roaming.protocols.oicp.bridge.price_lists import unsayable_tariffs
from roaming.protocols.oicp.bridge.projection import refresh
from roaming.routing.sides import Side


class Command(OperatorCommand):
    """Reads the locations anew where they changed, as a provider's pull would."""

    help = "Lists the EVSEs and tariffs of an OCPI operator that OICP providers are not told, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the operator."""
        parser.add_argument("--party", type=party_argument, required=True, metavar="CC-PID", help="The operator.")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return how many EVSEs OICP providers can see, and every problem."""
        party, at = options["party"], timezone.now()
        owner = _operator(party)
        refresh(owners=[owner], at=at)
        tariffs = [{"tariff": tariff_id, "problem": why} for tariff_id, why in unsayable_tariffs(owner=owner, at=at)]
        return {"party": str(party), "published": count_records(owner=owner.id), "problems": data_quality(owner=owner.id) + tariffs}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will write one line per problem."""
        lines = [
            f"{one['location']} / {one['evse']}: {one['problem']}" if "evse" in one else f"tariff {one['tariff']}: {one['problem']}"
            for one in result["problems"]
        ]
        return "\n".join([f"{result['party']}: {result['published']} EVSEs can be seen over OICP, {len(lines)} problems.", *lines])


def _operator(party: PartyId) -> PartyEntry:
    table = directory.current()
    entry, host = table.party(party), table.platform_on_side(party, Side.OPERATOR)
    if entry is None or host is None:
        raise Refused(f"{party} is no operator on this hub")
    if host.protocol == "oicp":
        raise Refused(f"{party} speaks OICP itself: what it pushes is published as it came")
    return entry
