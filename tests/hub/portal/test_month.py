"""The month so far, summed by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal

from django.test import TestCase

from hub.portal.month import Held, month_of
from tests.builders.network import Network, build_network

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


class TestMonth(TestCase):
    network: Network

    @classmethod
    def setUpTestData(cls) -> None:
        cls.network = build_network(now=NOW, sessions=4)

    def test_sums_what_an_operator_earned_with_late_sessions_where_they_are_booked(self) -> None:
        # October so far at Alfa: 9, 14, 19, 24 kWh and the late 18 kWh of September: 84 kWh × 0.39 = 32.76 net; 19 % VAT: 38.9844.
        month = month_of(party=self.network.alfa, at=NOW)
        assert month.name == "2026-10"
        assert [(one.currency, one.count, one.energy_kwh, one.gross) for one in month.earned] == [
            ("EUR", 5, Decimal("84"), Decimal("38.9844"))
        ]
        assert month.owed == []
        assert month.fees == {}

    def test_sums_what_a_provider_owes_and_its_fees(self) -> None:
        # Beta: 9 and 19 kWh: 28 × 0.39 = 10.92 net, 12.9948 gross, two fees of 0.20.
        month = month_of(party=self.network.beta, at=NOW)
        assert [(one.count, one.gross) for one in month.owed] == [(2, Decimal("12.9948"))]
        assert month.fees == {"EUR": Decimal("0.40")}

    def test_counts_what_is_held_in_the_month_it_ended(self) -> None:
        assert month_of(party=self.network.beta, at=NOW).held == []
        september = month_of(party=self.network.beta, at=datetime(2026, 9, 20, tzinfo=UTC))
        assert september.held == [Held("EUR", 1, Decimal("117.00"))]  # 300 kWh × 0.39

    def test_draws_each_day_against_the_highest(self) -> None:
        month = month_of(party=self.network.beta, at=NOW)
        bars = {bar.on: bar.height for bar in month.bars}
        assert len(bars) == 31
        assert bars[date(2026, 10, 3)] == 100.0  # 19 kWh
        assert bars[date(2026, 10, 1)] == 47.37  # 9 of 19
        assert bars[date(2026, 10, 2)] == 0.0  # Gamma's day

    def test_takes_three_queries(self) -> None:
        with self.assertNumQueries(3):
            month_of(party=self.network.alfa, at=NOW)
