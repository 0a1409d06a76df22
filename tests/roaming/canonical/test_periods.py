"""Settlement periods are closed-open."""

from datetime import UTC, datetime

import pytest

from roaming import canonical


class TestPeriod:
    def test_a_session_that_ends_at_midnight_belongs_to_the_new_month(self) -> None:
        october = canonical.Period.parse("2026-10")
        assert datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC) in october
        assert datetime(2026, 11, 1, tzinfo=UTC) not in october
        assert october.next().name == "2026-11"

    def test_weeks_start_on_monday_and_follow_each_other_over_new_year(self) -> None:
        week = canonical.Period.parse("2026-W53")
        assert week.starts_at == datetime(2026, 12, 28, tzinfo=UTC)
        assert week.next().name == "2027-W01"

    @pytest.mark.parametrize("text", ["2026-13", "2026", "October", "2026-W54", "2025-W53"])
    def test_refuses_what_is_no_period(self, text: str) -> None:
        with pytest.raises(canonical.NotAPeriod, match=r"is not a (period|week)"):
            canonical.Period.parse(text)
