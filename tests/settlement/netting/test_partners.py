"""Companies pay those they trade with, and never need more payments than there are positions, less one."""

import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from roaming.canonical import PartyId
from settlement.netting.partners import plan_among_partners
from settlement.netting.positions import Payment

A, B, C, D = (PartyId("DE", name) for name in ("AAA", "BBB", "CCC", "DDD"))


def party(index: int) -> PartyId:
    return PartyId("DE", f"{index:03}")


def left_after(positions: dict[PartyId, Decimal], plan: list[Payment]) -> set[Decimal]:
    left = dict(positions)
    for payment in plan:
        assert payment.amount > 0
        left[payment.payer] += payment.amount
        left[payment.payee] -= payment.amount
    return set(left.values())


def test_pays_partners_where_the_largest_would_pay_a_stranger() -> None:
    # A trades with D, B with C: paying the largest first lets A pay C, whom it does not know, 50.
    positions = {A: Decimal(-50), B: Decimal(-40), C: Decimal(55), D: Decimal(35)}
    plan = plan_among_partners(positions=positions, trades=[(A, D), (B, C)])
    assert plan == [Payment(B, C, Decimal(40)), Payment(A, D, Decimal(35)), Payment(A, C, Decimal(15))]


def test_one_debtor_pushes_another_aside_so_that_nobody_pays_a_stranger() -> None:
    # A could pay C or D; B only C. Largest first lets A nearly fill C, and B would be left with D, whom it does not know.
    positions = {A: Decimal(-60), B: Decimal(-40), C: Decimal(70), D: Decimal(30)}
    plan = plan_among_partners(positions=positions, trades=[(A, C), (D, A), (C, B)])
    assert plan == [Payment(B, C, Decimal(40)), Payment(A, C, Decimal(30)), Payment(A, D, Decimal(30))]


def test_fewer_payments_come_before_known_ones() -> None:
    # finance §7, case 5: amounts that match need two payments, whoever trades with whom.
    positions = {A: Decimal(-50), B: Decimal(-30), C: Decimal(50), D: Decimal(30)}
    plan = plan_among_partners(positions=positions, trades=[(A, D), (A, C), (B, C)])
    assert plan == [Payment(A, C, Decimal(50)), Payment(B, D, Decimal(30))]


def test_two_hundred_parties_pay_no_stranger_where_trade_is_dense() -> None:
    # finance §7, case 7, with the wish of §2.4: at most n − 1 payments, whole cents, the same plan each time.
    chance = random.Random(7)
    amounts = [chance.randint(-10_000_000, 10_000_000) for _ in range(199)]
    positions = {party(index): Decimal(amount).scaleb(-2) for index, amount in enumerate([*amounts, -sum(amounts)])}
    trades = [(party(one), party(other)) for one in range(200) for other in range(one) if chance.random() < 0.4]
    plan = plan_among_partners(positions=positions, trades=trades)
    assert len(plan) <= sum(1 for amount in positions.values() if amount) - 1
    assert left_after(positions, plan) == {Decimal(0)}
    assert all(payment.amount == round(payment.amount, 2) for payment in plan)
    known = {frozenset(pair) for pair in trades}
    assert [payment for payment in plan if frozenset(payment[:2]) not in known] == []
    assert plan == plan_among_partners(positions=dict(reversed(positions.items())), trades=trades[::-1])


@given(st.lists(st.integers(-500, 500), min_size=1, max_size=9), st.integers(0, 2**45 - 1))
def test_any_positions_and_any_trade_are_paid_off_by_n_less_one_payments(amounts: list[int], trade: int) -> None:
    balanced = [*amounts, -sum(amounts)]
    positions = {party(index): Decimal(amount) for index, amount in enumerate(balanced)}
    pairs = [(party(one), party(other)) for one in range(10) for other in range(one)]
    plan = plan_among_partners(positions=positions, trades=[pair for bit, pair in enumerate(pairs) if trade >> bit & 1])
    assert left_after(positions, plan) == {Decimal(0)}
    assert len(plan) <= max(sum(1 for amount in balanced if amount) - 1, 0)
