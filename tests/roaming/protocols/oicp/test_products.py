"""A tariff of OCPI as a product of OICP, or why it is none."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from roaming import canonical
from roaming.protocols.oicp.bridge.products import NotSayable, write_product
from roaming.protocols.oicp.bridge.tariffs import write_tariff
from roaming.protocols.oicp.v2_3.charge_detail_record import METER_VALUES, MeterValues
from roaming.protocols.oicp.v2_3.pricing import PRODUCT_SHAPE
from roaming.protocols.wire.loss import LossReport
from tests.wire import oicp

AT = datetime(2026, 10, 5, tzinfo=UTC)
Part = canonical.PriceComponent
Rules = canonical.TariffRestrictions


def energy(price: str, **over: Any) -> canonical.PriceComponent:
    return Part(type="ENERGY", price=Decimal(price), **over)


def element(*parts: canonical.PriceComponent, rules: canonical.TariffRestrictions | None = None) -> canonical.TariffElement:
    return canonical.TariffElement(price_components=parts, restrictions=rules)


def tariff(*elements: canonical.TariffElement, **over: Any) -> canonical.Tariff:
    told: dict[str, Any] = {"country_code": "FR", "party_id": "KOP", "id": "T1", "currency": "EUR", "last_updated": AT, **over}
    return canonical.Tariff(elements=elements, **told)


def product(one: canonical.Tariff) -> dict[str, Any]:
    return write_product(one, power_kw=22, report=LossReport())


def test_a_price_with_fees_and_limits_is_a_product() -> None:
    parts = (energy("0.45", vat=Decimal(20)), Part(type="FLAT", price=Decimal(1)), Part(type="PARKING_TIME", price=Decimal("4.8")))
    told = product(tariff(element(*parts), max_price=canonical.PriceLimit(before_taxes=Decimal(30))))
    assert (told["ProductID"], told["ReferenceUnit"], told["PricePerReferenceUnit"]) == ("T1", "KILOWATT_HOUR", Decimal("0.45"))
    assert {one["AdditionalReference"]: one["PricePerAdditionalReferenceUnit"] for one in told["AdditionalReferences"]} == {
        "START FEE": Decimal(1), "PARKING FEE": Decimal("4.8"), "MAXIMUM FEE": Decimal(30),
    }  # fmt: skip
    PRODUCT_SHAPE.read(told)


def test_hours_past_midnight_become_two_periods() -> None:
    told = product(tariff(element(energy("0.30"), rules=Rules(start_time="22:00", end_time="06:00"))))
    assert told["IsValid24hours"] is False
    assert told["ProductAvailabilityTimes"] == [
        {"Periods": [{"begin": "00:00", "end": "06:00"}, {"begin": "22:00", "end": "24:00"}], "on": "Everyday"}
    ]


@pytest.mark.parametrize(
    ("unsayable", "why"),
    [
        (tariff(element(energy("0.30"), Part(type="TIME", price=Decimal(1)))), "more than one price"),
        (tariff(element(energy("0.30"), rules=Rules(max_kwh=Decimal(20))), element(energy("0.40"))), "max_kwh"),
        (tariff(element(energy("0.30", step_size=1000))), "step size"),
        (tariff(element(Part(type="FLAT", price=Decimal(5)))), "no price"),
        (tariff(element(energy("0.30")), tax_included="YES"), "VAT"),
        (tariff(element(energy("0.30")), element(Part(type="FLAT", price=Decimal(1)), rules=Rules(start_time="20:00"))), "some hours"),
    ],
)
def test_what_is_more_than_one_price_is_no_product(unsayable: canonical.Tariff, why: str) -> None:
    with pytest.raises(NotSayable, match=why):
        product(unsayable)


def test_a_product_is_the_same_after_the_bridge_and_back() -> None:
    fee = {"AdditionalReference": "PARKING FEE", "AdditionalReferenceUnit": "HOUR", "PricePerAdditionalReferenceUnit": Decimal("4.80")}
    times = [{"Periods": [{"begin": "08:00", "end": "18:00"}], "on": "Monday"}]
    told = oicp.a_product(IsValid24hours=False, ProductAvailabilityTimes=times, AdditionalReferences=[fee])
    again = product(write_tariff(PRODUCT_SHAPE.read(told), owner=canonical.PartyId("DE", "ALF"), at=AT))
    assert again == told


@pytest.mark.parametrize("told", [{"meterValues": [1, 2]}, {"MeterValues": [1, 2]}, [1, 2]])
def test_meter_values_are_found_wherever_partners_put_them(told: Any) -> None:
    assert METER_VALUES.read(told) == MeterValues(values=(Decimal(1), Decimal(2)))
