"""A simulated operator's own arithmetic, worked by hand."""

from datetime import UTC, datetime
from decimal import Decimal

from hub.sandbox.prices import Amount, Tariff, price

_OFFER = Tariff("T", "EUR", Decimal(19), Decimal("0.35"), Decimal("0.41"), Decimal("4.80"), datetime(2026, 10, 1, tzinfo=UTC), "")


class TestPrice:
    def test_adds_start_fee_energy_and_parking(self) -> None:
        cost = price(tariff=_OFFER, energy_kwh=Decimal("20.00"), parking_hours=Decimal("0.25"))

        assert cost.fixed == Amount(Decimal("0.3500"), Decimal("0.4165"))
        assert cost.energy == Amount(Decimal("8.2000"), Decimal("9.7580"))
        assert cost.parking == Amount(Decimal("1.2000"), Decimal("1.4280"))
        assert cost.total == Amount(Decimal("9.7500"), Decimal("11.6025"))

    def test_rounds_half_away_from_zero_at_the_fourth_decimal(self) -> None:
        cost = price(tariff=_OFFER, energy_kwh=Decimal("0.01"), parking_hours=Decimal(0))

        # 0.0041 net; 0.0041 × 1.19 = 0.004879, which is 0.0049
        assert cost.energy == Amount(Decimal("0.0041"), Decimal("0.0049"))

    def test_charges_no_parking_where_it_is_free(self) -> None:
        free = Tariff("T", "EUR", Decimal(19), Decimal(0), Decimal("0.41"), None, _OFFER.valid_from, "")

        assert price(tariff=free, energy_kwh=Decimal(1), parking_hours=Decimal(3)).parking == Amount(Decimal(0), Decimal(0))
