"""Worked prices: scenarios E1–E33 of our study of the specification, built with tariffs of our own, totals worked by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from roaming import rating
from roaming.canonical import ChargingPeriod, Dimension, PriceComponent, PriceLimit, Tariff, TariffElement, TariffRestrictions

D = Decimal
UTC_ZONE = ZoneInfo("UTC")
MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def component(kind: str, price: str, step: int = 1, vat: str | None = None) -> PriceComponent:
    return PriceComponent(type=kind, price=D(price), step_size=step, vat=None if vat is None else D(vat))


def element(*components: PriceComponent, **restrictions: Any) -> TariffElement:
    return TariffElement(price_components=components, restrictions=TariffRestrictions(**restrictions) if restrictions else None)


def tariff(*elements: TariffElement, **over: Any) -> Tariff:
    fields: dict[str, Any] = {"country_code": "DE", "party_id": "ALF", "id": "T", "currency": "EUR", "last_updated": MONDAY}
    return Tariff(elements=elements, **(fields | over))


class Session:
    """Builds charging periods one after the other; minutes by the clock, volumes as the wire carries them (four decimals of an hour)."""

    def __init__(self, start: datetime = MONDAY) -> None:
        self.at = start
        self.periods: list[ChargingPeriod] = []

    def _add(self, minutes: str, kind: str, **more: str) -> "Session":
        hours = (D(minutes) / 60).quantize(D("0.0001"))
        dimensions = [Dimension(type=kind, volume=hours)] + [Dimension(type=name, volume=D(value)) for name, value in more.items()]
        self.periods.append(ChargingPeriod(start_date_time=self.at, dimensions=tuple(dimensions)))
        self.at += timedelta(minutes=float(minutes))
        return self

    def charge(self, minutes: str, **more: str) -> "Session":
        return self._add(minutes, "TIME", **more)

    def park(self, minutes: str) -> "Session":
        return self._add(minutes, "PARKING_TIME")

    def reserve(self, minutes: str) -> "Session":
        return self._add(minutes, "RESERVATION_TIME")

    def cost(self, offer: Tariff, policy: rating.Policy | None = None) -> rating.Rated:
        return rating.rate(periods=self.periods, tariffs=[offer], ends_at=self.at, zone=UTC_ZONE, policy=policy)


def totals(rated: rating.Rated) -> tuple[Decimal | None, Decimal | None]:
    return rated.total.before_taxes, rated.total.after_taxes


PER_KWH = tariff(element(component("ENERGY", "0.25", 1, "10")))
PER_HOUR = tariff(element(component("TIME", "2.00", 60, "10")))
LIMITED = tariff(
    element(component("FLAT", "0.50", 1, "20"), component("ENERGY", "0.25", 1, "10")),
    max_price=PriceLimit(before_taxes=D("10"), after_taxes=D("11")),
)
FREE_OFFER = tariff(element(component("FLAT", "0", 0, "0")))
BUSY = tariff(
    element(component("FLAT", "2.50", 1, "15")),
    element(component("TIME", "1.00", 900, "20"), max_current=D(32)),
    element(component("TIME", "2.00", 600, "20"), min_current=D(32), day_of_week=("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY")),
    element(component("TIME", "1.25", 600, "20"), min_current=D(32), day_of_week=("SATURDAY", "SUNDAY")),
    element(
        component("PARKING_TIME", "5.00", 300, "10"),
        start_time="09:00",
        end_time="18:00",
        day_of_week=("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"),
    ),
    element(component("PARKING_TIME", "6.00", 300, "10"), start_time="10:00", end_time="17:00", day_of_week=("SATURDAY",)),
)
EVENING = tariff(
    element(component("TIME", "1.20", 900), start_time="00:00", end_time="17:00"),
    element(component("TIME", "2.40", 900), component("PARKING_TIME", "1.00", 900), start_time="17:00", end_time="20:00"),
    element(component("TIME", "1.20", 900), start_time="20:00", end_time="00:00"),
)


def reserving(*reservation: TariffElement) -> Tariff:
    return tariff(*reservation, element(component("FLAT", "0.50", 1, "20"), component("ENERGY", "0.25", 1, "10")))


class TestWorkedPrices:
    def test_e1_energy_only(self) -> None:
        assert totals(Session().charge("60", ENERGY="20").cost(PER_KWH)) == (D("5.00"), D("5.50"))

    def test_e2_start_fee_and_energy(self) -> None:
        offer = tariff(element(component("FLAT", "0.50", 1, "20"), component("ENERGY", "0.25", 1, "10")))
        assert totals(Session().charge("60", ENERGY="20").cost(offer)) == (D("5.50"), D("6.10"))

    @pytest.mark.parametrize(("kwh", "expected"), [("20", ("5.00", "5.50")), ("1.9", ("0.50", "0.55"))])
    def test_e3_minimum_price(self, kwh: str, expected: tuple[str, str]) -> None:
        offer = tariff(element(component("ENERGY", "0.25", 1, "10")), min_price=PriceLimit(before_taxes=D("0.50"), after_taxes=D("0.55")))
        assert totals(Session().charge("60", ENERGY=kwh).cost(offer)) == (D(expected[0]), D(expected[1]))

    def test_e4_parking_rounds_up_to_its_step(self) -> None:
        offer = tariff(
            element(
                component("FLAT", "0.50", 1, "20"), component("ENERGY", "0.25", 100, "10"), component("PARKING_TIME", "2.00", 900, "20")
            )
        )
        assert totals(Session().charge("60", ENERGY="20").park("40").cost(offer)) == (D("7.00"), D("7.90"))

    @pytest.mark.parametrize(("kwh", "expected"), [("50", ("10", "11")), ("30", ("8.00", "8.85"))])
    def test_e5_maximum_price(self, kwh: str, expected: tuple[str, str]) -> None:
        assert totals(Session().charge("60", ENERGY=kwh).cost(LIMITED)) == (D(expected[0]), D(expected[1]))

    def test_e6_time_only(self) -> None:
        assert totals(Session().charge("150").cost(PER_HOUR)) == (D("5.00"), D("5.50"))

    def test_e7_price_before_local_taxes(self) -> None:
        offer = tariff(element(component("TIME", "2.00", 1)), currency="CAD", tax_included="NO")
        rated = Session().charge("150").cost(offer)
        assert rated.total.before_taxes == D("5.00")
        assert [finding.code for finding in rated.findings] == ["VAT_UNKNOWN"]

    def test_e8_price_with_tax_inside_and_no_rate_told(self) -> None:
        offer = tariff(element(component("TIME", "2.10", 1)), currency="CAD", tax_included="YES")
        assert totals(Session().charge("150").cost(offer)) == (None, D("5.25"))

    def test_e9_time_and_parking(self) -> None:
        offer = tariff(element(component("TIME", "3.00", 60, "10"), component("PARKING_TIME", "5.00", 300, "20")))
        assert totals(Session().charge("150").park("42").cost(offer)) == (D("11.25"), D("12.75"))

    def test_e10_odd_tax(self) -> None:
        offer = tariff(element(component("TIME", "1.90", 60, "5.2")))
        assert totals(Session().charge("150").cost(offer)) == (D("4.75"), D("4.997"))

    def test_e11_energy_rounds_up_to_its_step(self) -> None:
        offer = tariff(element(component("FLAT", "0.50", 1, "20"), component("ENERGY", "0.25", 100, "10")))
        assert totals(Session().charge("60", ENERGY="20.45").cost(offer)) == (D("5.625"), D("6.2375"))

    def test_e13_weekday_by_current(self) -> None:
        assert totals(Session(MONDAY).charge("165", CURRENT="16").park("42").cost(BUSY)) == (D("9.00"), D("10.30"))

    def test_e14_saturday_by_current(self) -> None:
        saturday = datetime(2026, 3, 7, 13, 30, tzinfo=UTC)
        assert totals(Session(saturday).charge("114", CURRENT="43").park("71").cost(BUSY)) == (D("12.375"), D("13.975"))

    def test_e15_free(self) -> None:
        assert totals(Session().charge("60", ENERGY="20").cost(FREE_OFFER)) == (D(0), D(0))

    def test_e16_reservation_by_time(self) -> None:
        offer = reserving(element(component("TIME", "5.00", 60, "20"), reservation="RESERVATION"))
        assert totals(Session().reserve("15").charge("60", ENERGY="20").cost(offer)) == (D("6.75"), D("7.60"))

    def test_e17_reservation_by_fee_and_time(self) -> None:
        offer = reserving(element(component("FLAT", "2.00", 1, "20"), component("TIME", "5.00", 300, "20"), reservation="RESERVATION"))
        rated = Session().reserve("13").charge("60", ENERGY="20").cost(offer)
        assert totals(rated) == (D("8.75"), D("10.00"))
        assert rated.components["reservation"] == rating.Amount(D("3.25"), D("3.90"))

    @pytest.mark.parametrize(
        ("reserved", "charged", "expected"),
        [("22", True, ("6.50", "7.30")), ("60", False, ("6.00", "7.20"))],
        ids=["e18 used", "e19 expired"],
    )
    def test_e18_e19_reservation_with_a_fee_when_it_expires(self, reserved: str, charged: bool, expected: tuple[str, str]) -> None:
        offer = reserving(
            element(component("FLAT", "4.00", 1, "20"), reservation="RESERVATION_EXPIRES"),
            element(component("TIME", "2.00", 600, "20"), reservation="RESERVATION"),
        )
        session = Session().reserve(reserved)
        session = session.charge("60", ENERGY="20") if charged else session
        assert totals(session.cost(offer)) == (D(expected[0]), D(expected[1]))

    @pytest.mark.parametrize(
        ("reserved", "charged", "expected"),
        [("22", True, ("7.00", "7.90")), ("90", False, ("9.00", "10.80"))],
        ids=["e20 used", "e21 expired"],
    )
    def test_e20_e21_reservation_dearer_when_it_expires(self, reserved: str, charged: bool, expected: tuple[str, str]) -> None:
        offer = reserving(
            element(component("TIME", "6.00", 600, "20"), reservation="RESERVATION_EXPIRES"),
            element(component("TIME", "3.00", 600, "20"), reservation="RESERVATION"),
        )
        session = Session().reserve(reserved)
        session = session.charge("60", ENERGY="20") if charged else session
        assert totals(session.cost(offer)) == (D(expected[0]), D(expected[1]))

    def test_e22_charging_is_not_rounded_when_parking_ends_the_session(self) -> None:
        at = datetime(2026, 3, 2, 16, 55, tzinfo=UTC)
        assert Session(at).charge("10").park("2").cost(EVENING).total.before_taxes == D("0.55")

    def test_e23_the_surplus_is_billed_at_the_last_price(self) -> None:
        at = datetime(2026, 3, 2, 16, 35, tzinfo=UTC)
        rated = Session(at).charge("35").cost(EVENING)
        assert rated.total.before_taxes == D("1.30")

    def test_e24_the_last_paid_stretch_is_the_one_rounded(self) -> None:
        at = datetime(2026, 3, 2, 19, 40, tzinfo=UTC)
        assert Session(at).charge("12").park("20").cost(EVENING).total.before_taxes == D("0.73")

    def test_e25_price_by_power(self) -> None:
        offer = tariff(
            element(component("ENERGY", "0.20"), max_power=D(16)),
            element(component("ENERGY", "0.35"), max_power=D(32)),
            element(component("ENERGY", "0.50")),
        )
        session = Session().charge("10", ENERGY="1", POWER="6").charge("50", ENERGY="40", POWER="48").charge("7.5", ENERGY="0.5", POWER="4")
        assert session.cost(offer).total.before_taxes == D("20.30")

    def test_e26_the_first_half_hour_is_free(self) -> None:
        offer = tariff(element(component("ENERGY", "0"), max_duration=1800), element(component("ENERGY", "0.25")))
        assert Session().charge("30", ENERGY="5").charge("10", ENERGY="1.2").cost(offer).total.before_taxes == D("0.30")

    @pytest.mark.parametrize(("step", "expected"), [(1, "0.029"), (25, "0.03125"), (500, "0.125")])
    def test_e27_steps_of_energy(self, step: int, expected: str) -> None:
        offer = tariff(element(component("ENERGY", "0.25", step)))
        assert Session().charge("5", ENERGY="0.1152").cost(offer).total.before_taxes == D(expected)

    def test_e28_one_step_over_the_energy_of_the_session(self) -> None:
        offer = tariff(
            element(component("ENERGY", "0.20", 500), end_time="17:00"), element(component("ENERGY", "0.27", 500), start_time="17:00")
        )
        session = Session(datetime(2026, 3, 2, 16, 30, tzinfo=UTC)).charge("30", ENERGY="4.3").charge("10", ENERGY="1.1")
        assert session.cost(offer).total.before_taxes == D("1.184")

    def test_e29_one_step_over_the_time_of_the_session(self) -> None:
        offer = tariff(
            element(component("TIME", "6.00", 600), end_time="17:00"), element(component("TIME", "6.75", 600), start_time="17:00")
        )
        session = Session(datetime(2026, 3, 2, 16, 54, tzinfo=UTC)).charge("6").charge("22")
        assert session.cost(offer).total.before_taxes == D("0.60") + D("2.70")

    def test_e31_charging_then_parking_with_five_minute_steps(self) -> None:
        offer = tariff(element(component("TIME", "6.00", 300), component("PARKING_TIME", "6.00", 300)))
        rated = Session().charge("21").park("7").cost(offer)
        assert (rated.components["time"].before_taxes, rated.components["parking"].before_taxes) == (D("2.10"), D("1.00"))

    def test_e32_volume_that_no_clock_confirms(self) -> None:
        offer = tariff(element(component("TIME", "2.00", 300, "10")))
        period = ChargingPeriod(start_date_time=MONDAY, dimensions=(Dimension(type="TIME", volume=D("1.973")),))
        rated = rating.rate(periods=[period], tariffs=[offer], ends_at=None, zone=UTC_ZONE)
        assert totals(rated) == (D("4.00"), D("4.40"))

    def test_e33_price_by_duration(self) -> None:
        offer = tariff(
            element(component("ENERGY", "0.20"), max_duration=1800),
            element(component("ENERGY", "0.30"), min_duration=1800, max_duration=3600),
            element(component("ENERGY", "0.40"), min_duration=3600),
        )
        session = Session().charge("30", ENERGY="8").charge("30", ENERGY="6").charge("30", ENERGY="2")
        assert session.cost(offer).total.before_taxes == D("1.60") + D("1.80") + D("0.80")


class TestTraps:
    def test_forty_minutes_are_not_forty_one(self) -> None:
        offer = tariff(element(component("TIME", "6.00", 60)))
        period = ChargingPeriod(start_date_time=MONDAY, dimensions=(Dimension(type="TIME", volume=D("0.6667")),))
        assert rating.rate(periods=[period], tariffs=[offer], ends_at=None, zone=UTC_ZONE).total.before_taxes == D("4.0000")

    def test_step_zero_rounds_nothing(self) -> None:
        offer = tariff(element(component("ENERGY", "0.25", 0)))
        assert Session().charge("5", ENERGY="0.1152").cost(offer).total.before_taxes == D("0.0288")

    def test_a_window_across_midnight_is_local_time(self) -> None:
        berlin = ZoneInfo("Europe/Berlin")
        offer = tariff(element(component("TIME", "1.00"), start_time="22:00", end_time="06:00"), element(component("TIME", "3.00")))
        start = datetime(2026, 1, 14, 4, 30, tzinfo=UTC)  # 05:30 in Berlin: half an hour of night, then half an hour of day
        period = ChargingPeriod(start_date_time=start, dimensions=(Dimension(type="TIME", volume=D(1)),))
        rated = rating.rate(periods=[period], tariffs=[offer], ends_at=start + timedelta(hours=1), zone=berlin)
        assert rated.total.before_taxes == D("2.00")

    def test_the_night_the_clocks_go_back_has_its_extra_hour(self) -> None:
        berlin = ZoneInfo("Europe/Berlin")
        offer = tariff(element(component("TIME", "1.00"), start_time="00:00", end_time="03:00"), element(component("TIME", "5.00")))
        start = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)  # midnight in Berlin; 03:00 local comes four hours later
        period = ChargingPeriod(start_date_time=start, dimensions=(Dimension(type="TIME", volume=D(5)),))
        rated = rating.rate(periods=[period], tariffs=[offer], ends_at=start + timedelta(hours=5), zone=berlin)
        assert rated.total.before_taxes == D("9.00")

    def test_two_components_of_one_dimension_are_named(self) -> None:
        offer = tariff(element(component("ENERGY", "0.25", 1, "0"), component("ENERGY", "0.50", 1, "0")))
        rated = Session().charge("60", ENERGY="4").cost(offer)
        assert rated.total.before_taxes == D("1.00")
        assert [finding.code for finding in rated.findings] == ["AMBIGUOUS_COMPONENTS"]

    def test_periods_choose_among_several_tariffs(self) -> None:
        day, night = tariff(element(component("ENERGY", "0.50")), id="DAY"), tariff(element(component("ENERGY", "0.20")), id="NIGHT")
        periods = [
            ChargingPeriod(start_date_time=MONDAY, dimensions=(Dimension(type="ENERGY", volume=D(2)),), tariff_id="day"),
            ChargingPeriod(
                start_date_time=MONDAY + timedelta(hours=1), dimensions=(Dimension(type="ENERGY", volume=D(5)),), tariff_id="NIGHT"
            ),
        ]
        rated = rating.rate(periods=periods, tariffs=[day, night], ends_at=MONDAY + timedelta(hours=2), zone=UTC_ZONE)
        assert rated.total.before_taxes == D("2.00")

    def test_a_threshold_that_no_decimal_holds_is_still_a_threshold(self) -> None:
        offer = tariff(element(component("ENERGY", "0"), max_kwh=D(1)), element(component("ENERGY", "0.01"), min_kwh=D(1)))
        assert Session().charge("120", ENERGY="1.279").cost(offer).total.before_taxes == D("0.00279")

    def test_nothing_to_rate_is_said(self) -> None:
        with pytest.raises(rating.NothingToRate, match="charging_periods"):
            rating.rate(periods=[], tariffs=[PER_KWH], ends_at=None, zone=UTC_ZONE)
