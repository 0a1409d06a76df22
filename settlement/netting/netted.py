"""Everything that follows from what is owed: conversions by election, carries, positions that sum to zero, and who pays whom.

In memory and free of the database: the close reads before and writes after. Parties stand by their ids; `rows` leads back.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from roaming.canonical import PartyId
from settlement.netting.partners import plan_among_partners
from settlement.netting.positions import Figures, Obligation, Payment, figures_of, net
from settlement.terms.models import NettingSet
from settlement.terms.rates import Rate, convert

Key = tuple[PartyId, str]  # party and currency
Sums = dict[Key, Decimal]


class Converted(NamedTuple):
    """An obligation that its pair settles in another currency; both sides carry the same two amounts."""

    debtor: PartyId
    creditor: PartyId
    currency: str
    amount: Decimal
    into: str
    converted: Decimal
    published_on: date


class Owed(NamedTuple):
    """What a close found: obligations of pairs, of fees, and carried in. Amounts are rounded to their currency."""

    pairs: Sequence[Obligation]
    fees: Sequence[Obligation]
    carried_in: Sequence[Obligation]


class Rules(NamedTuple):
    """How the netting set nets: mode, the smallest payment, and who is left out."""

    mode: str
    de_minimis: Decimal
    excluded: frozenset[PartyId]


@dataclass
class Netted:
    """The figures of a run. Every amount of `carried` and `converted` is signed for the party: + it receives more."""

    receivable: Sums = field(default_factory=lambda: defaultdict(Decimal))
    payable: Sums = field(default_factory=lambda: defaultdict(Decimal))
    fees: Sums = field(default_factory=lambda: defaultdict(Decimal))
    carried: Sums = field(default_factory=lambda: defaultdict(Decimal))
    converted: Sums = field(default_factory=lambda: defaultdict(Decimal))
    conversions: list[Converted] = field(default_factory=list)
    plans: dict[str, list[Payment]] = field(default_factory=dict)
    carried_on: dict[str, list[Payment]] = field(default_factory=dict)
    figures: dict[str, Figures] = field(default_factory=dict)
    rates: dict[str, Rate] = field(default_factory=dict)

    def keys(self) -> list[Key]:
        """This function will list every party and currency that anything is said about, ordered by currency."""
        parts = (self.receivable, self.payable, self.fees, self.carried, self.converted)
        return sorted({key for part in parts for key in part}, key=lambda key: (key[1], key[0]))

    def net(self, key: Key) -> Decimal:
        """This function will return what a party is owed (+) or owes (−) in one currency."""
        nothing = Decimal(0)
        received = self.receivable.get(key, nothing) + self.carried.get(key, nothing) + self.converted.get(key, nothing)
        return received - self.payable.get(key, nothing) - self.fees.get(key, nothing)


def net_everything(*, owed: Owed, rules: Rules, settle_in: Callable[[Obligation], str], rate_for: Callable[[str], Rate]) -> Netted:
    """This function will net a period. `settle_in` names the currency that a pair elected (empty: none), `rate_for` finds its rates."""
    netted = Netted()
    obligations: dict[str, list[Obligation]] = defaultdict(list)
    for pair in owed.pairs:
        netted.receivable[pair.creditor, pair.currency] += pair.amount
        netted.payable[pair.debtor, pair.currency] += pair.amount
        settled = _settled(netted, pair, settle_in(pair), rate_for)
        obligations[settled.currency].append(settled)
    for fee in owed.fees:
        netted.fees[fee.debtor, fee.currency] += fee.amount
        netted.fees[fee.creditor, fee.currency] -= fee.amount
        obligations[fee.currency].append(fee)
    for carry in owed.carried_in:
        netted.carried[carry.debtor, carry.currency] -= carry.amount
        netted.carried[carry.creditor, carry.currency] += carry.amount
        obligations[carry.currency].append(carry)
    for currency in sorted(obligations):
        _net_currency(netted, currency, obligations[currency], rules)
    return netted


def _settled(netted: Netted, pair: Obligation, into: str, rate_for: Callable[[str], Rate]) -> Obligation:
    if into in ("", pair.currency) or not pair.amount:
        return pair
    rates = [netted.rates.setdefault(currency, rate_for(currency)) for currency in (pair.currency, into)]
    converted = convert(amount=pair.amount, rate_from=rates[0], rate_to=rates[1])
    for party, sign in ((pair.creditor, 1), (pair.debtor, -1)):
        netted.converted[party, pair.currency] -= sign * pair.amount
        netted.converted[party, into] += sign * converted
    published_on = min(rate.published_on for rate in rates)
    netted.conversions.append(Converted(pair.debtor, pair.creditor, pair.currency, pair.amount, into, converted, published_on))
    return Obligation(pair.debtor, pair.creditor, into, converted)


def _net_currency(netted: Netted, currency: str, obligations: Sequence[Obligation], rules: Rules) -> None:
    outside = [owed for owed in obligations if owed.debtor in rules.excluded or owed.creditor in rules.excluded]
    inside = [owed for owed in obligations if owed.debtor not in rules.excluded and owed.creditor not in rules.excluded]
    plan = [*_plan(inside, rules.mode), *pay_gross(outside)]
    small = [payment for payment in plan if payment.amount < rules.de_minimis]
    made = [payment for payment in plan if payment.amount >= rules.de_minimis]
    for payment in small:
        netted.carried[payment.payer, currency] += payment.amount
        netted.carried[payment.payee, currency] -= payment.amount
    netted.plans[currency], netted.carried_on[currency] = made, small
    positions = net(obligations)[currency]
    netted.figures[currency] = figures_of(obligations=obligations, positions=positions, payments=len(made))


def _plan(obligations: Sequence[Obligation], mode: str) -> list[Payment]:
    if mode == NettingSet.Mode.GROSS:
        return pay_gross(obligations)
    if mode == NettingSet.Mode.BILATERAL:
        return pay_bilaterally(obligations)
    positions = net(obligations)
    return [
        payment
        for of_currency in positions.values()
        for payment in plan_among_partners(positions=of_currency, trades={(owed.debtor, owed.creditor) for owed in obligations})
    ]


def pay_gross(obligations: Sequence[Obligation]) -> list[Payment]:
    """This function will pay every debt of one currency as it stands; a negative one is paid the other way round."""
    owed: dict[tuple[PartyId, PartyId], Decimal] = defaultdict(Decimal)
    for obligation in obligations:
        owed[obligation.debtor, obligation.creditor] += obligation.amount
    paid: dict[tuple[PartyId, PartyId], Decimal] = defaultdict(Decimal)
    for (debtor, creditor), amount in owed.items():
        paid[(debtor, creditor) if amount > 0 else (creditor, debtor)] += abs(amount)
    return _largest_first(paid)


def pay_bilaterally(obligations: Sequence[Obligation]) -> list[Payment]:
    """This function will set off what the two of each pair owe each other; one payment per pair is left, of one currency."""
    owed: dict[tuple[PartyId, PartyId], Decimal] = defaultdict(Decimal)
    for obligation in obligations:
        in_order = obligation.debtor < obligation.creditor
        pair = (obligation.debtor, obligation.creditor) if in_order else (obligation.creditor, obligation.debtor)
        owed[pair] += obligation.amount if in_order else -obligation.amount
    return _largest_first({(pair if amount > 0 else pair[::-1]): abs(amount) for pair, amount in owed.items()})


def _largest_first(paid: Mapping[tuple[PartyId, PartyId], Decimal]) -> list[Payment]:
    payments = [Payment(payer, payee, amount) for (payer, payee), amount in paid.items() if amount]
    return sorted(payments, key=lambda payment: (-payment.amount, payment.payer, payment.payee))
