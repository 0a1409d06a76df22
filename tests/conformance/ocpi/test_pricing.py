"""Cases 121 to 124: what a CDR should have cost, asked of `rate_cdr` as a partner's CDR stands on the wire."""

import json
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.conformance.ocpi.words import cdr


def energy(price: str, step: int = 1, vat: str | None = None) -> dict[str, Any]:
    return component("ENERGY", price, step, vat)


def component(kind: str, price: str, step: int = 1, vat: str | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"type": kind, "price": float(price), "step_size": step}
    return told if vat is None else {**told, "vat": float(vat)}


def element(*components: dict[str, Any], **restrictions: Any) -> dict[str, Any]:
    return {"price_components": list(components), **({"restrictions": restrictions} if restrictions else {})}


def period(start: str, **volumes: float) -> dict[str, Any]:
    return {"start_date_time": start, "dimensions": [{"type": kind, "volume": volume} for kind, volume in volumes.items()]}


def priced(folder: Path, periods: list[dict[str, Any]], *elements: dict[str, Any], ends: str, zone: str = "UTC") -> Decimal:
    """This function will price a CDR of these periods by a tariff of these elements, before taxes."""
    offer = {"country_code": "DE", "party_id": "ALF", "id": "AC-1", "currency": "EUR", "last_updated": "2026-01-01T00:00:00Z"}
    body = cdr(
        start_date_time=periods[0]["start_date_time"],
        end_date_time=ends,
        charging_periods=periods,
        tariffs=[{**offer, "elements": list(elements)}],
    )
    file, told = folder / "cdr.json", StringIO()
    file.write_text(json.dumps(body, default=float))
    call_command("rate_cdr", "--cdr", str(file), "--time-zone", zone, "--json", stdout=told)
    return Decimal(json.loads(told.getvalue())["total"]["before_taxes"])


@pytest.mark.parametrize(
    ("volumes", "elements", "expected"),
    [
        # E1: 20 × 0.25
        ({"ENERGY": 20}, [element(energy("0.25", vat="10"))], "5"),
        # E2: a start fee of 0.50 more
        ({"ENERGY": 20}, [element(component("FLAT", "0.50", vat="20"), energy("0.25", vat="10"))], "5.5"),
        # E11: 20.45 kWh in steps of 100 Wh are 20.5: × 0.25 + 0.50
        ({"ENERGY": 20.45}, [element(component("FLAT", "0.50"), energy("0.25", step=100))], "5.625"),
        # E27: 115.2 Wh × 0.25 in steps of 1, 25 and 500 Wh: 116, 125 and 500 Wh
        ({"ENERGY": 0.1152}, [element(energy("0.25", step=1))], "0.029"),
        ({"ENERGY": 0.1152}, [element(energy("0.25", step=25))], "0.03125"),
        ({"ENERGY": 0.1152}, [element(energy("0.25", step=500))], "0.125"),
    ],
)
def test_121_worked_prices(tmp_path: Path, volumes: dict[str, float], elements: list[dict[str, Any]], expected: str) -> None:
    periods = [period("2026-03-02T09:30:00Z", **volumes)]
    assert priced(tmp_path, periods, *elements, ends="2026-03-02T10:30:00Z") == Decimal(expected)


def test_122_forty_minutes_told_in_hours_are_not_forty_one(tmp_path: Path) -> None:
    periods = [period("2026-03-02T09:30:00Z", TIME=0.6667)]
    # 40 minutes of 6.00 an hour, in steps of a minute
    assert priced(tmp_path, periods, element(component("TIME", "6.00", 60)), ends="2026-03-02T10:10:00Z") == Decimal("4")


def test_123_a_step_of_zero_rounds_nothing(tmp_path: Path) -> None:
    periods = [period("2026-03-02T09:30:00Z", ENERGY=0.1152)]
    assert priced(tmp_path, periods, element(energy("0.25", step=0)), ends="2026-03-02T10:30:00Z") == Decimal("0.0288")


def test_124_a_window_across_midnight_is_split_by_local_time(tmp_path: Path) -> None:
    night, day = element(component("TIME", "1.00"), start_time="22:00", end_time="06:00"), element(component("TIME", "3.00"))
    periods = [period("2026-01-14T04:30:00Z", TIME=1)]  # 05:30 in Berlin: half an hour of night, half an hour of day
    assert priced(tmp_path, periods, night, day, ends="2026-01-14T05:30:00Z", zone="Europe/Berlin") == Decimal("2")


def test_124_the_night_the_clocks_go_back_has_its_extra_hour(tmp_path: Path) -> None:
    night, day = element(component("TIME", "1.00"), start_time="00:00", end_time="03:00"), element(component("TIME", "5.00"))
    periods = [period("2026-10-24T22:00:00Z", TIME=5)]  # midnight in Berlin; 03:00 there comes four hours later
    assert priced(tmp_path, periods, night, day, ends="2026-10-25T03:00:00Z", zone="Europe/Berlin") == Decimal("9")
