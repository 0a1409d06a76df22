"""The table of cases is what the tests are."""

import ast
import re
from pathlib import Path

from tests.conformance.ocpi.cases import CASES, DIFFERENCES, GROUPS, MISSING
from tests.conformance.ocpi.table import HERE, find_proofs, write_table

PROJECT = Path(__file__).parents[3]


def test_every_case_has_one_place_and_is_either_proved_or_excused() -> None:
    assert [number for numbers in GROUPS.values() for number in numbers] == list(CASES)
    assert find_proofs().keys() ^ MISSING.keys() == set(CASES)
    assert set(DIFFERENCES) <= find_proofs().keys()


def test_every_test_of_the_suite_names_its_case() -> None:
    for path in set(HERE.glob("test_*.py")) - {HERE / "test_table.py"}:
        names = [node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
        assert all(re.fullmatch(r"test_\d{3}_\w+", name) for name in names if name.startswith("test")), path.name


def test_the_document_is_the_table() -> None:
    assert (PROJECT / "docs/conformance-ocpi.md").read_text(encoding="utf-8") == write_table()
