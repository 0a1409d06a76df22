"""`show_signing_key`: the key that partners check statement packages with, and the latest head it signed."""

from typing import Any

from roaming.management.operator_command import OperatorCommand
from settlement.documents.models import RunSeal
from settlement.documents.seal_runs import public_key


class Command(OperatorCommand):
    """Publish both where partners can see them, outside the hub's own database."""

    help = "Show the public Ed25519 key of statement packages and the latest sealed head."

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return key and head in hex; the head is empty as long as no run is sealed."""
        latest = RunSeal.objects.select_related("run__netting_set").order_by("-id").first()
        return {
            "public_key": public_key().hex(),
            "head": bytes(latest.head).hex() if latest else "",
            "period": latest.run.period if latest else None,
            "netting_set": latest.run.netting_set.name if latest else None,
        }
