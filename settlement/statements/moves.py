"""Lines for what is no sale: debts carried in and on, and what a pair settles in another currency."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from settlement.netting.models import Carry, Conversion, NettingRun
from settlement.statements.models import StatementLine

_Kind = StatementLine.Kind
_NOTHING = Decimal(0)


class DraftLine(NamedTuple):
    """A line before it has a number, in the order of the columns of `_COPY_LINES`; signed for the party."""

    kind: str
    counterparty_id: int | None
    bucket: str
    description: str
    cdrs: int
    energy_kwh: Decimal
    net: Decimal
    vat_rate: Decimal
    vat: Decimal
    gross: Decimal
    tax_note: str


def lines_of_moves(*, run: NettingRun) -> Mapping[tuple[int, str], Sequence[DraftLine]]:
    """This function will return the lines of carries and conversions of a run, by party and currency, signed for the party."""
    lines: dict[tuple[int, str], list[DraftLine]] = defaultdict(list)
    for carry in Carry.objects.filter(taken_by=run).select_related("run").order_by("id"):
        origin = f" from {carry.run.period}" if carry.run else ""
        _both(
            lines,
            carry.currency,
            payer=carry.payer_id,
            payee=carry.payee_id,
            amount=carry.amount,
            said=f"Carried in{origin}: {_why(carry)}",
        )
    for carry in Carry.objects.filter(run=run).order_by("id"):
        said = f"Carried into the next period: {_why(carry)}"
        _both(lines, carry.currency, payer=carry.payee_id, payee=carry.payer_id, amount=carry.amount, said=said)
    rates = {told["currency"]: told for told in run.rates}
    for told in Conversion.objects.filter(run=run).order_by("id"):
        cross = f"{_rate(rates, told.into)} for {_rate(rates, told.currency)}, {rates[told.currency]['source']} of {told.published_on}"
        out, into = f"Settled in {told.into} at {cross}", f"{told.amount.normalize():f} {told.currency} at {cross}"
        kind = _Kind.CONVERSION
        _both(lines, told.currency, payer=told.creditor_id, payee=told.debtor_id, amount=told.amount, said=out, kind=kind)
        _both(lines, told.into, payer=told.debtor_id, payee=told.creditor_id, amount=told.converted, said=into, kind=kind)
    return lines


def _both(
    lines: dict[tuple[int, str], list[DraftLine]],
    currency: str,
    *,
    payer: int,
    payee: int,
    amount: Decimal,
    said: str,
    kind: _Kind = _Kind.CARRY,
) -> None:
    for party, other, sign in ((payer, payee, -1), (payee, payer, 1)):
        lines[party, currency].append(
            DraftLine(kind.value, other, "", said, 0, _NOTHING, sign * amount, _NOTHING, _NOTHING, sign * amount, "")
        )


def _why(carry: Carry) -> str:
    return "paid too much before" if carry.reason == Carry.Reason.ON_ACCOUNT else "too small to be paid alone"


def _rate(rates: Mapping[str, Mapping[str, str]], currency: str) -> str:
    return f"{rates[currency]['per_euro']} {currency}"
