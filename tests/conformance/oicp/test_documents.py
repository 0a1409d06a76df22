"""The two generated documents say what the code says."""

from pathlib import Path

from roaming.protocols.oicp.bridge.losses import write_tables
from tests.conformance.oicp.table import proofs, write_table

PROJECT = Path(__file__).parents[3]


def test_the_table_of_cases_is_current() -> None:
    assert (PROJECT / "docs/conformance-oicp.md").read_text(encoding="utf-8") == write_table()


def test_the_loss_tables_are_current() -> None:
    assert (PROJECT / "docs/translation.md").read_text(encoding="utf-8") == write_tables()


def test_every_case_has_a_proof() -> None:
    found = proofs()
    assert [number for number in range(1, 137) if number not in found] == []
