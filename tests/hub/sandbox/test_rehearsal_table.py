"""The table of a rehearsal says every count; worked from an outcome by hand."""

import io
from collections import Counter
from decimal import Decimal

from rich.console import Console

from hub.sandbox.month import Figures
from hub.sandbox.rehearsal import Outcome, Plan
from hub.sandbox.rehearsal_table import describe, table

_OUTCOME = Outcome(
    plan=Plan(month="2026-10", operators=3, providers=2, cdrs=40, seed=11, stamp="261103-120000"),
    figures=Figures(
        authorizations=Counter(ALLOWED=20, BLOCKED=2, UNKNOWN=3),
        cdrs=Counter(accepted=42, repeated=4, refused=1),
        refusals=Counter({"2001 immutable": 1}),
        billed={"EUR": Decimal("1234.5678"), "CHF": Decimal("10")},
    ),
    seconds={"enrol": 1.25, "charge": 2.0},
    messages=900,
    agreements=6,
    delivered=41,
    expected=41,
    held=Counter(ENERGY_ABOVE_POWER=1),
    held_cdrs=1,
    late=1,
    run={
        "run": 5,
        "positions": [{}, {}, {}],
        "payments": [{}, {}, {}],
        "sum": {"EUR": "0.00", "CHF": "0.00"},
        "figures": {
            "EUR": {"gross": "1200.00", "moved": "500.00", "pairs": 10},
            "CHF": {"gross": "9.00", "moved": "9.00", "pairs": 2},
        },
    },
    statements=3,
)


class TestDescribe:
    def test_counts_records_by_what_became_of_them(self) -> None:
        cdrs = describe(_OUTCOME)["cdrs"]

        assert cdrs == {"sent": 47, "accepted": 42, "repeated": 4, "refused": 1, "failed": 0, "late": 1, "delivered": 41}

    def test_sums_payments_over_currencies(self) -> None:
        assert describe(_OUTCOME)["payments"] == {"without_netting": 12, "planned": 3}

    def test_writes_amounts_as_text(self) -> None:
        summary = describe(_OUTCOME)

        assert summary["billed"] == {"CHF": "10.00", "EUR": "1234.57"}
        assert summary["net_moved"] == {"CHF": "9.00", "EUR": "500.00"}


class TestTable:
    def test_shows_what_was_saved_and_that_positions_sum_to_zero(self) -> None:
        paper = io.StringIO()
        Console(file=paper, width=100).print(table(describe(_OUTCOME)))
        rows = {" ".join(line.split()) for line in paper.getvalue().splitlines()}

        assert {
            "Payments 12 → 3",
            "Payments saved 9 (75 %)",
            "Sum of positions 0.00 CHF, 0.00 EUR",
            "because 2001 immutable 1",
            "ENERGY_ABOVE_POWER 1",
            "Authorisations UNKNOWN 3",
            "All of it 3.2 s",
        } <= rows
