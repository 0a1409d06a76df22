"""Write what a payer owes by a run as the order that its bank reads: SEPA credit transfers, ISO 20022 pain.001.001.09."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from sepaxml import SepaTransfer
from sepaxml.validation import ValidationError

from roaming import canonical
from roaming.models import Party
from settlement.netting.models import NettingRun, PlannedPayment
from settlement.netting.references import text_of
from settlement.payments.bank_file import CannotInstruct, account_of, cents_of, due_date_of, end_to_end_id, refuse_unapproved, settle

SCHEMA = "pain.001.001.09"  # what the SEPA rulebooks in force are written in
CURRENCY = "EUR"  # SEPA moves nothing else


@dataclass(frozen=True)
class Instruction:
    """An order: its file, how many payments it holds, and what this run has the payer pay in currencies that SEPA does not move."""

    content: bytes
    message_id: str
    payments: int
    total: Decimal
    left_out: list[str]


def instruct_payments(*, run: NettingRun, payer: Party) -> Instruction:
    """This function will return the order for the payments that `payer` makes by an approved or issued run; it raises CannotInstruct.

    The same run, payer and bank details give the same bytes: nothing in it is chance or today. Its MsgId depends on run and payer
    alone, so that a bank refuses the same order a second time. The bank is asked to pay on the day the payer's statement is due, and
    before the run is issued on the day it would be due if it had been issued when it was approved.
    """
    refuse_unapproved(run)
    plan = list(PlannedPayment.objects.filter(run=run, payer=payer).select_related("payee"))
    plan.sort(key=lambda payment: (payment.currency, payment.payee.key))
    payments = [payment for payment in plan if payment.currency == CURRENCY]
    left_out = [f"{_text(payment)} {payment.currency} to {payment.payee.key}" for payment in plan if payment.currency != CURRENCY]
    if not plan:
        raise CannotInstruct(f"{payer.key} has nothing to pay by run {run.pk}")
    if not payments:
        raise CannotInstruct(f"SEPA moves {CURRENCY} only; by run {run.pk} {payer.key} pays {', '.join(left_out)}")
    message_id = f"{canonical.PartyId.parse(settings.HUB_PARTY)}-R{run.pk}-{payer.key}"
    return Instruction(
        content=_write(run=run, payer=payer, payments=payments, message_id=message_id),
        message_id=message_id,
        payments=len(payments),
        total=sum((payment.amount for payment in payments), Decimal(0)),
        left_out=left_out,
    )


def _write(*, run: NettingRun, payer: Party, payments: list[PlannedPayment], message_id: str) -> bytes:
    # Each payment is booked by itself (batch: False): the payer's account then shows it with its own reference.
    order = SepaTransfer({**account_of(party=payer, side="payer"), "currency": CURRENCY, "batch": False}, schema=SCHEMA)
    day = due_date_of(run=run, payer=payer)
    for payment in payments:
        order.add_payment(
            {
                **account_of(party=payment.payee, side="payee"),
                "amount": cents_of(payment),
                "execution_date": day,
                # The reference that both statements show.
                "description": text_of(period=run.period, payer=payer.key, payee=payment.payee.key, payment=payment.pk),
                "endtoend_id": end_to_end_id(payment),
            }
        )
    settle(tree=order._xml, run=run, message_id=message_id, ids=[end_to_end_id(payment) for payment in payments])
    try:
        content: bytes = order.export(validate=True)
    except ValidationError as wrong:
        raise CannotInstruct(f"the order of {payer.key} for run {run.pk} does not meet {SCHEMA}: {wrong.__cause__}") from wrong
    return content


def _text(payment: PlannedPayment) -> str:
    return f"{payment.amount:.{canonical.exponent(payment.currency)}f}"
