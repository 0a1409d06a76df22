"""The postings of a close: per pair and currency what the provider owes and the operator is owed, per party the hub's fees."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from roaming import canonical
from settlement.ledger.models import Account
from settlement.ledger.post import AccountKey, Leg, NewEntry
from settlement.netting.fees import Fee, final_day
from settlement.netting.pairs import RoundedSum


def key_prefix(*, netting_set: int, period: str) -> str:
    """This function will return how the keys of all entries of one close begin."""
    return f"close/{netting_set}/{period}/"


def entries_of_close(
    *,
    netting_set: int,
    period: canonical.Period,
    pairs: Sequence[RoundedSum],
    fees: Sequence[Fee],
    names: Mapping[int, canonical.PartyId],
) -> list[NewEntry]:
    """This function will return what a close posts; a pair that comes out at zero posts nothing."""
    prefix, day = key_prefix(netting_set=netting_set, period=period.name), final_day(period)
    owed: dict[tuple[int, int, str], Decimal] = defaultdict(Decimal)
    for pair in pairs:
        owed[pair.exact.provider, pair.exact.operator, pair.exact.currency] += pair.gross
    entries = [
        NewEntry(
            key=f"{prefix}{names[provider]}>{names[operator]}/{currency}",
            kind="close",
            effective_on=day,
            legs=[_owed(provider, operator, currency, amount)],
        )
        for (provider, operator, currency), amount in sorted(owed.items())
        if amount
    ]
    return entries + [
        NewEntry(key=f"{prefix}fee/{names[fee.party]}/{fee.currency}", kind="fee", effective_on=day, legs=_fee_legs(fee))
        for fee in fees
        if fee.gross
    ]


def minor(amount: Decimal, currency: str) -> int:
    """This function will return a rounded amount in minor units."""
    return int(amount.scaleb(canonical.exponent(currency)))


def _owed(provider: int, operator: int, currency: str, amount: Decimal) -> Leg:
    receivable = AccountKey(provider, Account.Kind.RECEIVABLE.value, currency)
    payable = AccountKey(operator, Account.Kind.PAYABLE.value, currency)
    # Credits above the charges of a pair turn the debt round (finance §7, case 13): amounts in the books are positive.
    debit, credit = (receivable, payable) if amount > 0 else (payable, receivable)
    return Leg(debit=debit, credit=credit, amount_minor=minor(abs(amount), currency))


def _fee_legs(fee: Fee) -> list[Leg]:
    receivable = AccountKey(fee.party, Account.Kind.RECEIVABLE.value, fee.currency)
    amounts = {Account.Kind.FEE_INCOME: fee.net, Account.Kind.VAT_OUT: fee.vat}
    return [
        Leg(debit=receivable, credit=AccountKey(None, kind.value, fee.currency), amount_minor=minor(amount, fee.currency))
        for kind, amount in amounts.items()
        if amount
    ]
