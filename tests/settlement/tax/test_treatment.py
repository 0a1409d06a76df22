"""The table of rules, row by row: who is taxed where, and which article a line carries."""

from datetime import date
from decimal import Decimal

import pytest

from settlement.tax.rules import FEE_RULES, SUPPLY_RULES, rule_named
from settlement.tax.treatment import REVERSE_CHARGE, Standing, treat_fee, treat_supply

DAY = date(2026, 10, 10)
NL, NL_2, DE, FR = "NL123456789B13", "NL004495445B01", "DE111111125", "FR40303265045"
GB, CH = "GB980780684", "CHE107787577IVA"
NO, IS = "NO995525828MVA", "IS00621"


def dealer(country: str) -> Standing:
    return Standing(country, True, since=date(2026, 1, 1), until=None)


def consumer(country: str) -> Standing:
    return Standing(country, False, since=date(2026, 1, 1), until=None)


def treated(seller: str, buyer: str, *declared: Standing, at: str = "NLD", on: date = DAY) -> tuple[Decimal, str]:
    told = treat_supply(
        vat=Decimal("2.10"), rate=Decimal(21), seller_vat_id=seller, buyer_vat_id=buyer, on=on, country=at, declared=declared
    )
    assert told.rate in (0, 21)
    assert bool(told.vat) == bool(told.rate)
    return told.vat, told.note


class TestSupply:
    def test_between_two_states_the_buyer_accounts_for_the_tax(self) -> None:
        treatment = treat_supply(vat=Decimal("2.10"), rate=Decimal(21), seller_vat_id=NL, buyer_vat_id=DE)
        assert treatment == (Decimal(0), Decimal(0), REVERSE_CHARGE)

    @pytest.mark.parametrize(("seller", "buyer"), [("", ""), (NL, ""), ("", DE), (CH, DE), (DE, CH), (GB, DE), (DE, GB)])
    def test_without_details_it_is_taxed_as_the_cdr_says(self, seller: str, buyer: str) -> None:
        assert treated(seller, buyer) == (Decimal("2.10"), "")

    @pytest.mark.parametrize(
        ("seller", "buyer", "declared", "at", "vat", "note"),
        [
            # A German operator, a French reseller, a session in Utrecht (C-60/23): taxed in France, by the buyer.
            (DE, FR, dealer("FR"), "NLD", "0", "reverse charge, Art. 38 and 195"),
            # The same buyer without reselling: Dutch VAT, and the operator needs a registration there.
            (DE, FR, consumer("FR"), "NLD", "2.10", "taxed at the charge point, Art. 39"),
            (DE, FR, consumer("FR"), "FRA", "0", "reverse charge, Art. 39 and 195"),
            (DE, FR, consumer("FR"), "DEU", "2.10", "taxed at the charge point, Art. 39"),
            (NL, NL_2, dealer("NL"), "DEU", "2.10", "domestic"),
            (NL, NL_2, consumer("NL"), "DEU", "2.10", "taxed at the charge point, Art. 39"),
            # Established elsewhere than where its VAT id is from: the declaration decides.
            (NL, NL_2, dealer("BE"), "NLD", "0", "reverse charge, Art. 38 and 195"),
            (GB, DE, dealer("DE"), "GBR", "0", "outside UK VAT"),
            (DE, GB, dealer("GB"), "DEU", "0", "outside EU VAT, UK reverse charge"),
            (CH, DE, dealer("DE"), "CHE", "0", "outside Swiss VAT, Art. 7(2)"),
            (DE, CH, dealer("CH"), "DEU", "0", "outside EU VAT, CH acquisition tax"),
            (DE, NO, dealer("NO"), "DEU", "0", "outside EU VAT, reseller in Norway"),
            (DE, NO, consumer("NO"), "DEU", "2.10", "undecided: Norway"),
            (NO, DE, dealer("DE"), "NOR", "2.10", "undecided: Norway"),
            (IS, NO, dealer("NO"), "ISL", "2.10", "undecided: Norway"),
        ],
    )
    def test_follows_what_the_buyer_declared(self, seller: str, buyer: str, declared: Standing, at: str, vat: str, note: str) -> None:
        assert treated(seller, buyer, declared, at=at) == (Decimal(vat), note)

    def test_norway_and_iceland_are_decided_at_home_only(self) -> None:
        assert treated(NO, NO, at="NOR") == (Decimal("2.10"), "domestic, Norway")
        assert treated(IS, IS, at="ISL") == (Decimal("2.10"), "domestic, Iceland")
        assert treated(NO, NO, at="SWE")[1] == "undecided: Norway"
        assert treated(NO, NO, at="NOR", on=date(2009, 12, 31))[1] == "undecided: Norway"  # before the act of 2009

    @pytest.mark.parametrize(("seller", "buyer", "at"), [(NL, NL_2, "NLD"), (GB, GB, "GBR"), (CH, CH, "CHE")])
    def test_at_home_the_seller_charges_its_tax(self, seller: str, buyer: str, at: str) -> None:
        assert treated(seller, buyer, at=at) == (Decimal("2.10"), "domestic")

    def test_a_declaration_that_lapsed_is_not_presumed_to_go_on(self) -> None:
        lapsed = Standing("FR", True, since=date(2026, 1, 1), until=DAY)
        assert treated(DE, FR, lapsed, on=date(2026, 10, 9))[1] == "reverse charge, Art. 38 and 195"
        assert treated(DE, FR, lapsed, on=DAY)[1] == "taxed at the charge point, Art. 39"

    def test_vat_that_was_not_told_is_none(self) -> None:
        assert treat_supply(vat=None, rate=Decimal(0), seller_vat_id="", buyer_vat_id="").vat == 0


class TestFee:
    def test_is_taxed_at_home_only(self) -> None:
        assert treat_fee(hub_vat_id=NL, party_vat_id=NL_2, on=DAY).rate == 21
        assert treat_fee(hub_vat_id=NL, party_vat_id="", on=DAY) == (Decimal(0), Decimal(0), "")
        assert treat_fee(hub_vat_id=NL, party_vat_id=DE, on=DAY).note == REVERSE_CHARGE
        assert treat_fee(hub_vat_id=NL, party_vat_id=CH, on=DAY) == (Decimal(0), Decimal(0), "outside scope, Art. 44")
        assert treat_fee(hub_vat_id="EL123456789", party_vat_id="EL987654321", on=DAY).rate == 24


class TestTable:
    @pytest.mark.parametrize("rule", [*SUPPLY_RULES, *FEE_RULES], ids=lambda rule: rule.code)
    def test_every_rule_has_its_basis_and_fits_a_line(self, rule: object) -> None:
        assert rule.article  # type: ignore[attr-defined]
        assert rule.law.endswith(".")  # type: ignore[attr-defined]
        assert len(rule.note) <= 40  # type: ignore[attr-defined]
        assert (rule.category == "S") == rule.is_taxed  # type: ignore[attr-defined]

    def test_a_stored_note_finds_its_rule_again(self) -> None:
        assert rule_named(note="reverse charge, Art. 38 and 195").article == "Art. 38, Art. 195"
        assert rule_named(note=REVERSE_CHARGE, is_fee=True).article == "Art. 44, Art. 196"
        assert rule_named(note="").code == "as told"
