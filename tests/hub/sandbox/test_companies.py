"""The invented companies have what documents need, and nobody's ids."""

from stdnum import iban
from stdnum.util import get_cc_module

from hub.sandbox.companies import OPERATOR, PROVIDER, demonstration_companies, make_companies


class TestDemonstrationCompanies:
    def test_have_vat_ids_and_ibans_with_right_check_digits(self) -> None:
        for company in demonstration_companies():
            rules = get_cc_module(company.country_code.lower(), "vat")
            assert rules is not None
            assert rules.is_valid(company.vat_id), company.vat_id
            assert iban.is_valid(company.iban), company.iban

    def test_share_no_id(self) -> None:
        companies = demonstration_companies()

        for ids in ([c.id for c in companies], [c.vat_id for c in companies], [c.iban for c in companies]):
            assert len(set(ids)) == len(companies)

    def test_include_one_with_both_roles_one_shared_platform_and_one_that_waits_for_the_hub(self) -> None:
        companies = demonstration_companies()

        assert [c.id for c in companies if len(c.roles) == 2] == ["NL-PSM"]
        assert [c.id for c in companies if c.platform == "Ladeverbund Alpen"] == ["CH-FRN", "AT-WMB"]
        assert [c.id for c in companies if c.waits_for_hub] == ["FR-GRC"]


class TestMakeCompanies:
    def test_fills_as_many_roles_as_were_asked_for(self) -> None:
        companies = make_companies(operators=7, providers=4, seed=1, label="x", taken=())

        assert sum(OPERATOR in company.roles for company in companies) == 7
        assert sum(PROVIDER in company.roles for company in companies) == 4
        assert sum(len(company.roles) == 2 for company in companies) == 2

    def test_avoids_every_id_that_is_taken(self) -> None:
        former = {company.id for company in make_companies(operators=20, providers=20, seed=1, label="x", taken=())}
        after = {company.id for company in make_companies(operators=20, providers=20, seed=1, label="x", taken=former)}

        assert len(former) == len(after) == 30
        assert not former & after

    def test_invents_the_same_companies_from_the_same_seed(self) -> None:
        first, second = (make_companies(operators=3, providers=3, seed=7, label="x", taken=()) for _ in range(2))

        assert first == second
