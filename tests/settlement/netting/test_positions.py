"""Positions sum to zero, plans are short and the same each time, and the measures are the ones of the trade."""

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roaming.canonical import PartyId
from settlement.netting.positions import Obligation, Payment, figures_of, net, plan_fewest_payments, plan_payments

ALFA, BETA, GAMA, DELTA = (PartyId("DE", name) for name in ("ALF", "BET", "GAM", "DEL"))


def eur(debtor: PartyId, creditor: PartyId, amount: str) -> Obligation:
    return Obligation(debtor, creditor, "EUR", Decimal(amount))


def position(**amounts: str) -> dict[PartyId, Decimal]:
    return {PartyId("DE", name): Decimal(amount) for name, amount in amounts.items()}


class TestNet:
    def test_leaves_a_party_at_zero_when_it_owes_what_it_earns(self) -> None:
        assert net([eur(ALFA, BETA, "5.00"), eur(BETA, ALFA, "5.00")]) == {"EUR": {ALFA: Decimal(0), BETA: Decimal(0)}}

    def test_keeps_currencies_apart(self) -> None:
        # finance §7, case 21
        positions = net([eur(ALFA, BETA, "100.00"), Obligation(BETA, ALFA, "SEK", Decimal("1000.00"))])
        assert positions["EUR"] == {ALFA: Decimal("-100.00"), BETA: Decimal("100.00")}
        assert positions["SEK"] == {ALFA: Decimal("1000.00"), BETA: Decimal("-1000.00")}

    def test_a_negative_obligation_is_owed_the_other_way_round(self) -> None:
        assert net([eur(ALFA, BETA, "-15.00")])["EUR"] == {ALFA: Decimal("15.00"), BETA: Decimal("-15.00")}


class TestPlan:
    def test_the_largest_debtor_pays_the_largest_creditor(self) -> None:
        # finance §7, case 5
        plan = plan_payments(position(ALF="-50.00", BET="-30.00", GAM="50.00", DEL="30.00"))
        assert plan == [Payment(ALFA, GAMA, Decimal("50.00")), Payment(BETA, DELTA, Decimal("30.00"))]

    def test_equal_amounts_fall_to_the_party_that_comes_first(self) -> None:
        plan = plan_payments(position(ALF="-10.00", BET="-10.00", GAM="10.00", DEL="10.00"))
        assert plan == [Payment(ALFA, DELTA, Decimal("10.00")), Payment(BETA, GAMA, Decimal("10.00"))]

    def test_the_exact_plan_finds_groups_that_the_greedy_one_misses(self) -> None:
        # finance §7, case 6
        positions = position(AAA="-9", BBB="-9", CCC="-8", DDD="6", EEE="8", FFF="12")
        exact = plan_fewest_payments(positions)
        assert len(plan_payments(positions)) == 5
        assert len(exact) == 4
        assert sum(payment.amount for payment in exact) == 26
        assert _left_after(positions, exact) == dict.fromkeys(positions, Decimal(0))

    def test_nobody_pays_when_everybody_is_even(self) -> None:
        assert plan_payments(position(ALF="0.00", BET="0.00")) == []
        assert plan_fewest_payments(position(ALF="0.00", BET="0.00")) == []

    def test_two_hundred_parties_need_at_most_one_payment_fewer(self) -> None:
        # finance §7, case 7
        chance = random.Random(7)
        amounts = [chance.randint(-10_000_000, 10_000_000) for _ in range(199)]
        positions = {PartyId("DE", f"{index:03}"): Decimal(amount).scaleb(-2) for index, amount in enumerate([*amounts, -sum(amounts)])}
        plan = plan_payments(positions)
        assert len(plan) <= sum(1 for amount in positions.values() if amount) - 1
        assert all(payment.amount > 0 for payment in plan)
        assert _left_after(positions, plan) == dict.fromkeys(positions, Decimal(0))
        assert plan == plan_payments(dict(reversed(positions.items())))

    @given(st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=12))
    def test_every_plan_pays_everything_and_the_exact_one_is_never_longer(self, amounts: list[int]) -> None:
        balanced = [*amounts, -sum(amounts)]
        positions = {PartyId("DE", f"{index:03}"): Decimal(amount).scaleb(-2) for index, amount in enumerate(balanced)}
        greedy, exact = plan_payments(positions), plan_fewest_payments(positions)
        for plan in (greedy, exact):
            assert _left_after(positions, plan) == dict.fromkeys(positions, Decimal(0))
        assert len(exact) <= len(greedy) <= max(sum(1 for amount in balanced if amount) - 1, 0)


class TestFigures:
    @pytest.mark.parametrize(
        ("owed", "gross", "moved", "efficiency", "payments"),
        [
            ([eur(ALFA, BETA, "100.00"), eur(BETA, ALFA, "60.00")], "160.00", "40.00", "75.00", 1),  # case 2
            ([eur(ALFA, BETA, "100"), eur(BETA, GAMA, "100"), eur(GAMA, ALFA, "100")], "300", "0", "100.00", 0),  # case 3
            ([eur(ALFA, BETA, "100"), eur(BETA, GAMA, "80"), eur(GAMA, ALFA, "50")], "230", "50", "78.26", 2),  # case 4
            ([], "0", "0", "0.00", 0),
        ],
    )
    def test_efficiency_is_what_need_not_move(self, owed: list[Obligation], gross: str, moved: str, efficiency: str, payments: int) -> None:
        positions = net(owed).get("EUR", {})
        plan = plan_payments(positions)
        figures = figures_of(obligations=owed, positions=positions, payments=len(plan))
        assert (figures.gross, figures.moved, figures.efficiency) == (Decimal(gross), Decimal(moved), Decimal(efficiency))
        assert len(plan) == payments

    def test_reciprocity_is_what_pairs_could_net_without_a_hub(self) -> None:
        owed = [eur(ALFA, BETA, "100.00"), eur(BETA, ALFA, "60.00"), eur(BETA, GAMA, "40.00")]
        figures = figures_of(obligations=owed, positions=net(owed)["EUR"], payments=1)
        assert figures.bilateral == Decimal("80.00")
        assert figures.reciprocity == Decimal("60.00")


def _left_after(positions: dict[PartyId, Decimal], plan: list[Payment]) -> dict[PartyId, Decimal]:
    left = dict(positions)
    for payment in plan:
        left[payment.payer] += payment.amount
        left[payment.payee] -= payment.amount
    return left
