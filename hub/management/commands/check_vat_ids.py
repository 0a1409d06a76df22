"""`check_vat_ids`: asks the tax authorities' online service (VIES) whether the parties' VAT ids are valid. Here because it calls out.

Off unless somebody runs it: the service is a platform like any other (`invite_platform --name VIES --allow-host …`), and its address must
be among the approved hosts of that platform. What it confirms is kept with the number of its answer; what it denies is only told.
"""

import json
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.egress import send
from roaming.egress.calls import Call, EgressError
from roaming.management.operator_command import OperatorCommand
from roaming.models import Party
from settlement.models import TaxProfile
from settlement.tax.declare import record_online_answer

_DEADLINE_SECONDS = 20.0


class Command(OperatorCommand):
    """One question per party; a party that cannot be asked about stays as it is."""

    help = "Ask the tax authorities' online service about every VAT id of the Union."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options."""
        parser.add_argument("--platform", type=int, required=True, metavar="ID", help="The service, with its approved host.")
        parser.add_argument("--url", required=True, help="Address that answers POST {countryCode, vatNumber}.")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return a line per party: confirmed with a number, denied, or why there is no answer."""
        profiles = TaxProfile.objects.exclude(vat_id="").select_related("party").order_by("party__country_code", "party__party_id")
        return {"checked": [self._ask(profile.party, profile.vat_id, options["platform"], options["url"]) for profile in profiles]}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will show a line per party."""
        return "\n".join(f"{row['party']} {row['vat_id']}: {row['answer']}" for row in result["checked"]) or "no party has a VAT id"

    def _ask(self, party: Party, vat_id: str, platform: int, url: str) -> dict[str, str]:
        body = json.dumps({"countryCode": vat_id[:2], "vatNumber": vat_id[2:]}).encode()
        told = {"party": str(party.key), "vat_id": vat_id}
        try:
            answer = send(
                Call(
                    platform_id=platform,
                    purpose="pull",
                    method="POST",
                    url=url,
                    headers={"Content-Type": "application/json", "Accept": "application/json"},
                    body=body,
                    deadline_seconds=_DEADLINE_SECONDS,
                )
            )
            document = json.loads(answer.body) if answer.status == 200 else None
        except EgressError as failed:
            return {**told, "answer": f"no answer: {failed}"}
        except ValueError:
            document = None
        if not isinstance(document, dict) or not isinstance(document.get("valid"), bool):
            return {**told, "answer": f"no answer: HTTP {answer.status} without a verdict"}
        if not document["valid"]:
            return {**told, "answer": "denied"}
        number = str(document.get("requestIdentifier") or document.get("requestDate") or "")
        record_online_answer(party=party, vat_id=vat_id, on=timezone.now().date(), number=number)
        return {**told, "answer": f"confirmed {number}".strip()}
