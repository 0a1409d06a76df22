"""Write what a payee collects by a run from those who let it: SEPA direct debits, ISO 20022 pain.008.001.08."""

from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from sepaxml import SepaDD
from sepaxml.validation import ValidationError

from roaming import canonical
from roaming.models import Party
from settlement.netting.models import NettingRun, PlannedPayment
from settlement.netting.references import text_of
from settlement.payments.bank_file import CannotInstruct, account_of, cents_of, due_date_of, end_to_end_id, refuse_unapproved, settle
from settlement.payments.instruct import CURRENCY, Instruction
from settlement.payments.models import Mandate

SCHEMA = "pain.008.001.08"


class MandateRunning(Exception):
    """The payer has given the payee another mandate, which still holds."""


def sign_mandate(*, payer: Party, payee: Party, mandate_id: str, signed_on: date, creditor_id: str) -> Mandate:
    """This function will note that a payer lets a payee collect; the same again is the same row. It raises MandateRunning."""
    told = {"mandate_id": mandate_id, "signed_on": signed_on, "creditor_id": creditor_id}
    try:
        with transaction.atomic():
            return Mandate.objects.create(payer=payer, payee=payee, **told)
    except IntegrityError:
        running = Mandate.objects.get(payer=payer, payee=payee, ended_at=None)
        if any(getattr(running, name) != value for name, value in told.items()):
            raise MandateRunning(f"{payer.key} has given {payee.key} mandate {running.mandate_id}: end it first") from None
        return running


def end_mandate(*, payer: Party, payee: Party, at: datetime) -> bool:
    """This function will end the mandate of a pair and tell whether there was one."""
    return bool(Mandate.objects.filter(payer=payer, payee=payee, ended_at=None).update(ended_at=at))


def collect_payments(*, run: NettingRun, payee: Party) -> Instruction:
    """This function will return the collection of what `payee` receives by an approved or issued run under mandates.

    Payments without a mandate or in another currency than the euro are left out and named. The same run, mandates and bank details
    give the same bytes. It raises CannotInstruct.
    """
    refuse_unapproved(run)
    mandates = {mandate.payer_id: mandate for mandate in Mandate.objects.filter(payee=payee, ended_at=None)}
    plan = list(PlannedPayment.objects.filter(run=run, payee=payee).select_related("payer", "payee"))
    plan.sort(key=lambda payment: (payment.currency, payment.payer.key))
    payments = [payment for payment in plan if payment.currency == CURRENCY and payment.payer_id in mandates]
    left_out = [
        f"{payment.amount:.{canonical.exponent(payment.currency)}f} {payment.currency} from {payment.payer.key}"
        for payment in plan
        if payment not in payments
    ]
    if not payments:
        raise CannotInstruct(f"{payee.key} has nothing to collect by run {run.pk}: no payment in {CURRENCY} under a mandate")
    message_id = f"{canonical.PartyId.parse(settings.HUB_PARTY)}-C{run.pk}-{payee.key}"
    return Instruction(
        content=_write(run, payee, payments, mandates, message_id),
        message_id=message_id,
        payments=len(payments),
        total=sum((payment.amount for payment in payments), Decimal(0)),
        left_out=left_out,
    )


def _write(run: NettingRun, payee: Party, payments: list[PlannedPayment], mandates: dict[int, Mandate], message_id: str) -> bytes:
    creditor_ids = sorted({mandates[payment.payer_id].creditor_id for payment in payments})
    if len(creditor_ids) > 1:
        raise CannotInstruct(f"the mandates of {payee.key} name several creditor identifiers: {', '.join(creditor_ids)}")
    config = {
        **account_of(party=payee, side="payee"),
        "currency": CURRENCY,
        "batch": False,
        "creditor_id": creditor_ids[0],
        "instrument": "B2B",  # both are companies
    }
    collection = SepaDD(config, schema=SCHEMA)
    for payment in payments:
        mandate = mandates[payment.payer_id]
        collection.add_payment(
            {
                **account_of(party=payment.payer, side="payer"),
                "amount": cents_of(payment),
                "type": "RCUR",
                "collection_date": due_date_of(run=run, payer=payment.payer),
                "mandate_id": mandate.mandate_id,
                "mandate_date": mandate.signed_on,
                "description": text_of(period=run.period, payer=payment.payer.key, payee=payee.key, payment=payment.pk),
                "endtoend_id": end_to_end_id(payment),
            }
        )
    settle(tree=collection._xml, run=run, message_id=message_id, ids=[end_to_end_id(payment) for payment in payments])
    try:
        content: bytes = collection.export(validate=True)
    except ValidationError as wrong:
        raise CannotInstruct(f"the collection of {payee.key} for run {run.pk} does not meet {SCHEMA}: {wrong.__cause__}") from wrong
    return content
