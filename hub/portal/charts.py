"""Small charts as figures for SVG: drawn by the server, read without scripts, with every value in the text beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Slice:
    """One bar that lies: its name, its value, and its length in per cent of the longest."""

    name: str
    value: Decimal
    length: float


def slices(values: Sequence[tuple[str, Decimal]]) -> list[Slice]:
    """This function will measure bars against the longest; negative values have the length of their amount."""
    longest = max((abs(value) for _, value in values), default=Decimal(0))
    return [Slice(name, value, round(float(abs(value) / longest * 100), 2) if longest else 0.0) for name, value in values]
