"""The postings of a close: per pair and currency what the provider owes and the operator is owed, per party the hub's fees."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from roaming import canonical
from settlement.ledger.models import Account
from settlement.ledger.post import AccountKey, Leg, NewEntry
from settlement.netting.fees import Fee
from settlement.netting.models import NettingRun
from settlement.netting.netted import Converted
from settlement.netting.pairs import RoundedSum


def key_prefix(*, run: NettingRun) -> str:
    """This function will return how the keys of all entries of one close begin; each attempt at a period has keys of its own."""
    again = f".{run.attempt}" if run.attempt > 1 else ""
    return f"close/{run.netting_set_id}/{run.period}{again}/"


def entries_of_close(
    *,
    run: NettingRun,
    day: date,
    pairs: Sequence[RoundedSum],
    fees: Sequence[Fee],
    conversions: Sequence[Converted],
    rows: Mapping[canonical.PartyId, int],
) -> list[NewEntry]:
    """This function will return what a close posts on its last day; a pair that comes out at zero posts nothing."""
    prefix, names = key_prefix(run=run), {row: key for key, row in rows.items()}
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
    entries += [
        NewEntry(key=f"{prefix}fee/{names[fee.party]}/{fee.currency}", kind="fee", effective_on=day, legs=_fee_legs(fee))
        for fee in fees
        if fee.gross
    ]
    return entries + [
        NewEntry(
            key=f"{prefix}fx/{told.debtor}>{told.creditor}/{told.currency}",
            kind="fx",
            effective_on=day,
            legs=[*_converted_legs(told, rows)],
            memo=f"{told.amount.normalize():f} {told.currency} settled as {told.converted.normalize():f} {told.into}",
        )
        for told in conversions
    ]


def _converted_legs(told: Converted, rows: Mapping[canonical.PartyId, int]) -> Iterator[Leg]:
    """This function will take a debt out of its currency and put it into the other one, through the FX account of each."""
    for currency, amount in ((told.currency, -told.amount), (told.into, told.converted)):
        receivable = AccountKey(rows[told.debtor], Account.Kind.RECEIVABLE.value, currency)
        payable = AccountKey(rows[told.creditor], Account.Kind.PAYABLE.value, currency)
        fx = AccountKey(None, Account.Kind.FX.value, currency)
        for debit, credit in ((receivable, fx), (fx, payable)) if amount > 0 else ((fx, receivable), (payable, fx)):
            if amount:
                yield Leg(debit=debit, credit=credit, amount_minor=minor(abs(amount), currency))


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
