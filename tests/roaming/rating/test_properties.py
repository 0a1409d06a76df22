"""What must hold for every tariff and session: splitting changes nothing, more energy never costs less."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from roaming import rating
from roaming.canonical import ChargingPeriod, Dimension, PriceComponent, Tariff, TariffElement, TariffRestrictions

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Amsterdam")

prices = st.decimals(min_value=0, max_value=5, places=2)
energies = st.decimals(min_value=0, max_value=80, places=3)


@st.composite
def offers(draw: st.DrawFn) -> Tariff:
    """Elements of rising kWh thresholds with rising prices, a start fee, and a price per hour: monotone by construction."""
    limits = sorted(draw(st.lists(st.integers(1, 60), max_size=3, unique=True)))
    rates = sorted(draw(st.lists(prices, min_size=len(limits) + 1, max_size=len(limits) + 1)))
    step = draw(st.sampled_from([1, 100, 500]))
    bounds = [None, *limits, None]
    elements = [TariffElement(price_components=(PriceComponent(type="FLAT", price=draw(prices)),))]
    for index, price in enumerate(rates):
        low, high = bounds[index], bounds[index + 1]
        elements.append(
            TariffElement(
                price_components=(PriceComponent(type="ENERGY", price=price, step_size=step, vat=Decimal(21)),),
                restrictions=TariffRestrictions(
                    min_kwh=None if low is None else Decimal(low), max_kwh=None if high is None else Decimal(high)
                ),
            )
        )
    elements.append(TariffElement(price_components=(PriceComponent(type="TIME", price=draw(prices), step_size=60),)))
    return Tariff(country_code="NL", party_id="ALF", id="T", currency="EUR", elements=tuple(elements), last_updated=START)


def period(at: datetime, hours: Decimal, kwh: Decimal) -> ChargingPeriod:
    return ChargingPeriod(start_date_time=at, dimensions=(Dimension(type="TIME", volume=hours), Dimension(type="ENERGY", volume=kwh)))


def price(periods: list[ChargingPeriod], offer: Tariff, hours: int) -> Decimal:
    rated = rating.rate(periods=periods, tariffs=[offer], ends_at=START + timedelta(hours=hours), zone=ZONE)
    assert rated.total.before_taxes is not None
    return rated.total.before_taxes


class TestProperties:
    @given(offer=offers(), kwh=energies)
    def test_splitting_a_period_never_changes_the_price(self, offer: Tariff, kwh: Decimal) -> None:
        whole = [period(START, Decimal(2), kwh)]
        halves = [period(START, Decimal(1), kwh / 2), period(START + timedelta(hours=1), Decimal(1), kwh / 2)]
        assert abs(price(whole, offer, 2) - price(halves, offer, 2)) < Decimal("0.0000001")

    @given(offer=offers(), kwh=energies, more=energies)
    def test_more_energy_never_costs_less(self, offer: Tariff, kwh: Decimal, more: Decimal) -> None:
        assert price([period(START, Decimal(2), kwh + more)], offer, 2) >= price([period(START, Decimal(2), kwh)], offer, 2)

    @given(offer=offers(), kwh=energies)
    def test_the_trace_adds_up_to_the_total(self, offer: Tariff, kwh: Decimal) -> None:
        rated = rating.rate(periods=[period(START, Decimal(2), kwh)], tariffs=[offer], ends_at=START + timedelta(hours=2), zone=ZONE)
        amounts = [line.amount.before_taxes for line in rated.trace]
        assert sum((amount for amount in amounts if amount is not None), Decimal(0)) == rated.total.before_taxes
