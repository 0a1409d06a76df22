"""`verify_ledger`: walks the hash chain and every money invariant."""

from typing import Any

from django.utils import timezone

from roaming.management.operator_command import OperatorCommand, Refused
from settlement.ledger.verify import keep_verification, verify_ledger


class Command(OperatorCommand):
    """Changes nothing it walks over; exit 1 names the first broken row, and then nothing is closed until a later walk is right."""

    help = "Recompute every seal and every money invariant from the rows they were made of."

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return what was walked, or refuse with the first broken row."""
        verification = verify_ledger()
        keep_verification(verification=verification, at=timezone.now())
        if not verification.ok:
            raise Refused(verification.broken or "", answer={"ok": False, "broken": verification.broken})
        return {"ok": True, "records": verification.records, "head": verification.head}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say that all is well."""
        return f"All is as it was sealed: {result['records']} CDRs, head of the chain {result['head'] or 'none yet'}."
