"""Worked months of hub fees: finance §7, cases 25 to 29. Counts are smaller, cents are the same."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from settlement.clearing.models import DayTotal
from settlement.ledger.verify import verify_ledger
from settlement.netting.fees import sum_fees
from settlement.terms.agree import WrongTerms
from settlement.terms.details import set_details
from settlement.terms.fees import fee_of, read_plan, share_of, tiered
from settlement.terms.hub import hub_party
from tests.builders.charges import OCTOBER, some_terms, the_default_set
from tests.builders.months import charge, close, credit
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db


def dutch(*keys: str) -> None:
    for party in (hub_party(), *(a_party(key) for key in keys)):
        set_details(party=party, details={"vat_id": f"NL{party.pk:09}B01"})


def test_case_25_a_fee_per_cdr_is_rounded_once_and_taxed_at_home() -> None:
    some_terms(hub_fee=Decimal("0.035"))
    dutch("DE-PPP")
    charge("M", "P", "10.00")
    close()
    # 12,345 CDRs at 0.035: what a day total of so many would carry.
    rolled_up = DayTotal.objects.get()
    rolled_up.pk, rolled_up.period = None, "2026-09"
    rolled_up.count, rolled_up.operator_fee = 12_345, Decimal("0.035") * 12_345
    rolled_up.save()
    (fee,) = sum_fees(netting_set=the_default_set().pk, period=OCTOBER.month_of(OCTOBER.starts_at.replace(month=9)))
    assert (fee.exact, fee.net, fee.vat, fee.gross) == tuple(map(Decimal, ("432.075", "432.08", "90.74", "522.82")))


def test_case_28_the_fee_is_set_off_in_the_net_amount() -> None:
    some_terms(hub_fee=Decimal("10.00"), hub_fee_payer="provider")
    dutch("DE-MMM")
    charge("M", "P", "100.00")
    month = close()
    assert month.positions() == {"M": Decimal("-112.10"), "P": Decimal("100.00"), "DE-HUB": Decimal("12.10")}
    assert sum(month.positions().values()) == 0
    assert month.payments() == [("M", "P", Decimal("100.00")), ("M", "DE-HUB", Decimal("12.10"))]
    assert month.document("M")["totals"] == {"net": "-112.10", "receivable": "0.00", "payable": "100.00", "fees": "12.10"}
    assert month.lines("M", "fee") == [Decimal("-12.10")]
    assert month.lines("DE-HUB", "fee") == [Decimal("12.10")]


def test_case_29_credits_bear_no_fee_and_give_none_back() -> None:
    some_terms(hub_fee=Decimal("0.035"), hub_fee_payer="provider")
    cdrs = [charge("M", "P", "1.00") for _ in range(20)]
    for cdr in cdrs[:5]:
        credit(cdr)
    month = close()
    (line,) = [line for line in month.document("M")["lines"] if line["kind"] == "fee"]
    assert (line["gross"], line["cdrs"]) == ("-0.70", 20)
    assert "credits bear no fee" in line["description"]


def test_half_each_sums_to_the_whole_fee() -> None:
    some_terms(hub_fee=Decimal("0.0125"), hub_fee_payer="both")
    for _ in range(3):
        charge("M", "P", "1.00")
    month = close()
    # 3 × 0.0063 and 3 × 0.0062, each rounded once: two cents each.
    assert month.positions() == {"M": Decimal("-3.02"), "P": Decimal("2.98"), "DE-HUB": Decimal("0.04")}


class TestPlans:
    def test_case_26_tiers_price_each_cdr_by_the_tier_it_falls_in(self) -> None:
        plan = read_plan({"tiers": [["10000", "0.05"], [None, "0.03"]]})
        assert tiered(plan=plan, cdr_count=12_345) == Decimal("570.35")  # 500.00 + 70.35
        assert tiered(plan=plan, cdr_count=10_000) == Decimal("500.00")

    def test_case_26_in_a_month(self) -> None:
        some_terms(hub_fee_payer="provider", fee_plan={"tiers": [["2", "0.05"], [None, "0.03"]]})
        for _ in range(5):
            charge("M", "P", "1.00")
        month = close()
        assert month.lines("M", "fee") == [Decimal("-0.19")]  # 2 × 0.05 + 3 × 0.03
        assert month.positions()["DE-HUB"] == Decimal("0.19")
        assert verify_ledger().ok

    def test_case_27_a_subscription_counts_the_days_since_joining(self) -> None:
        assert share_of(period=OCTOBER, starts=date(2026, 10, 11), ends=None) * 310 == 210  # 21/31
        some_terms(
            operator=a_party("DE-PPP"),
            provider=a_party("DE-MMM"),
            starts=date(2026, 10, 11),
            hub_fee_payer="provider",
            fee_plan={"subscription": "310.00"},
        )
        assert close().lines("M", "fee") == [Decimal("-210.00")]

    def test_case_27_a_percentage_is_rounded_once(self) -> None:
        some_terms(fee_plan={"percent": "1.5"})
        charge("M", "P", "8213.37")
        assert close().lines("P", "fee") == [Decimal("-123.20")]

    def test_case_27_a_minimum_takes_the_place_of_less(self) -> None:
        # 100 CDRs at 0.035 are 3.50.
        assert fee_of(
            plan=read_plan({"minimum": "25.00"}),
            cdr_count=100,
            net=Decimal(100),
            per_cdr=Decimal("3.50"),
            share_of_period=Decimal(1),
            currency="EUR",
        ) + Decimal("3.50") == Decimal("25.00")

    @pytest.mark.parametrize(
        "plan", [{"tiers": [["10", "1"]]}, {"tiers": [[None, "1"], [None, "2"]]}, {"percent": "-1"}, {"discount": "1"}, {"minimum": "NaN"}]
    )
    def test_nonsense_is_refused(self, plan: dict[str, Any]) -> None:
        with pytest.raises(WrongTerms):
            some_terms(fee_plan=plan)
