"""Write what a payer owes by a run as the order that its bank reads: SEPA credit transfers, ISO 20022 pain.001.001.09."""

import re
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from sepaxml import SepaTransfer
from sepaxml.validation import ValidationError

from roaming import canonical
from roaming.models import Party
from settlement.netting.models import NettingRun, PlannedPayment
from settlement.statements.models import Statement
from settlement.terms.details import get_details
from settlement.terms.queries import due_days

SCHEMA = "pain.001.001.09"  # what the SEPA rulebooks in force are written in
CURRENCY = "EUR"  # SEPA moves nothing else
_FOREIGN = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")  # outside the characters that every SEPA bank takes (EPC217-08)


class CannotInstruct(Exception):
    """No order can be written; the message says of whom what is missing."""


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
    if run.state not in (NettingRun.State.APPROVED, NettingRun.State.ISSUED) or run.approved_at is None:
        raise CannotInstruct(f"run {run.pk} is {run.state}: only the payments of an approved run are ordered")
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
    order = SepaTransfer({**_account(payer, "payer"), "currency": CURRENCY, "batch": False}, schema=SCHEMA)
    day = _execution_date(run, payer)
    for payment in payments:
        order.add_payment(
            {
                **_account(payment.payee, "payee"),
                "amount": _cents(payment),
                "execution_date": day,
                "description": f"{run.period} {payer.key} {payment.payee.key}",  # the reference that both statements show
                "endtoend_id": _end_to_end_id(payment),
            }
        )
    _settle(order, run=run, message_id=message_id, payments=payments)
    try:
        content: bytes = order.export(validate=True)
    except ValidationError as wrong:
        raise CannotInstruct(f"the order of {payer.key} for run {run.pk} does not meet {SCHEMA}: {wrong.__cause__}") from wrong
    return content


def _settle(order: Any, *, run: NettingRun, message_id: str, payments: list[PlannedPayment]) -> None:
    # The library draws its ids by lot and looks at the clock; here they come from the books.
    assert run.approved_at is not None
    tree = order._xml
    tree.find(".//GrpHdr/MsgId").text = message_id
    tree.find(".//GrpHdr/CreDtTm").text = f"{run.approved_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    for node, payment in zip(tree.iter("PmtInfId"), payments, strict=True):
        node.text = _end_to_end_id(payment)
    for bank in tree.iter("FinInstnId"):  # IBAN only: the bank is told so (EPC132-08, AT-D002)
        other = bank.makeelement("Othr", {})
        identification = bank.makeelement("Id", {})
        identification.text = "NOTPROVIDED"
        other.append(identification)
        bank.append(other)
    # The library has spelt names in ASCII by now, and that is still more than banks take.
    for name in tree.iter("Nm"):
        name.text = _FOREIGN.sub(" ", name.text.replace("&", "+")).strip()


def _account(party: Party, side: str) -> dict[str, str]:
    details = get_details(party=party)
    for name, needed in (("legal_name", "legal name"), ("iban", "IBAN")):
        if not details[name]:
            option = name.replace("_", "-")
            raise CannotInstruct(f"the {side} {party.key} has no {needed}: set_party_details --party {party.key} --{option} …")
    return {"name": details["legal_name"], "IBAN": details["iban"]}


def _execution_date(run: NettingRun, payer: Party) -> date:
    due = Statement.objects.filter(run=run, party=payer, currency=CURRENCY).values_list("due_on", flat=True).first()
    if due is not None:
        return due
    assert run.approved_at is not None
    approved = run.approved_at.astimezone(UTC).date()
    return approved + timedelta(days=due_days(netting_set=run.netting_set, party=payer, on=approved))


def _end_to_end_id(payment: PlannedPayment) -> str:
    return f"R{payment.run_id}-{payment.payer.key}-{payment.payee.key}"


def _cents(payment: PlannedPayment) -> int:
    cents = payment.amount * 100
    assert cents == int(cents), "plans are made in cents"
    return int(cents)


def _text(payment: PlannedPayment) -> str:
    return f"{payment.amount:.{canonical.exponent(payment.currency)}f}"
