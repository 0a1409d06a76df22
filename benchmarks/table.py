"""One row per promise: what was measured, against what, and whether the bar is met."""

import json
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True)
class Measure:
    """One promise of speed. `bar` bounds `ratio` from below, or from above where `at_most`; without a bar the row informs only.

    `failure` says why there is no figure: whatever a bar says, it is not met then.
    """

    name: str
    figure: str
    baseline: str
    ratio: float | None
    bar: float | None
    unit: str = "×"
    at_most: bool = False
    note: str = ""
    failure: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the ratio keeps the bar; None where there is none."""
        if self.failure:
            return False
        if self.bar is None or self.ratio is None:
            return None
        return self.ratio <= self.bar if self.at_most else self.ratio >= self.bar


def ratio_of_medians(figures: list[float], baselines: list[float]) -> float:
    """This function will divide the medians of two series that were measured in turns."""
    return median(figures) / median(baselines)


def failed(name: str, error: Exception) -> Measure:
    """This function will return the row of a measure that gave no figure."""
    reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    return Measure(name=name, figure="–", baseline="–", ratio=None, bar=None, failure=reason)


def write_table(measures: list[Measure]) -> str:
    """This function will return the one table as text."""
    rows = [("measure", "figure", "baseline", "ratio", "bar", "")]
    for measure in measures:
        sign = "≤" if measure.at_most else "≥"
        bar = "–" if measure.bar is None else f"{sign} {measure.bar:g} {measure.unit}"
        verdict = "FAILED" if measure.failure else {True: "met", False: "MISSED", None: ""}[measure.is_met]
        ratio = "–" if measure.ratio is None else f"{measure.ratio:.2f} {measure.unit}"
        rows.append((measure.name, measure.figure, measure.baseline, ratio, bar, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    notes = [f"{measure.name}: {measure.failure or measure.note}" for measure in measures if measure.failure or measure.note]
    return "\n".join([*lines, "", *notes])


def write_json(measures: list[Measure]) -> str:
    """This function will return the measures as one JSON object."""
    return json.dumps({"measures": [{**asdict(measure), "met": measure.is_met} for measure in measures]}, indent=2)
