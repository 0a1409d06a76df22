"""Amounts are rounded once per VAT group, and every part gets its share of the rounded whole."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.netting.rounding import round_group, spread


def decimals(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


class TestRoundGroup:
    @pytest.mark.parametrize(
        ("net", "currency", "rounded"),
        [("2.345", "EUR", "2.35"), ("-2.345", "EUR", "-2.35"), ("1234.5", "JPY", "1235"), ("1.2345", "KWD", "1.235")],
    )
    def test_half_goes_away_from_zero_at_the_currencys_exponent(self, net: str, currency: str, rounded: str) -> None:
        # finance §7, case 10
        assert round_group(net=Decimal(net), vat_rate=Decimal(0), currency=currency).gross == Decimal(rounded)

    def test_vat_is_taken_once_from_the_base_of_the_group(self) -> None:
        # finance §7, case 32: three bases of 0.12 at 21 %
        group = round_group(net=Decimal("0.36"), vat_rate=Decimal(21), currency="EUR")
        assert group.vat == Decimal("0.08")


class TestSpread:
    def test_three_equal_parts_of_ten_and_their_mirror(self) -> None:
        # finance §7, case 9
        third = Decimal(10) / 3
        assert spread(total=Decimal("10.00"), parts=[third] * 3, currency="EUR") == decimals("3.34", "3.33", "3.33")
        assert spread(total=Decimal("-10.00"), parts=[-third] * 3, currency="EUR") == decimals("-3.34", "-3.33", "-3.33")

    def test_three_lines_of_0_3350_show_one_cent_less_than_three_roundings(self) -> None:
        # finance §7, case 8
        assert spread(total=Decimal("1.01"), parts=decimals("0.3350") * 3, currency="EUR") == decimals("0.34", "0.34", "0.33")

    def test_a_credit_mirrors_its_original_in_the_same_group(self) -> None:
        parts = decimals("23.1432", "-23.1432")
        assert spread(total=Decimal("0.00"), parts=parts, currency="EUR") == decimals("23.14", "-23.14")

    def test_a_whole_far_from_the_parts_is_shared_by_all(self) -> None:
        # The VAT of a group may differ from the partners' sums by more than a cent a line.
        assert spread(total=Decimal("0.10"), parts=decimals("0.01", "0.01"), currency="EUR") == decimals("0.05", "0.05")

    def test_of_nothing_is_nothing(self) -> None:
        assert spread(total=Decimal("0.00"), parts=[], currency="EUR") == []

    @given(
        st.lists(st.decimals(-1000, 1000, places=4), min_size=1, max_size=20),
        st.integers(-3, 3),
        st.sampled_from(["EUR", "JPY", "KWD"]),
    )
    def test_the_parts_always_sum_to_the_whole(self, parts: list[Decimal], off: int, currency: str) -> None:
        total = round_group(net=sum(parts, Decimal(off)), vat_rate=Decimal(0), currency=currency).net
        shares = spread(total=total, parts=parts, currency=currency)
        assert sum(shares) == total
        mirrored = spread(total=-total, parts=[-part for part in parts], currency=currency)
        assert total == 0 or mirrored == [-share for share in shares]
