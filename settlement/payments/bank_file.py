"""What orders and collections share: accounts, days, ids, and a file without chance and today in it."""

import re
from collections.abc import Sequence
from datetime import UTC, date, timedelta
from xml.etree.ElementTree import Element

from roaming.models import Party
from settlement.netting.models import NettingRun, PlannedPayment
from settlement.statements.models import Statement
from settlement.terms.details import get_details
from settlement.terms.queries import due_days

_FOREIGN = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")  # outside the characters that every SEPA bank takes (EPC217-08)


class CannotInstruct(Exception):
    """No order can be written; the message says of whom what is missing."""


def refuse_unapproved(run: NettingRun) -> None:
    """This function will raise CannotInstruct for a run that nobody approved."""
    if run.state not in (NettingRun.State.APPROVED, NettingRun.State.ISSUED) or run.approved_at is None:
        raise CannotInstruct(f"run {run.pk} is {run.state}: only the payments of an approved run are ordered")


def settle(*, tree: Element, run: NettingRun, message_id: str, ids: Sequence[str]) -> None:
    """This function will put ids and the time from the books where the library drew lots and looked at the clock."""
    assert run.approved_at is not None
    _put(tree, ".//GrpHdr/MsgId", message_id)
    _put(tree, ".//GrpHdr/CreDtTm", f"{run.approved_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    for node, identification in zip(tree.iter("PmtInfId"), ids, strict=True):
        node.text = identification
    for bank in tree.iter("FinInstnId"):  # IBAN only: the bank is told so (EPC132-08, AT-D002)
        if bank.find("Othr") is None:
            other = bank.makeelement("Othr", {})
            identified = bank.makeelement("Id", {})
            identified.text = "NOTPROVIDED"
            other.append(identified)
            bank.append(other)
    # The library has spelt names in ASCII by now, and that is still more than banks take.
    for name in tree.iter("Nm"):
        name.text = _FOREIGN.sub(" ", (name.text or "").replace("&", "+")).strip()


def account_of(*, party: Party, side: str) -> dict[str, str]:
    """This function will return name and IBAN of a party; it raises CannotInstruct where one is missing."""
    details = get_details(party=party)
    for name, needed in (("legal_name", "legal name"), ("iban", "IBAN")):
        if not details[name]:
            option = name.replace("_", "-")
            raise CannotInstruct(f"the {side} {party.key} has no {needed}: set_party_details --party {party.key} --{option} …")
    return {"name": details["legal_name"], "IBAN": details["iban"]}


def due_date_of(*, run: NettingRun, payer: Party, currency: str = "EUR") -> date:
    """This function will return when the payer's statement is due; before issue, when it would be if issued as it was approved."""
    due = Statement.objects.filter(run=run, party=payer, currency=currency).values_list("due_on", flat=True).first()
    if due is not None:
        return due
    assert run.approved_at is not None
    approved = run.approved_at.astimezone(UTC).date()
    return approved + timedelta(days=due_days(netting_set=run.netting_set, party=payer, on=approved))


def end_to_end_id(payment: PlannedPayment) -> str:
    """This function will return the id that travels with a payment to the other bank."""
    return f"R{payment.run_id}-{payment.payer.key}-{payment.payee.key}"


def cents_of(payment: PlannedPayment) -> int:
    """This function will return the amount of a payment in euro in cents."""
    cents = payment.amount * 100
    assert cents == int(cents), "plans are made in cents"
    return int(cents)


def _put(tree: Element, path: str, text: str) -> None:
    node = tree.find(path)
    assert node is not None, "the library writes it"
    node.text = text
