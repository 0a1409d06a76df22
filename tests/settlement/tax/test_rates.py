"""CDRs carry amounts, not rates: the rate is read so that equal supplies fall into one VAT group."""

from datetime import date
from decimal import Decimal

import pytest

from settlement.tax.rates import rate_told, standard_rate

DAY = date(2026, 10, 10)


def told(net: str, vat: str, *named: str, country: str = "NLD") -> Decimal:
    return rate_told(net=Decimal(net), vat=Decimal(vat), named=[Decimal(rate) for rate in named], country=country, on=DAY)


class TestRateTold:
    @pytest.mark.parametrize(
        ("net", "vat", "rate"),
        [
            ("10.0000", "2.1000", "21"),
            ("19.1266", "4.0166", "21"),  # 4.016586, sent with four decimals
            ("0.12", "0.03", "21"),  # 0.0252, rounded to the cent by the operator
            ("50.00", "10.00", "20"),  # not the standard rate of the country
            ("0.12", "0.024", "20"),  # three decimals must fit exactly
            ("0.50", "0.10", "20"),
            ("100.00", "8.10", "8.10"),
            ("10.00", "0.00", "0"),
            ("0.00", "0.00", "0"),
            ("-19.1266", "-4.0166", "21"),
        ],
    )
    def test_is_a_rate_that_makes_sense(self, net: str, vat: str, rate: str) -> None:
        assert told(net, vat) == Decimal(rate)

    def test_named_in_the_cdr_comes_first(self) -> None:
        assert told("0.12", "0.01", "9", "21") == 9

    def test_is_the_quotient_where_nothing_fits(self) -> None:
        assert told("30.00", "4.77") == Decimal("15.90")


class TestStandardRate:
    def test_follows_the_date_and_both_ways_to_write_a_country(self) -> None:
        assert standard_rate(country="EST", on=date(2025, 6, 30)) == 22
        assert standard_rate(country="EE", on=date(2025, 7, 1)) == 24
        assert standard_rate(country="USA", on=DAY) is None
