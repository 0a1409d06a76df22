"""PURE. Who pays whom so that companies pay those they trade with (finance §2.4), with at most n − 1 payments for n positions.

A transportation problem with two prices: nothing to a trading partner, one to a stranger. First as much as possible is paid between
partners (a largest flow, found by augmenting), the rest goes to strangers; then every circle in the plan is opened without paying
strangers more. A plan without a circle is a forest, and a forest on n parties has at most n − 1 edges.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise

from roaming.canonical import PartyId
from settlement.netting.positions import Payment, plan_payments

_Pair = tuple[PartyId, PartyId]  # payer, payee
_Flow = dict[_Pair, Decimal]


def plan_among_partners(*, positions: Mapping[PartyId, Decimal], trades: Iterable[_Pair]) -> list[Payment]:
    """This function will pay all positions of one currency off, to trading partners as far as that can be.

    `trades` are the pairs that owe each other anything, in either order. The same input gives the same plan, largest payments first.
    Where amounts happen to match, so that paying the largest first needs fewer payments, it does that: fewer comes before known.
    """
    fewest = plan_payments(positions)
    owing = {party: -amount for party, amount in sorted(positions.items()) if amount < 0}
    owed = {party: amount for party, amount in sorted(positions.items()) if amount > 0}
    partners = _partners(trades, owing, owed)
    flow = _pay_partners(owing, owed, partners)
    _augment(flow, owing, owed, partners)
    left = {**{party: -amount for party, amount in owing.items()}, **owed}
    for payment in plan_payments(left):
        flow[payment.payer, payment.payee] = flow.get((payment.payer, payment.payee), Decimal(0)) + payment.amount
    strangers = {pair for pair in flow if pair[1] not in partners.get(pair[0], ())}
    plan = [Payment(payer, payee, amount) for (payer, payee), amount in _without_circles(flow, strangers).items()]
    return fewest if len(fewest) < len(plan) else sorted(plan, key=lambda payment: (-payment.amount, payment.payer, payment.payee))


def _partners(trades: Iterable[_Pair], owing: Mapping[PartyId, Decimal], owed: Mapping[PartyId, Decimal]) -> dict[PartyId, set[PartyId]]:
    partners: dict[PartyId, set[PartyId]] = {party: set() for party in owing}
    for one, other in trades:
        for debtor, creditor in ((one, other), (other, one)):
            if debtor in owing and creditor in owed:
                partners[debtor].add(creditor)
    return partners


def _pay_partners(owing: dict[PartyId, Decimal], owed: dict[PartyId, Decimal], partners: Mapping[PartyId, set[PartyId]]) -> _Flow:
    flow: _Flow = {}
    for payer in sorted(owing, key=lambda party: (-owing[party], party)):
        for payee in sorted(partners[payer], key=lambda party: (-owed[party], party)):
            amount = min(owing[payer], owed[payee])
            if amount:
                flow[payer, payee] = amount
                owing[payer] -= amount
                owed[payee] -= amount
    return flow


def _augment(flow: _Flow, owing: dict[PartyId, Decimal], owed: dict[PartyId, Decimal], partners: Mapping[PartyId, set[PartyId]]) -> None:
    """This function will raise what is paid between partners as long as a debtor can push another one's payment aside."""
    stuck = deque(party for party in owing if owing[party])
    while stuck:
        payer = stuck.popleft()
        path = _find_way(payer, flow, owed, partners)
        if path is None:
            continue
        forward, backward = list(path[::2]), list(path[1::2])
        amount = min([owing[payer], owed[forward[-1][1]], *(flow[pair] for pair in backward)])
        for pair in forward:
            flow[pair] = flow.get(pair, Decimal(0)) + amount
        for pair in backward:
            flow[pair] -= amount
            if not flow[pair]:
                del flow[pair]
        owing[payer] -= amount
        owed[forward[-1][1]] -= amount
        if owing[payer]:
            stuck.append(payer)


def _find_way(payer: PartyId, flow: _Flow, owed: Mapping[PartyId, Decimal], partners: Mapping[PartyId, set[PartyId]]) -> list[_Pair] | None:
    """This function will return payments to raise and to lower in turns, from a debtor to a creditor who is still owed something."""
    payers_of: dict[PartyId, list[PartyId]] = {}
    for debtor, creditor in flow:
        payers_of.setdefault(creditor, []).append(debtor)
    came: dict[PartyId, PartyId] = {}
    seen, queue = {payer}, deque([payer])
    while queue:
        debtor = queue.popleft()
        for creditor in sorted(partners[debtor]):
            if creditor in came:
                continue
            came[creditor] = debtor
            if owed[creditor]:
                return _walk_back(creditor, payer, came)
            for other in payers_of.get(creditor, ()):
                if other not in seen:
                    seen.add(other)
                    came[other] = creditor
                    queue.append(other)
    return None


def _walk_back(creditor: PartyId, payer: PartyId, came: Mapping[PartyId, PartyId]) -> list[_Pair]:
    path = [(came[creditor], creditor)]
    while path[-1][0] != payer:
        debtor = path[-1][0]
        lowered = came[debtor]
        path += [(debtor, lowered), (came[lowered], lowered)]
    return path[::-1]


def _without_circles(flow: _Flow, strangers: set[_Pair]) -> _Flow:
    kept: _Flow = {}
    tree: dict[PartyId, set[PartyId]] = {}
    for pair, amount in sorted(flow.items(), key=lambda item: (item[0] in strangers, -item[1], item[0])):
        circle = [pair, *_path(tree, pair)]
        kept[pair] = amount
        _connect(tree, pair)
        if len(circle) == 1:
            continue
        raised, lowered = circle[::2], circle[1::2]
        if sum(each in strangers for each in raised) > sum(each in strangers for each in lowered):
            raised, lowered = lowered, raised
        least = min(kept[each] for each in lowered)
        for each in raised:
            kept[each] += least
        for each in lowered:
            kept[each] -= least
            if not kept[each]:
                del kept[each]
                tree[each[0]].discard(each[1])
                tree[each[1]].discard(each[0])
    return kept


def _connect(tree: dict[PartyId, set[PartyId]], pair: _Pair) -> None:
    tree.setdefault(pair[0], set()).add(pair[1])
    tree.setdefault(pair[1], set()).add(pair[0])


def _path(tree: Mapping[PartyId, set[PartyId]], pair: _Pair) -> Iterator[_Pair]:
    """This function will yield the payments on the way from the payee of `pair` back to its payer; nothing where they are not joined."""
    payer, payee = pair
    came = {payee: payee}
    queue = deque([payee])
    while queue and payer not in came:
        party = queue.popleft()
        for other in sorted(tree.get(party, ())):
            if other not in came:
                came[other] = party
                queue.append(other)
    if payer not in came:
        return
    way = [payer]
    while way[-1] != payee:
        way.append(came[way[-1]])
    way.reverse()
    # Payees and payers alternate, beginning with the payee.
    for place, (one, other) in enumerate(pairwise(way)):
        yield (other, one) if place % 2 == 0 else (one, other)
