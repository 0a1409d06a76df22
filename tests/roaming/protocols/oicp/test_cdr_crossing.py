"""A CDR over the bridge and back: what differs then is what the loss table says, and nothing else."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from roaming import canonical
from roaming.protocols.oicp.bridge.cdrs import charging_periods, note_unsaid, read_cdr, write_cdr
from roaming.protocols.oicp.bridge.losses import CDRS
from roaming.protocols.oicp.pricing import price
from roaming.protocols.oicp.v2_3.charge_detail_record import CHARGE_DETAIL_RECORD
from roaming.protocols.wire.intake import read_json
from roaming.protocols.wire.loss import LossReport
from roaming.protocols.wire.shapes import encode
from tests.wire import oicp
from tests.wire.oicp_schemas import check_sent

ALFA, STARTS = canonical.PartyId("DE", "ALF"), datetime(2026, 10, 5, 7, tzinfo=UTC)
UID = "04A1B2C3D4E5F6"
IMPOSSIBLE = {name for row in CDRS if (row.to_ocpi, row.to_oicp) == ("X", "X") for name in row.oicp.split(", ") if name}


def there_and_back(record: dict[str, Any]) -> tuple[dict[str, Any], LossReport]:
    """To OCPI, where a session of this card is known, and back in the time zone of its charger."""
    read, report = CHARGE_DETAIL_RECORD.read(record), LossReport()
    periods = charging_periods(read, tariff_id=None)
    token = canonical.CdrToken(country_code="NL", party_id="BET", uid=UID, type="RFID", contract_id="NL-BET-C12345678-9")
    cdr = read_cdr(
        read,
        operator=ALFA,
        token=token,
        auth_method="AUTH_REQUEST",
        reference=read.session_id,
        place=None,
        periods=periods,
        priced=price(tariff=None, periods=periods, ends_at=read.session_end.at, zone="Europe/Berlin"),
        at=STARTS,
    )
    note_unsaid(read, is_priced=False, report=report)
    written = write_cdr(cdr, zone="Europe/Berlin", report=LossReport())
    assert written is not None
    again: dict[str, Any] = read_json(encode(CHARGE_DETAIL_RECORD.write(written)))
    return again, report


@settings(max_examples=40)
@given(
    minutes=st.lists(st.integers(1, 600), min_size=3, max_size=3),
    kwh=st.decimals(min_value=Decimal("0.001"), max_value=999, places=3),
    signed=st.lists(st.text("abc123", min_size=1, max_size=20), max_size=3),
)
def test_only_what_the_table_says_is_changed(minutes: list[int], kwh: Decimal, signed: list[str]) -> None:
    instants = [STARTS]
    for step in minutes:
        instants.append(instants[-1] + timedelta(minutes=step))
    local = [f"{at + timedelta(hours=2):%Y-%m-%dT%H:%M:%S}+02:00" for at in instants]
    times = dict(zip(("SessionStart", "ChargingStart", "ChargingEnd", "SessionEnd"), local, strict=True))
    values = [{"SignedMeteringValue": text, "MeteringStatus": "Progress"} for text in signed]
    record = oicp.a_cdr(oicp.SESSION_ID, ConsumedEnergy=kwh, MeterValueEnd=100 + kwh, **times)
    if values:
        record["SignedMeteringValues"] = values

    again, report = there_and_back(record)

    check_sent("charge-detail-record", again)
    for member in ("SessionID", "EvseID", "ConsumedEnergy", "Identification", *times):
        assert again[member] == record[member], member
    assert again.get("SignedMeteringValues", []) == values
    assert IMPOSSIBLE & set(again) == set()
    assert {loss.field for loss in report.losses} == {"meter_start", "meter_end", "total_cost"}


@settings(max_examples=30)
@given(
    st.decimals(min_value=0, max_value=999, places=3),
    st.dictionaries(st.text("abc", min_size=4, max_size=6).map("x{}".format), st.booleans()),
)
def test_a_record_is_the_same_after_our_own_objects(kwh: Decimal, extras: dict[str, bool]) -> None:
    plain = read_json(oicp.as_bytes(oicp.a_cdr(oicp.SESSION_ID, ConsumedEnergy=kwh, **extras)))
    assert read_json(encode(CHARGE_DETAIL_RECORD.write(CHARGE_DETAIL_RECORD.read(plain)))) == plain
