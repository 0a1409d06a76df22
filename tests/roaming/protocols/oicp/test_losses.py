"""Over the bridge and back: what differs then is what the loss table says, and nothing else."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from roaming import canonical
from roaming.protocols.oicp.bridge.evse_records import Defaults, write_record
from roaming.protocols.oicp.bridge.locations import write_location
from roaming.protocols.oicp.bridge.losses import EVSE_DATA
from roaming.protocols.oicp.bridge.unsaid import note_card, note_notification
from roaming.protocols.oicp.bridge.vocabulary import STANDARD_OF_PLUG
from roaming.protocols.oicp.v2_3.evse_data import EVSE_DATA_RECORD
from roaming.protocols.oicp.v2_3.identification import ANY
from roaming.protocols.oicp.v2_3.notifications import read_notification
from roaming.protocols.wire.loss import LossReport
from tests.wire import oicp

AT = datetime(2026, 10, 5, tzinfo=UTC)
ALFA = canonical.PartyId("DE", "ALF")
EXACT = {row.oicp for row in EVSE_DATA if (row.to_ocpi, row.to_oicp) == ("L", "L")}


def there_and_back(record: dict[str, Any]) -> dict[str, Any]:
    read = EVSE_DATA_RECORD.read(record)
    location = write_location([read], owner=ALFA, operator_name="Alfa", statuses={}, at=AT, report=LossReport())
    defaults = Defaults(hotline="+490000000")
    return write_record(location, location.evses[0], owner_keys=frozenset({"DEALF"}), defaults=defaults, at=AT, report=LossReport())


@given(
    st.sampled_from(sorted(STANDARD_OF_PLUG)),
    st.integers(1, 350),
    st.booleans(),
    st.sampled_from(["OnStreet", "ParkingLot", "ParkingGarage", "UndergroundParkingGarage"]),
)
def test_only_what_the_table_says_is_changed(plug: str, power: int, green: bool, place: str) -> None:
    is_dc = "CCS" in plug or plug == "CHAdeMO"
    facility = {"PowerType": "DC" if is_dc else "AC_3_PHASE", "Power": power, "Voltage": 400, "Amperage": 63}
    record = oicp.an_evse(
        Plugs=[plug],
        ChargingFacilities=[facility],
        RenewableEnergy=green,
        AccessibilityLocation=place,
        SubOperatorName="Sub",
        HardwareManufacturer="Maker",
        MaxCapacity=100,
        AdditionalInfo=[{"lang": "de", "value": "im Hof"}],
    )
    again = there_and_back(record)
    EVSE_DATA_RECORD.read(again)  # valid in OICP, whatever was lost
    for member in EXACT & set(record):
        assert again[member] == record[member], member
    impossible = {row.oicp for row in EVSE_DATA if (row.to_ocpi, row.to_oicp) == ("X", "X")}
    assert impossible & set(again) == set()
    assert again["RenewableEnergy"] == green
    assert again["AccessibilityLocation"] == place
    assert again["HotlinePhoneNumber"] == record["HotlinePhoneNumber"]
    assert again["Plugs"] == [plug]


def test_a_missing_amperage_is_guessed_and_noted() -> None:
    report = LossReport()
    read = EVSE_DATA_RECORD.read(oicp.an_evse(ChargingFacilities=[{"PowerType": "AC_3_PHASE", "Power": 22}]))
    location = write_location([read], owner=ALFA, operator_name="Alfa", statuses={}, at=AT, report=report)
    (connector,) = location.evses[0].connectors
    # 22 kW over three phases of 230 V are 31.9 A.
    assert (connector.max_voltage, connector.max_amperage, connector.max_electric_power) == (230, 32, 22000)
    assert [loss.field for loss in report.losses] == ["max_voltage", "max_amperage"]


def test_every_field_of_a_record_stands_in_the_table() -> None:
    named = {row.oicp for row in EVSE_DATA}
    assert {field.wire for field in EVSE_DATA_RECORD.fields} == named


def test_opening_times_become_weekdays() -> None:
    hours = [{"Period": [{"begin": "08:00", "end": "18:00"}], "on": "Workdays"}]
    again = there_and_back(oicp.an_evse(IsOpen24Hours=False, OpeningTimes=hours, GeoCoordinates=_point()))
    assert [one["on"] for one in again["OpeningTimes"]] == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    assert again["OpeningTimes"][0]["Period"] == [{"begin": "08:00", "end": "18:00"}]


def _point() -> dict[str, Any]:
    return {"Google": {"Coordinates": f"{Decimal('52.480495')} {Decimal('13.356465')}"}}


def test_what_cards_and_notifications_lose_is_noted_and_no_secret_is() -> None:
    pin, card = LossReport(), LossReport()
    assert not note_card(ANY.read({"QRCodeIdentification": {"EvcoID": "NL-BET-C12345678-9", "PIN": "4711"}}), pin)
    assert "4711" not in str(pin.losses)
    uploaded = {"UID": "04A1B2C3D4E5F6", "RFID": "mifareDes", "ExpiryDate": "2027-01-01T00:00:00Z"}
    assert note_card(ANY.read({"RFIDIdentification": uploaded}), card)
    assert [loss.field for loss in card.losses] == ["contract_id", "rfid", "expires"]

    ended, failed = LossReport(), LossReport()
    assert note_notification(read_notification(oicp.notification("End", oicp.SESSION_ID, MeterValueEnd=Decimal(112))), ended)
    assert [loss.field for loss in ended.losses] == ["meter_end", "type"]
    assert not note_notification(read_notification(oicp.notification("Error", oicp.SESSION_ID)), failed)
