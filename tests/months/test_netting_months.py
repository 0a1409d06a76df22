"""Worked months of netting: the acceptance cases of finance §7 by their numbers, as finance could sign them."""

from decimal import Decimal

import pytest

from tests.builders.canonical_messages import a_cdr_location
from tests.builders.charges import some_terms
from tests.builders.months import charge, close

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def terms() -> None:
    some_terms()


def amounts(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def positions(**told: str) -> dict[str, Decimal]:
    return {party: Decimal(amount) for party, amount in told.items()}


def test_case_01_one_cdr_makes_one_debt_and_one_payment() -> None:
    charge("M", "P", "10.0000", vat="2.1000")
    month = close()
    assert month.positions() == positions(M="-12.10", P="12.10")
    assert month.payments() == [("M", "P", Decimal("12.10"))]
    assert month.figure("gross") == Decimal("12.10")


def test_case_02_two_way_debts_net_and_stay_visible() -> None:
    charge("A", "B", "100.00")
    charge("B", "A", "60.00")
    month = close()
    assert month.positions() == positions(A="-40.00", B="40.00")
    assert (month.figure("gross"), month.figure("efficiency")) == (Decimal("160.00"), Decimal("75.00"))
    assert len(month.payments()) == 1
    for party, receivable, payable in (("A", "60.00", "-100.00"), ("B", "100.00", "-60.00")):
        assert month.lines(party, "receivable") == amounts(receivable)
        assert month.lines(party, "payable") == amounts(payable)


def test_case_03_a_ring_moves_nothing_and_still_has_three_statements() -> None:
    charge("A", "B", "100.00")
    charge("B", "C", "100.00")
    charge("C", "A", "100.00")
    month = close()
    assert month.positions() == positions(A="0", B="0", C="0")
    assert month.payments() == []
    assert month.figure("efficiency") == Decimal("100.00")
    for party in "ABC":
        totals = month.document(party)["totals"]
        assert (totals["receivable"], totals["payable"], totals["net"]) == ("100.00", "100.00", "0.00")


def test_case_04_the_largest_debtor_pays_the_largest_creditor_first() -> None:
    charge("A", "B", "100.00")
    charge("B", "C", "80.00")
    charge("C", "A", "50.00")
    month = close()
    assert month.positions() == positions(A="-50.00", B="20.00", C="30.00")
    assert (month.figure("gross"), month.figure("moved"), month.figure("efficiency")) == tuple(amounts("230", "50", "78.26"))
    assert month.payments() == [("A", "C", Decimal("30.00")), ("A", "B", Decimal("20.00"))]


def test_case_08_three_cdrs_of_a_third_of_a_cent_too_much() -> None:
    for _ in range(3):
        charge("M", "P", "0.3350")
    month = close()
    assert month.positions() == positions(M="-1.01", P="1.01")
    assert month.shown("P") == month.shown("M") == amounts("0.34", "0.34", "0.33")
    assert month.lines("P", "receivable") == amounts("1.0050")
    assert month.lines("P", "rounding") == amounts("0.0050")
    assert month.lines("M", "rounding") == amounts("-0.0050")


def test_case_09_ten_over_three_equal_lines_and_its_mirror() -> None:
    for _ in range(3):
        charge("M", "P", "3.3333")
    month = close()
    # 9.9999 is 10.00: the first line takes the cent that three thirds leave.
    assert month.shown("P") == amounts("3.34", "3.33", "3.33")
    assert sum(month.shown("P")) == month.positions()["P"] == Decimal("10.00")


@pytest.mark.parametrize(
    ("currency", "net", "shown"),
    [("JPY", "1234.5", "1235"), ("KWD", "1.2345", "1.235"), ("EUR", "2.345", "2.35")],
)
def test_case_10_half_goes_up_at_the_exponent_of_the_currency(currency: str, net: str, shown: str) -> None:
    charge("M", "P", net, currency=currency)
    month = close()
    totals = month.document("P", currency)["totals"]
    assert totals["receivable"] == totals["net"] == shown


def test_case_21_currencies_are_never_netted_against_each_other() -> None:
    charge("A", "B", "100.00")
    charge("B", "A", "1000.00", currency="SEK")
    month = close()
    assert month.positions("EUR") == positions(A="-100.00", B="100.00")
    assert month.positions("SEK") == positions(A="1000.00", B="-1000.00")


def test_case_31_two_vat_rates_are_two_groups() -> None:
    charge("M", "P", "100.00", vat="21.00")
    charge("M", "P", "50.00", vat="10.00")
    month = close()
    assert month.positions()["P"] == Decimal("181.00")
    taxes = month.document("P")["taxes"]
    assert [(tax["vat_rate"], tax["net"], tax["vat"]) for tax in taxes] == [("20.00", "50.00", "10.00"), ("21.00", "100.00", "21.00")]


def test_case_32_vat_is_taken_once_from_the_group() -> None:
    for _ in range(3):
        charge("M", "P", "0.12", vat="0.03", cdr_location=a_cdr_location(country="NLD"))
    month = close()
    assert month.positions()["P"] == Decimal("0.44")  # 0.36 + 0.08, where three roundings would make 0.45
    assert month.lines("P", "receivable") == amounts("0.45")
    assert month.lines("P", "vat_rounding") == amounts("-0.01")
