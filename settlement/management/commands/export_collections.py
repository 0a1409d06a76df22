"""`export_collections`: writes what a payee collects by a run, under mandates, as a file for its bank."""

from typing import Any

from settlement.management.bank_orders import BankOrderCommand
from settlement.payments.collect import collect_payments
from settlement.payments.instruct import Instruction
from settlement.payments.models import PaymentOrder


class Command(BankOrderCommand):
    """Notes who took the file; the same run, mandates and bank details give the same bytes, and a bank takes the same MsgId once."""

    help = "Write what a party collects by an approved run as SEPA direct debits (pain.008)."
    side = "payee"
    kind = PaymentOrder.Kind.COLLECTIONS
    left_out = "no mandate or another currency"

    def order(self, **named: Any) -> Instruction:
        """This function will order the payee's direct debits."""
        return collect_payments(**named)
