"""`export_payments`: writes what a payer owes by a run as a file for its bank."""

from typing import Any

from settlement.management.bank_orders import BankOrderCommand
from settlement.payments.instruct import CURRENCY, Instruction, instruct_payments
from settlement.payments.models import PaymentOrder


class Command(BankOrderCommand):
    """Notes who took the file; the same run and bank details give the same bytes, and a bank takes the same MsgId once."""

    help = "Write the payments of a party by an approved run as SEPA credit transfers (pain.001)."
    side = "payer"
    kind = PaymentOrder.Kind.TRANSFERS
    left_out = f"SEPA moves {CURRENCY} only"

    def order(self, **named: Any) -> Instruction:
        """This function will order the payer's transfers."""
        return instruct_payments(**named)
