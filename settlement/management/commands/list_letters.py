"""`list_letters`: dunning letters, those that wait for a person first."""

from typing import Any

from django.core.management.base import CommandParser

from roaming import canonical
from roaming.management.operator_command import OperatorCommand
from settlement.payments.models import DunningLetter


class Command(OperatorCommand):
    """Reads only."""

    help = "List dunning letters: who owes whom, the stage, and whether the letter waits, was released, mailed or withheld."

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--all", action="store_true", help="decided ones too; else those that wait for a person")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will return the letters, oldest first."""
        letters = DunningLetter.objects.select_related("notice__payment__payer", "notice__payment__payee").order_by("id")
        if not options["all"]:
            letters = letters.filter(state=DunningLetter.State.DRAFT)
        return {"letters": [_told(letter) for letter in letters]}

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print one line per letter."""
        lines = [
            f"{row['letter']:>6} stage {row['stage']} {row['to']} owes {row['from']} {row['open']} {row['currency']}: {row['state']}"
            + (f" by {row['decided_by']}" if row["decided_by"] else "")
            + (", mailed" if row["mailed_at"] else "")
            for row in result["letters"]
        ]
        return "\n".join(lines) or "No letter waits."


def _told(letter: DunningLetter) -> dict[str, Any]:
    notice = letter.notice
    payment = notice.payment
    return {
        "letter": letter.pk,
        "payment": payment.pk,
        "stage": notice.stage,
        "from": str(payment.payee.key),
        "to": str(payment.payer.key),
        "currency": payment.currency,
        "open": f"{notice.open_amount:.{canonical.exponent(payment.currency)}f}",
        "state": letter.state,
        "reason": letter.reason,
        "decided_by": letter.decided_by,
        "decided_at": letter.decided_at,
        "mailed_at": letter.mailed_at,
    }
