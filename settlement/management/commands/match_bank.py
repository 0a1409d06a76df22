"""`match_bank`: says by hand which payment a bank entry was."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand, Refused
from settlement.management.people import NoSuchUser, get_person
from settlement.netting.models import PlannedPayment
from settlement.payments.match import CannotMatch, match_by_hand
from settlement.payments.models import BankEntry
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Once per entry, and never undone: what was wrong is corrected by the bank's next entry."""

    help = "Match a bank entry to a planned payment."
    refusals = (CannotMatch, NoSuchUser, RoleMayNot)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--entry", type=int, required=True, metavar="ID", help="of list_bank_entries")
        parser.add_argument("--payment", type=int, required=True, metavar="ID", help="of list_payments")
        parser.add_argument("--by", required=True, metavar="USER")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will match the two and return what that adds to the payment."""
        person = get_person(email=options["by"])
        entry = BankEntry.objects.filter(pk=options["entry"]).first()
        payment = PlannedPayment.objects.filter(pk=options["payment"]).select_related("run", "payer", "payee").first()
        if entry is None or payment is None:
            raise Refused(f"there is no {'bank entry' if entry is None else 'payment'} {options['entry' if entry is None else 'payment']}")
        match = match_by_hand(entry=entry, payment=payment, by=person.email, by_role=person.role, at=timezone.now())
        return {"entry": entry.pk, "payment": payment.pk, "kind": match.kind, "amount": f"{match.amount.normalize():f}"}
