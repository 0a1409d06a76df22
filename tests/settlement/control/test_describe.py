"""The page about the checks says what the code does."""

from pathlib import Path

from settlement.control.describe import describe_catalogue


def test_the_page_is_the_catalogue() -> None:
    page = Path(__file__).parents[3] / "docs" / "cdr-checks.md"
    assert page.read_text() == describe_catalogue()
