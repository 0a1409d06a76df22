"""Reverse charge between two states of the Union, what the CDR says everywhere else."""

from datetime import date
from decimal import Decimal

import pytest

from settlement.tax.treatment import REVERSE_CHARGE, treat_fee, treat_supply


class TestSupply:
    def test_between_two_states_the_buyer_accounts_for_the_tax(self) -> None:
        treatment = treat_supply(vat=Decimal("2.10"), rate=Decimal(21), seller_vat_id="NL123456789B01", buyer_vat_id="DE123456789")
        assert treatment == (Decimal(0), Decimal(0), REVERSE_CHARGE)

    @pytest.mark.parametrize(
        ("seller", "buyer"),
        [("", ""), ("NL123456789B01", ""), ("NL123456789B01", "NL987654321B01"), ("CHE123456789", "DE123456789")],
    )
    def test_elsewhere_it_is_taxed_as_the_cdr_says(self, seller: str, buyer: str) -> None:
        treatment = treat_supply(vat=Decimal("2.10"), rate=Decimal(21), seller_vat_id=seller, buyer_vat_id=buyer)
        assert treatment == (Decimal(21), Decimal("2.10"), "")

    def test_vat_that_was_not_told_is_none(self) -> None:
        assert treat_supply(vat=None, rate=Decimal(0), seller_vat_id="", buyer_vat_id="").vat == 0


class TestFee:
    def test_is_taxed_at_home_only(self) -> None:
        day = date(2026, 10, 31)
        assert treat_fee(hub_vat_id="NL123456789B01", party_vat_id="NL987654321B01", on=day).rate == 21
        assert treat_fee(hub_vat_id="NL123456789B01", party_vat_id="", on=day) == (Decimal(0), Decimal(0), "")
        assert treat_fee(hub_vat_id="NL123456789B01", party_vat_id="DE123456789", on=day).note == REVERSE_CHARGE
        assert treat_fee(hub_vat_id="EL123456789", party_vat_id="EL987654321", on=day).rate == 24
