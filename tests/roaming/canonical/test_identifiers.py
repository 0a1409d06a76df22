"""Names of companies and of the providers inside contract IDs."""

import pytest

from roaming import canonical


class TestPartyId:
    @pytest.mark.parametrize("text", ["DE-ALF", "de-alf", "DE*ALF", "DE:ALF", "DEALF", " DE-ALF "])
    def test_reads_every_spelling_as_one_company(self, text: str) -> None:
        assert str(canonical.PartyId.parse(text)) == "DE-ALF"

    @pytest.mark.parametrize("text", ["", "DE", "DEU-ALF", "DE-ALFA", "D3-ALF", "DE ALF"])
    def test_says_what_was_expected(self, text: str) -> None:
        with pytest.raises(canonical.NotAPartyId, match="expected a country code"):
            canonical.PartyId.parse(text)


class TestContractProvider:
    @pytest.mark.parametrize("contract", ["NL-BET-C00123456-X", "NLBETC00123456", "nl*bet*c00123456"])
    def test_is_named_by_the_prefix(self, contract: str) -> None:
        assert canonical.contract_provider(contract) == canonical.PartyId("NL", "BET")

    @pytest.mark.parametrize("contract", ["", "1234", "NL-BET-1", "CUSTOMER 12"])
    def test_is_none_where_the_contract_names_nobody(self, contract: str) -> None:
        assert canonical.contract_provider(contract) is None
