"""Examples of the 80 checks: what the list we started from asks for, and CDRs that differ from one in order by a field or two."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from roaming import canonical
from tests.builders import canonical_messages as messages

ENDED_AT = datetime(2026, 10, 5, 11, 0, tzinfo=UTC)
STARTED_AT = ENDED_AT - timedelta(hours=1)
R, H, F, A = "reject", "hold", "flag", "normalize"

# What the list asks by default, number by number (clearing §2.3); two where it names a milder and a stricter case.
ASKED: dict[int, tuple[str, ...]] = {
    **dict.fromkeys((1, 2, 4, 28, 29, 30, 31, 32, 34, 40, 44, 62, 68, 72), (R,)),
    **dict.fromkeys((5, 6, 8, 9, 10, 13, 14, 15, 16, 18, 19, 22, 23, 27, 33, 37, 46, 47, 48, 49, 51, 54, 56, 59, 60, 61, 63), (H,)),
    **dict.fromkeys((69, 70, 71, 73, 74, 75, 76, 80), (H,)),
    **dict.fromkeys((12, 25, 26, 38, 39, 43, 50, 55, 57, 65, 66, 67), (F,)),
    **dict.fromkeys((3, 42, 53, 78), (A,)),
    7: (R, H),
    11: (F, H),
    17: (F, H),
    20: (F, R),
    21: (F, H),
    24: (F, H),
    35: (R, F),
    36: (F, H),
    41: (F, H, R),
    45: (H, R),
    52: (H, F),
    58: (R, F),
    64: (F, H),
    77: (A, F),
    79: (R, A),
}


def period(*dimensions: tuple[str, str], starts_at: datetime = STARTED_AT, tariff: str | None = None) -> canonical.ChargingPeriod:
    """This function will return a charging period with these dimensions."""
    told = tuple(canonical.Dimension(type=name, volume=Decimal(volume)) for name, volume in dimensions)
    return canonical.ChargingPeriod(start_date_time=starts_at, dimensions=told, tariff_id=tariff)


def energy(kwh: str) -> dict[str, Any]:
    """This function will return the fields of a CDR of so many kWh in one period."""
    return {"total_energy": Decimal(kwh), "charging_periods": (period(("ENERGY", kwh)),)}


def priced(net: str, price: str = "0.39", **tariff: Any) -> dict[str, Any]:
    """This function will return the fields of a CDR of 20 kWh that asks `net` under a tariff of `price` per kWh."""
    offered = messages.a_tariff(price=price, **tariff)
    return {"net": net, "tariffs": (offered,), "charging_periods": (period(("ENERGY", "20"), tariff="AC-1"),)}


def step(size: int) -> dict[str, Any]:
    """This function will return the fields of a tariff of 0.39 per kWh with a step_size."""
    component = canonical.PriceComponent(type="ENERGY", price=Decimal("0.39"), step_size=size)
    return {"elements": (canonical.TariffElement(price_components=(component,)),)}


# Number, code, what the hub does, and the fields that make it so.
SINGLE: list[tuple[int, str, str, dict[str, Any]]] = [
    (8, "NO_AGREEMENT", H, {"ended_at": datetime(2025, 12, 5, 11, 0, tzinfo=UTC)}),
    (10, "LOCATION_UNKNOWN", F, {"cdr_location": {"id": "ELSEWHERE"}}),
    (12, "CONNECTOR_DIFFERS", F, {"cdr_location": {"connector_standard": "CHADEMO"}}),
    (13, "TOKEN_UNKNOWN", H, {"known": False}),
    (17, "PLACE_DIFFERS", F, {"cdr_location": {"coordinates": canonical.GeoLocation(latitude="53.60", longitude="9.9667")}}),
    (17, "COUNTRY_DIFFERS", H, {"cdr_location": {"country": "NLD"}}),
    (18, "NO_SESSION_NO_AUTHORIZATION", H, {"known": False}),
    (27, "RESERVATION_UNKNOWN", H, {"charging_periods": (period(("RESERVATION_TIME", "0.5"), ("ENERGY", "20")),)}),
    (28, "HOME_COMPENSATION", H, {"home_charging_compensation": True}),
    (33, "DURATION_IMPLAUSIBLE", H, {"start_date_time": ENDED_AT - timedelta(hours=25), "total_time": Decimal(25)}),
    (35, "PERIODS_OVERLAP", H, {"charging_periods": (period(("ENERGY", "20"), ("TIME", "1.2")),)}),
    (35, "PERIODS_GAP", F, {"charging_periods": (period(("ENERGY", "20"), ("TIME", "0.5")),)}),
    (36, "TOTAL_TIME_DIFFERS", F, {"total_time": Decimal("1.01")}),
    (36, "TOTAL_TIME_DIFFERS", H, {"total_time": Decimal("1.1")}),
    (41, "CDR_TOO_OLD", F, {"received_at": ENDED_AT + timedelta(days=40)}),
    (41, "CDR_TOO_OLD", H, {"received_at": ENDED_AT + timedelta(days=91)}),
    (45, "ENERGY_ABOVE_POWER", H, energy("26")),
    (47, "ENERGY_IMPLAUSIBLE", H, energy("151")),
    (48, "METER_DIFFERS", H, {"extensions": {"MeterValueStart": "100", "MeterValueEnd": "121"}}),
    (52, "COST_WITHOUT_ENERGY", F, energy("0")),
    (53, "NIL_CDR", A, {"total_energy": Decimal(0), "charging_periods": (), "net": "0"}),
    (55, "PARKING_UNPROVEN", F, {"total_parking_time": Decimal("0.5")}),
    (57, "SYNTHETIC_POWER", F, energy("22")),
    (58, "PERIOD_ENERGIES_DIFFER", F, {"charging_periods": (period(("ENERGY", "20.1")),)}),
    (68, "TEST_RECORD", F, {"cdr_location": {"id": "TEST-1"}}),
    (69, "CURRENCY_DIFFERS", H, priced("7.80", currency="SEK")),
    (70, "TARIFF_UNKNOWN", H, {"charging_periods": (period(("ENERGY", "20"), tariff="NEVER-TOLD"),)}),
    (71, "PRICE_MISMATCH", H, priced("9.80")),
    (72, "VAT_IMPLAUSIBLE", H, {"net": "10.00", "vat": "9.00"}),
    (75, "STEP_SIZE_MISAPPLIED", H, priced("7.80", **step(3000))),
    (78, "UNPRICED", A, priced("0")),
]


AT_THE_DOOR: list[tuple[int, str, dict[str, Any]]] = [
    (29, "end_date_time", {"end_date_time": messages.STARTED_AT - timedelta(hours=1)}),
    (30, "end_date_time", {"end_date_time": messages.NOW + timedelta(minutes=6)}),
    (31, "end_date_time", {"end_date_time": messages.NOW + timedelta(minutes=6)}),
    (32, "end_date_time", {"end_date_time": messages.STARTED_AT}),
    (34, "charging_periods.0.start_date_time", {"charging_periods": (messages.a_charging_period(starts_at=messages.NOW),)}),
    (40, "start_date_time", {"start_date_time": datetime(1970, 1, 1, tzinfo=UTC), "end_date_time": datetime(1970, 1, 1, 1, tzinfo=UTC)}),
    (44, "total_energy", {"total_energy": Decimal(-1), "charging_periods": ()}),
    (58, "total_energy", {"total_energy": Decimal("30")}),
    (72, "total_cost", {"total_energy_cost": messages.a_price("5.00"), "total_fixed_cost": messages.a_price("1.00")}),
]
