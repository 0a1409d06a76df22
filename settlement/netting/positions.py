"""PURE. Sum obligations to positions, plan who pays whom, and measure what netting saved (finance §2.1, §2.4).

A position is what a party is owed (+) or owes (−) in one currency. Over all parties positions sum to exactly zero, because each
obligation enters twice with opposite signs; the hub is a party like others and is owed its fees.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from roaming.canonical import PartyId


class Obligation(NamedTuple):
    """`debtor` owes `creditor` an amount in the minor units of `currency`; a negative one is owed the other way round."""

    debtor: PartyId
    creditor: PartyId
    currency: str
    amount: Decimal


class Payment(NamedTuple):
    """One payment of the plan, always positive."""

    payer: PartyId
    payee: PartyId
    amount: Decimal


class Figures(NamedTuple):
    """What netting did in one currency. Efficiency by value and by count, reciprocity (what pairs could net alone), in percent."""

    gross: Decimal
    bilateral: Decimal
    moved: Decimal
    pairs: int
    payments: int
    efficiency: Decimal
    payments_saved: Decimal
    reciprocity: Decimal


def net(obligations: Iterable[Obligation]) -> dict[str, dict[PartyId, Decimal]]:
    """This function will return, per currency, the position of every party that owes or is owed, also where it is zero."""
    positions: dict[str, dict[PartyId, Decimal]] = {}
    for owed in obligations:
        of_currency = positions.setdefault(owed.currency, defaultdict(Decimal))
        of_currency[owed.creditor] += owed.amount
        of_currency[owed.debtor] -= owed.amount
    return {currency: dict(sorted(positions[currency].items())) for currency in sorted(positions)}


def plan_payments(positions: Mapping[PartyId, Decimal]) -> list[Payment]:
    """This function will pay all positions of one currency off by letting the largest debtor pay the largest creditor, again and again.

    At most one payment fewer than there are parties with a position; the same positions give the same plan. Positions must sum to
    zero.
    """
    creditors = [(-amount, party) for party, amount in positions.items() if amount > 0]
    debtors = [(amount, party) for party, amount in positions.items() if amount < 0]
    heapq.heapify(creditors)
    heapq.heapify(debtors)
    plan: list[Payment] = []
    while creditors and debtors:
        (owed, payee), (owing, payer) = heapq.heappop(creditors), heapq.heappop(debtors)
        amount = min(-owed, -owing)
        plan.append(Payment(payer, payee, amount))
        if owed + amount:
            heapq.heappush(creditors, (owed + amount, payee))
        if owing + amount:
            heapq.heappush(debtors, (owing + amount, payer))
    return plan


def plan_fewest_payments(positions: Mapping[PartyId, Decimal]) -> list[Payment]:
    """This function will find the fewest payments of all: n − z, with z the most disjoint groups of parties that sum to zero.

    Exact and therefore costly (2ⁿ): for up to 16 parties with a position.
    """
    parties = sorted(party for party, amount in positions.items() if amount)
    sums = [Decimal(0)] * (1 << len(parties))
    groups = [0] * (1 << len(parties))  # most zero-sum groups that an ordering of this subset passes through
    parent = [0] * (1 << len(parties))
    for subset in range(1, 1 << len(parties)):
        lowest = (subset & -subset).bit_length() - 1
        sums[subset] = sums[subset & (subset - 1)] + positions[parties[lowest]]
        members = [index for index in range(len(parties)) if subset >> index & 1]
        best = max(members, key=lambda index: (groups[subset ^ (1 << index)], -index))
        parent[subset] = best
        groups[subset] = groups[subset ^ (1 << best)] + (sums[subset] == 0)
    plan: list[Payment] = []
    subset, group = (1 << len(parties)) - 1, dict[PartyId, Decimal]()
    while subset:
        group[parties[parent[subset]]] = positions[parties[parent[subset]]]
        subset ^= 1 << parent[subset]
        if sums[subset] == 0:
            plan += plan_payments(group)
            group = {}
    return plan


def figures_of(*, obligations: Sequence[Obligation], positions: Mapping[PartyId, Decimal], payments: int) -> Figures:
    """This function will measure the netting of one currency from its obligations, positions and planned payments."""
    owed: dict[tuple[PartyId, PartyId], Decimal] = defaultdict(Decimal)
    for obligation in obligations:
        owed[obligation.debtor, obligation.creditor] += obligation.amount
    pairs = {pair: amount for pair, amount in owed.items() if amount}
    gross = sum((abs(amount) for amount in pairs.values()), Decimal(0))
    both_ways: dict[tuple[PartyId, PartyId], Decimal] = defaultdict(Decimal)
    for (debtor, creditor), amount in pairs.items():
        if creditor < debtor:
            both_ways[creditor, debtor] -= amount
        else:
            both_ways[debtor, creditor] += amount
    bilateral = sum((abs(amount) for amount in both_ways.values()), Decimal(0))
    moved = sum((amount for amount in positions.values() if amount > 0), Decimal(0))
    return Figures(
        gross=gross,
        bilateral=bilateral,
        moved=moved,
        pairs=len(pairs),
        payments=payments,
        efficiency=_saved(moved, gross),
        payments_saved=_saved(Decimal(payments), Decimal(len(pairs))),
        reciprocity=_saved(bilateral, gross),
    )


def _saved(after: Decimal, before: Decimal) -> Decimal:
    if not before:
        return Decimal("0.00")
    return ((1 - after / before) * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
