"""What is too small to be paid is carried into the next period, once, and comes back when the run that took it is voided."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from roaming.canonical import PartyId
from settlement.netting.models import Carry, NettingRun
from settlement.netting.positions import Obligation, Payment


def list_waiting(*, netting_set: int, before: str) -> list[Carry]:
    """This function will list what waits to be carried in by a close of the netting set, oldest first; the caller holds the gate.

    `before` names the period that is closed: what a later period carried on waits for one after it.
    """
    waiting = Carry.objects.filter(netting_set=netting_set, taken_by=None).select_related("payer", "payee", "run").order_by("id")
    return [carry for carry in waiting if carry.run is None or (carry.run.state != NettingRun.State.VOID and carry.run.period < before)]


def as_obligations(carries: Iterable[Carry]) -> list[Obligation]:
    """This function will return carries as what payers owe payees."""
    return [Obligation(carry.payer.key, carry.payee.key, carry.currency, carry.amount) for carry in carries]


def take(*, carries: Sequence[Carry], run: NettingRun) -> None:
    """This function will mark carries as taken by a run."""
    Carry.objects.filter(pk__in=[carry.pk for carry in carries]).update(taken_by=run)


def carry_on(*, run: NettingRun, payments: Mapping[str, Sequence[Payment]], rows: Mapping[PartyId, int]) -> None:
    """This function will write what a run does not have paid, by currency."""
    Carry.objects.bulk_create(
        Carry(
            key=f"run {run.pk} {payment.payer}>{payment.payee} {currency}",
            netting_set_id=run.netting_set_id,
            reason=Carry.Reason.DE_MINIMIS,
            payer_id=rows[payment.payer],
            payee_id=rows[payment.payee],
            currency=currency,
            amount=payment.amount,
            run=run,
        )
        for currency, of_currency in payments.items()
        for payment in of_currency
    )


def put_on_account(*, key: str, run: NettingRun, payer: int, payee: int, currency: str, amount: Decimal) -> Carry:
    """This function will let the next period give back what was paid too much: `payer` (by its row) owes it to `payee`.

    `key` says of what; the same key is one carry.
    """
    carry, _ = Carry.objects.get_or_create(
        key=key,
        defaults={
            "netting_set_id": run.netting_set_id,
            "reason": Carry.Reason.ON_ACCOUNT,
            "payer_id": payer,
            "payee_id": payee,
            "currency": currency,
            "amount": amount,
        },
    )
    return carry
