"""What is read and written again is what came: OICP in, our objects, OICP out."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roaming.protocols.oicp.v2_3 import authentication_data, authorization, evse_data, evse_status, notifications, pricing, remote
from roaming.protocols.oicp.v2_3.charge_detail_record import CDR_REQUEST, CHARGE_DETAIL_RECORD
from roaming.protocols.oicp.v2_3.coordinates import COORDINATES, DECIMAL, GOOGLE, SEXAGESIMAL, write_as
from roaming.protocols.wire.intake import read_json
from roaming.protocols.wire.shapes import BadFields, Shape, encode
from tests.wire import oicp

ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
EVSE_IDS = st.from_regex(r"[A-Z]{2}\*?[A-Z0-9]{3}\*?E[A-Z0-9*]{1,30}", fullmatch=True)
CONTRACTS = st.builds(
    lambda body, dash, last: f"DE{dash}8EO{dash}C{body}{dash}{last}",
    st.text(ALNUM, min_size=8, max_size=8),
    st.sampled_from(["", "-"]),
    st.sampled_from(ALNUM),
)
UIDS = st.sampled_from([8, 14, 20]).flatmap(lambda length: st.text("0123456789ABCDEF", min_size=length, max_size=length))
STAMPS = st.builds(
    lambda at, fraction, offset: f"{at:%Y-%m-%dT%H:%M:%S}{fraction}{offset}",
    st.datetimes(min_value=datetime(2020, 1, 2), max_value=datetime(2100, 1, 1)),
    st.sampled_from(["", ".123", ".123456"]),
    st.sampled_from(["Z", "+00:00", "+02:00", "-05:30"]),
)
KWH = st.decimals(min_value=0, max_value=999, places=3)
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
EXTRAS = st.dictionaries(st.text("abc", min_size=3, max_size=6).map("x{}".format), WORDS, max_size=2)
CARDS = st.one_of(
    UIDS.map(oicp.mifare),
    CONTRACTS.map(oicp.plug_and_charge),
    st.builds(
        lambda uid, contract, kind: {"RFIDIdentification": {"UID": uid, "EvcoID": contract, "RFID": kind, "PrintedNumber": "12 34"}},
        UIDS,
        CONTRACTS,
        st.sampled_from(["mifareCls", "mifareDes", "calypso", "nfc", "mifareFamily"]),
    ),
)


def round_trip(shape: Shape[Any], message: dict[str, Any]) -> None:
    plain = read_json(oicp.as_bytes(message))
    assert read_json(encode(shape.write(shape.read(plain)))) == plain


class TestRoundTrips:
    @given(EVSE_IDS, st.one_of(UIDS.map(oicp.mifare), CONTRACTS.map(oicp.plug_and_charge)), EXTRAS)
    def test_an_authorization_request(self, evse_id: str, medium: dict[str, Any], extras: dict[str, str]) -> None:
        round_trip(authorization.AUTHORIZE_START, oicp.authorize_start(EvseID=evse_id, Identification=medium, **extras))
        round_trip(authorization.AUTHORIZE_STOP, oicp.authorize_stop(oicp.SESSION_ID, EvseID=evse_id, Identification=medium, **extras))

    @given(EVSE_IDS, CONTRACTS, st.integers(1, 99))
    def test_a_remote_start_and_a_reservation(self, evse_id: str, contract: str, minutes: int) -> None:
        message = oicp.remote_start(EvseID=evse_id, Identification=oicp.remote(contract))
        round_trip(remote.REMOTE_START, message)
        round_trip(remote.RESERVATION_START, {**message, "Duration": minutes})
        round_trip(remote.REMOTE_STOP, oicp.remote_stop(oicp.SESSION_ID, EvseID=evse_id))

    @given(STAMPS, STAMPS, KWH, CARDS, EXTRAS)
    def test_a_charge_detail_record_with_its_dates_as_they_were_written(
        self, start: str, end: str, energy: Decimal, card: dict[str, Any], extras: dict[str, str]
    ) -> None:
        message = oicp.a_cdr(
            SessionStart=start,
            ChargingStart=start,
            ChargingEnd=end,
            SessionEnd=end,
            ConsumedEnergy=energy,
            Identification=card,
            MeterValueInBetween={"meterValues": [energy]},
            SignedMeteringValues=[{"SignedMeteringValue": "AP;0;3;…\n", "MeteringStatus": "Start"}],
            **extras,
        )
        round_trip(CHARGE_DETAIL_RECORD, message)

    @pytest.mark.parametrize("kind", ["Start", "Progress", "End", "Error"])
    def test_a_notification(self, kind: str) -> None:
        message = read_json(oicp.as_bytes(oicp.notification(kind, oicp.SESSION_ID)))
        assert read_json(encode(notifications.write_notification(notifications.read_notification(message)))) == message

    @given(EVSE_IDS, st.lists(st.sampled_from(evse_data.PLUGS), min_size=1, max_size=3), EXTRAS)
    def test_an_evse(self, evse_id: str, plugs: list[str], extras: dict[str, str]) -> None:
        round_trip(evse_data.EVSE_DATA_RECORD, {**oicp.an_evse(EvseID=evse_id, Plugs=plugs), **extras})

    @given(CARDS)
    def test_cards(self, card: dict[str, Any]) -> None:
        round_trip(authentication_data.PUSH, oicp.card_push(card))

    def test_statuses_and_prices(self) -> None:
        round_trip(evse_status.PUSH, oicp.status_push(("DE*ALF*E0001", "Available"), ("DE*ALF*E0002", "EvseNotFound")))
        fee = {"AdditionalReference": "START FEE", "AdditionalReferenceUnit": "MINUTE", "PricePerAdditionalReferenceUnit": Decimal("1.5")}
        pushed = oicp.product_push(oicp.a_product(AdditionalReferences=[fee]))
        record = pushed["PricingProductData"]["PricingProductDataRecords"][0]
        record["ProductAvailabilityTimes"] = [{"Period": [{"begin": "00:00", "end": "24:00"}], "on": "Everyday"}]
        round_trip(pricing.PRODUCT_PUSH, pushed)
        round_trip(pricing.EVSE_PRICE_PUSH, oicp.evse_pricing_push(("DE*ALF*E0001", ["AC3"])))


class TestTwoSpellings:
    def test_reads_the_other_spelling_and_writes_the_first(self) -> None:
        read = remote.RESERVATION_START.read(oicp.remote_start(EMPPartnerSessionId="abc", Duration=15))
        assert remote.RESERVATION_START.write(read)["EMPPartnerSessionID"] == "abc"

    def test_takes_one_operator_or_a_list(self) -> None:
        request = {"ProviderID": "NL-BET", "From": "2026-10-01T00:00:00Z", "To": "2026-10-02T00:00:00Z", "CDRForwarder": True}
        assert CDR_REQUEST.read({**request, "OperatorID": "DE*ALF"}).operator_ids == ("DE*ALF",)
        read = CDR_REQUEST.read({**request, "OperatorID": ["DE*ALF", "DE*GAM"]})
        assert (read.operator_ids, read.is_forwarded) == (("DE*ALF", "DE*GAM"), True)

    def test_null_is_absent(self) -> None:
        media = {**oicp.mifare(), "QRCodeIdentification": None, "RemoteIdentification": None}
        assert authorization.AUTHORIZE_START.read(oicp.authorize_start(Identification=media)).identification.uid == "04A1B2C3D4E5F6"


class TestRefusals:
    def test_names_every_bad_field_with_its_place(self) -> None:
        body = oicp.evse_push(oicp.an_evse(1, Plugs=[]), oicp.an_evse(2, HotlinePhoneNumber="call us"))
        with pytest.raises(BadFields) as refusal:
            evse_data.read_push(body)
        assert [path for path, _ in refusal.value.problems] == [
            "OperatorEvseData.EvseDataRecord[0].Plugs",
            "OperatorEvseData.EvseDataRecord[1].HotlinePhoneNumber",
        ]

    @pytest.mark.parametrize(
        "over",
        [
            {"IsOpen24Hours": False},
            {"PaymentOptions": ["No Payment", "Direct"]},
            {"GeoCoordinates": {"Google": {"Coordinates": "52.1 13"}}},
            {"EvseID": "de*alf*e0001"},
        ],
    )
    def test_an_evse_that_contradicts_the_rules(self, over: dict[str, Any]) -> None:
        with pytest.raises(BadFields):
            evse_data.EVSE_DATA_RECORD.read(oicp.an_evse(**over))

    def test_two_media_or_a_uid_of_sixteen_digits(self) -> None:
        for media in ({**oicp.mifare(), **oicp.plug_and_charge()}, oicp.mifare("0123456789ABCDEF"), oicp.remote()):
            with pytest.raises(BadFields):
                authorization.AUTHORIZE_START.read(oicp.authorize_start(Identification=media))

    def test_eleven_signed_values_are_refused_and_never_cut(self) -> None:
        for values in ([{"SignedMeteringValue": "x"}] * 11, [{"SignedMeteringValue": "x" * 3001}]):
            with pytest.raises(BadFields):
                CHARGE_DETAIL_RECORD.read(oicp.a_cdr(SignedMeteringValues=values))


class TestCoordinates:
    @given(st.decimals(min_value=-90, max_value=90, places=6), st.decimals(min_value=-180, max_value=180, places=6))
    def test_come_back_within_a_millionth_of_a_degree(self, latitude: Decimal, longitude: Decimal) -> None:
        google = {GOOGLE: {"Coordinates": f"{latitude:f} {longitude:f}"}}
        read = COORDINATES.read(google)
        for form in (DECIMAL, SEXAGESIMAL):
            again = COORDINATES.read(write_as(read, form))
            assert abs(again.latitude - latitude) <= Decimal("0.000001")
            assert abs(again.longitude - longitude) <= Decimal("0.000001")
