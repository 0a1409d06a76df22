"""Rounding and allocation: the last cent has an owner."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roaming import canonical

D = Decimal


class TestRounding:
    @pytest.mark.parametrize(
        ("amount", "currency", "expected"),
        [("2.345", "EUR", "2.35"), ("-2.345", "EUR", "-2.35"), ("1234.5", "JPY", "1235"), ("1.2345", "KWD", "1.235")],
    )
    def test_is_half_away_from_zero_at_the_currencys_exponent(self, amount: str, currency: str, expected: str) -> None:
        assert canonical.round_money(D(amount), currency) == D(expected)


class TestAllocation:
    def test_gives_the_spare_cent_to_the_first_of_equals(self) -> None:
        assert canonical.allocate(D("10.00"), [1, 1, 1], "EUR") == [D("3.34"), D("3.33"), D("3.33")]

    def test_mirrors_a_credit(self) -> None:
        assert canonical.allocate(D("-10.00"), [1, 1, 1], "EUR") == [D("-3.34"), D("-3.33"), D("-3.33")]

    def test_rounds_the_sum_once(self) -> None:
        assert canonical.allocate(D("1.0050"), [D("0.3350")] * 3, "EUR") == [D("0.34"), D("0.34"), D("0.33")]

    @given(
        amount=st.decimals(min_value=-10_000, max_value=10_000, places=4),
        weights=st.lists(st.decimals(min_value=-50, max_value=50, places=4), min_size=1, max_size=30),
        currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    )
    def test_parts_always_sum_to_the_whole(self, amount: Decimal, weights: list[Decimal], currency: str) -> None:
        parts = canonical.allocate(amount, weights, currency)
        assert sum(parts, D(0)) == canonical.round_money(amount, currency)
        assert canonical.allocate(-amount, weights, currency) == [-part for part in parts]


class TestMoney:
    def test_refuses_to_add_two_currencies(self) -> None:
        with pytest.raises(canonical.CurrencyMismatch, match="EUR and SEK"):
            canonical.Money(D("1"), "EUR") + canonical.Money(D("1"), "SEK")

    def test_a_price_whose_taxes_were_not_told_has_no_gross(self) -> None:
        assert canonical.Price(before_taxes=D("4")).after_taxes is None
        taxes = (canonical.TaxAmount(name="VAT", amount=D("0.40")),)
        assert canonical.Price(before_taxes=D("4"), taxes=taxes).after_taxes == D("4.40")
