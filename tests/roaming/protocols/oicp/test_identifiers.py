"""Ids are compared without separators, and check digits are computed but never a reason to refuse."""

import pytest

from roaming.protocols.oicp import identifiers


@pytest.mark.parametrize("text", ["DE8EO", "DE-8EO", "DE*8EO", "de*8eo"])
def test_one_provider_in_every_spelling(text: str) -> None:
    assert identifiers.party_key(text) == "DE8EO"
    assert str(identifiers.read_party(text)) == "DE-8EO"


def test_din_ids_keep_the_borders_of_their_fields() -> None:
    assert identifiers.party_key("+49*536") == identifiers.party_key("49*536") == "49*536"
    assert identifiers.evse_key("+49*810*000*438") == "49*810*000*438"
    assert identifiers.operator_of_evse("+49*810*000*438") == "49*810"
    assert identifiers.operator_of_evse("DE*ALF*E00*01") == "DEALF"
    assert identifiers.operator_of_evse("nonsense") is None


@pytest.mark.parametrize(
    ("code", "digit"), [("NLTNMC00122045", "K"), ("NLTNM000122045", "U"), ("NLTNM000722345", "X"), ("DEDCBC12345678", "4")]
)
def test_the_check_character_of_iso_15118(code: str, digit: str) -> None:
    assert identifiers.iso_check_digit(code) == digit


@pytest.mark.parametrize(("code", "digit"), [("NLTNM122045", "0"), ("NLTNM012204", "5")])
def test_the_check_digit_of_din_91286(code: str, digit: str) -> None:
    assert identifiers.din_check_digit(code) == digit


def test_a_contract_gets_its_check_digit_where_it_is_missing() -> None:
    assert identifiers.evco_of("NL-TNM-C00122045") == "NL-TNM-C00122045-K"
    assert identifiers.evco_of("NLTNM012204") == "NL-TNM-012204-5"


def test_a_wrong_check_digit_is_kept() -> None:
    assert identifiers.evco_of("DE-8EO-CAet5e4XY-3") == "DE-8EO-CAET5E4XY-3"


def test_an_old_contract_without_the_letter_cannot_be_said_unless_it_is_a_din_id_in_disguise() -> None:
    assert identifiers.evco_of("NL-TNM-012345678-X") is None
    assert identifiers.evco_of("NL-TNM-000122045-U") == "NL-TNM-012204-5"


def test_contracts_are_one_with_and_without_check_digit() -> None:
    assert identifiers.contract_key("NL-TNM-C00122045-K") == identifiers.contract_key("NLTNMC00122045")
    assert identifiers.contract_key("NL-TNM-012204-5") == identifiers.contract_key("NLTNM012204")
