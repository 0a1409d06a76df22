"""The table of cases is what the tests are."""

from pathlib import Path

from tests.conformance.ocpi.cases import CASES, GROUPS, PROOFS, REASONS
from tests.conformance.ocpi.table import existing_tests, write_table

PROJECT = Path(__file__).parents[3]


def test_every_test_that_a_case_names_exists() -> None:
    named = {test for tests in PROOFS.values() for test in tests}
    assert named - existing_tests() == set()


def test_every_case_has_one_place_and_no_case_is_both_proved_and_excused() -> None:
    assert [number for numbers in GROUPS.values() for number in numbers] == list(CASES)
    assert not PROOFS.keys() & REASONS.keys()


def test_the_document_is_the_table() -> None:
    assert (PROJECT / "docs/conformance-ocpi.md").read_text(encoding="utf-8") == write_table()
