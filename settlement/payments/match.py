"""Match what banks told to what was planned, and say so in the books.

A receipt on the payee's account pays; a debit on the payer's account only shows that money is on its way. Found by RF reference, by
the end-to-end id of our own orders, by the exact amount from the payer's account, or because nothing else is open between the two.
What is paid beyond a payment is on account: the payee owes it back with the next period.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction

from roaming import canonical
from roaming.models import Party
from settlement.clearing.gate import allow_long_work
from settlement.ledger.post import AccountKey, Leg, NewEntry, post_entries
from settlement.netting.carry import put_on_account
from settlement.netting.models import NettingRun, PlannedPayment
from settlement.netting.references import find_references
from settlement.payments.models import BankEntry, PaymentMatch
from settlement.terms.hub import hub_party
from settlement.terms.rights import require

_Kind = PaymentMatch.Kind
_NOTHING = Decimal(0)
_END_TO_END = re.compile(r"R(\d+)-([A-Z]{2}-[A-Z0-9]{3})-([A-Z]{2}-[A-Z0-9]{3})")
_MATCHING = 7104  # advisory lock: two files at once would both find the same payment open


class CannotMatch(Exception):
    """The entry and the payment do not belong together, or there is nothing left of the entry; the message says why."""


def match_entries(*, entries: Sequence[BankEntry], by: str, at: datetime) -> int:
    """This function will match entries that have no match and return how many it found something for; inside a transaction."""
    with transaction.atomic():
        be_the_only_matcher()
        return sum(bool(_match(entry, by, at)) for entry in entries)


def match_by_hand(*, entry: BankEntry, payment: PlannedPayment, by: str, by_role: str, at: datetime) -> PaymentMatch:
    """This function will match an entry that nothing was found for to a payment; it raises RoleMayNot and CannotMatch."""
    require(action="match_bank", role=by_role, by=by)
    with transaction.atomic():
        be_the_only_matcher()
        if PaymentMatch.objects.filter(entry=entry).exists():
            raise CannotMatch(f"bank entry {entry.pk} is matched already")
        if payment.run.state != NettingRun.State.ISSUED:
            raise CannotMatch(f"run {payment.run_id} is {payment.run.state}: only payments of an issued run are paid")
        if entry.currency != payment.currency:
            raise CannotMatch(f"bank entry {entry.pk} is in {entry.currency}, the payment in {payment.currency}")
        if entry.party_id not in (payment.payer_id, payment.payee_id):
            raise CannotMatch(f"the account of bank entry {entry.pk} belongs to neither side of that payment")
        return _book(entry, payment, abs(entry.amount), "manual", by, at)


def be_the_only_matcher() -> None:
    """This function will wait until no other transaction matches, and keep others out until this one ends.

    It may then wait for a close that is posting: the time limits of requests are lifted.
    """
    allow_long_work()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_MATCHING])


def _match(entry: BankEntry, by: str, at: datetime) -> list[PaymentMatch]:
    named, found_by = _find_named(entry)
    if not named and not entry.return_reason and entry.amount > 0:
        named, found_by = _find_by_payer(entry)
    return [_book(entry, payment, amount, found_by, by, at) for payment, amount in _share(entry, named)]


def _find_named(entry: BankEntry) -> tuple[list[PlannedPayment], str]:
    payments = PlannedPayment.objects.filter(run__state=NettingRun.State.ISSUED, currency=entry.currency).select_related(
        "run", "payer", "payee"
    )
    rows = find_references(f"{entry.remittance} {entry.end_to_end_id}")
    found = [payment for payment in payments.filter(pk__in=rows).order_by("id") if entry.party_id in (payment.payer_id, payment.payee_id)]
    if found:
        return found, "reference"
    told = _END_TO_END.search(entry.end_to_end_id)
    if told:
        payer, payee = (canonical.PartyId.parse(text) for text in told.groups()[1:])
        sent = payments.filter(
            run=int(told[1]),
            payer__country_code=payer.country_code,
            payer__party_id=payer.party_id,
            payee__country_code=payee.country_code,
            payee__party_id=payee.party_id,
        )
        return [payment for payment in sent if entry.party_id in (payment.payer_id, payment.payee_id)], "end to end"
    return [], ""


def _find_by_payer(entry: BankEntry) -> tuple[list[PlannedPayment], str]:
    if not entry.counterparty_iban:
        return [], ""
    payments = PlannedPayment.objects.filter(
        run__state=NettingRun.State.ISSUED,
        currency=entry.currency,
        payee=entry.party_id,
        payer__payment_details__iban=entry.counterparty_iban,
    ).select_related("run", "payer", "payee")
    left = [(payment, payment.amount - paid_of(payment)) for payment in payments.order_by("id")]
    exact = [payment for payment, amount in left if amount == entry.amount]
    if len(exact) == 1:
        return exact, "amount"
    unpaid = [payment for payment, amount in left if amount > 0]
    return (unpaid, "payer") if len(unpaid) == 1 else ([], "")


def paid_of(payment: PlannedPayment) -> Decimal:
    """This function will return what was received for a payment, less what went back."""
    return sum(PaymentMatch.objects.filter(payment=payment).values_list("amount", flat=True), _NOTHING)


def _share(entry: BankEntry, payments: Sequence[PlannedPayment]) -> Iterator[tuple[PlannedPayment, Decimal]]:
    """This function will share an entry over the payments it names: each what is open (or paid, on return), the last one the rest."""
    rest = abs(entry.amount)
    for place, payment in enumerate(payments, start=1):
        paid = paid_of(payment)
        most = paid if entry.return_reason else payment.amount - paid
        amount = rest if place == len(payments) else min(rest, max(most, _NOTHING))
        if amount > 0:
            rest -= amount
            yield payment, amount


def _book(entry: BankEntry, payment: PlannedPayment, amount: Decimal, found_by: str, by: str, at: datetime) -> PaymentMatch:
    kind = _kind_of(entry, payment)
    counted = {_Kind.RECEIVED: amount, _Kind.RETURNED: -amount}.get(kind, _NOTHING)
    before = paid_of(payment)
    match = PaymentMatch.objects.create(
        entry=entry, payment=payment, kind=kind, amount=counted, found_by=found_by, matched_by=by, matched_at=at
    )
    if counted:
        post_entries(entries=[_posting(entry, payment, counted)])
        beyond = max(before + counted - payment.amount, _NOTHING) - max(before - payment.amount, _NOTHING)
        _put_on_account(entry, payment, beyond)
    return match


def _kind_of(entry: BankEntry, payment: PlannedPayment) -> _Kind:
    if entry.party_id == payment.payee_id:
        return _Kind.RECEIVED if entry.amount > 0 else _Kind.RETURNED
    return _Kind.SENT if entry.amount < 0 else _Kind.BOUNCED


def _posting(entry: BankEntry, payment: PlannedPayment, counted: Decimal) -> NewEntry:
    """This function will say in the books that the payer owes less and the payee is owed less (finance §6.2); no money is the hub's."""
    hub, currency = hub_party().pk, payment.currency
    payee = AccountKey(None, "bank", currency) if payment.payee_id == hub else AccountKey(payment.payee_id, "payable", currency)
    payer = AccountKey(None, "bank", currency) if payment.payer_id == hub else AccountKey(payment.payer_id, "receivable", currency)
    debit, credit = (payee, payer) if counted > 0 else (payer, payee)
    return NewEntry(
        key=f"payment/{entry.pk}/{payment.pk}",
        kind="payment" if counted > 0 else "return",
        effective_on=entry.booked_on,
        legs=[Leg(debit=debit, credit=credit, amount_minor=int(abs(counted).scaleb(canonical.exponent(currency))))],
    )


def _put_on_account(entry: BankEntry, payment: PlannedPayment, beyond: Decimal) -> None:
    if not beyond:
        return
    # The payee holds too much and owes it; where that much is sent back, the same the other way round.
    payer, payee = (payment.payee_id, payment.payer_id) if beyond > 0 else (payment.payer_id, payment.payee_id)
    put_on_account(
        key=f"bank {entry.pk}/{payment.pk}",
        run=payment.run,
        payer=payer,
        payee=payee,
        currency=payment.currency,
        amount=abs(beyond),
    )


def holders_of(*, iban: str) -> list[Party]:
    """This function will list the parties whose money goes to an account, in order of their ids."""
    return list(Party.objects.filter(payment_details__iban=iban).order_by("country_code", "party_id"))
