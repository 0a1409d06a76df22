"""A long run of measures keeps what it has, whatever one of them meets."""

import json

from benchmarks.attempts import attempt
from benchmarks.house import House
from benchmarks.table import Measure, write_json, write_table


def _broken() -> list[Measure]:
    raise ValueError("83565 deliveries still wait\nand more lines")


class TestAttempt:
    def test_a_measure_that_fails_is_a_row_and_the_others_have_theirs(self) -> None:
        house = House()
        rows = attempt("fan-out", _broken, house=house)
        rows += attempt("pages", lambda: [Measure("pages", "6 ms", "5 ms", 1.2, 1.5, at_most=True)], house=house)
        assert [(row.name, row.is_met) for row in rows] == [("fan-out", False), ("pages", True)]
        assert house.has_failures
        table = write_table(rows).splitlines()
        assert table[2].split() == ["fan-out", "–", "–", "–", "–", "FAILED"]
        assert table[-1] == "fan-out: ValueError: 83565 deliveries still wait"
        assert [row["ratio"] for row in json.loads(write_json(rows))["measures"]] == [None, 1.2]
