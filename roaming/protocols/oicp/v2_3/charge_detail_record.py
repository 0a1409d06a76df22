"""ChargeDetailRecord and the request for a page of them (oicp §1.3, no. 7 and 8). No price is in it, and no credit."""

from decimal import Decimal
from typing import Any

from roaming.canonical import Open
from roaming.protocols.oicp.v2_3.authorization import SPELLINGS
from roaming.protocols.oicp.v2_3.identification import ANY, Identification
from roaming.protocols.oicp.v2_3.kinds import (
    EVSE_IDS,
    MOMENT,
    OPERATOR_IDS,
    PARTNER_SESSION,
    PRODUCT,
    PROVIDER_IDS,
    SESSION_IDS,
    Moment,
    Spelled,
    respell,
    text,
)
from roaming.protocols.wire.kinds import BOOLEAN, Kind, number, one_of, unfit
from roaming.protocols.wire.shapes import Shape, many, optional, required


class SignedMeteringValue(Open, frozen=True, kw_only=True):
    """One signed reading, byte-exact."""

    value: str
    status: str | None = None


class CalibrationLaw(Open, frozen=True, kw_only=True):
    """How the signed readings are verified."""

    certificate_id: str | None = None
    public_key: str | None = None
    url: str | None = None
    encoding: str | None = None
    instruction: str | None = None
    check: str | None = None


class MeterValues(Open, frozen=True, kw_only=True):
    """Readings between start and end, in kWh, without their instants."""

    values: tuple[Decimal, ...] = ()


class ChargeDetailRecord(Open, frozen=True, kw_only=True):
    """What was charged, in kWh."""

    session_id: str
    evse_id: str
    identification: Identification
    charging_start: Moment
    charging_end: Moment
    session_start: Moment
    session_end: Moment
    consumed_energy: Decimal
    operator_session_id: str | None = None
    provider_session_id: str | None = None
    product_id: str | None = None
    meter_start: Decimal | None = None
    meter_end: Decimal | None = None
    meter_between: MeterValues | None = None
    signed_values: tuple[SignedMeteringValue, ...] = ()
    calibration: CalibrationLaw | None = None
    hub_operator_id: str | None = None
    hub_provider_id: str | None = None


class CdrRequest(Open, frozen=True, kw_only=True):
    """Which CDRs a provider asks for: by the time the hub received them."""

    provider_id: str
    received_from: Moment
    received_to: Moment
    session_ids: tuple[str, ...] = ()
    operator_ids: tuple[str, ...] = ()
    is_forwarded: bool | None = None


_KWH = number(10**9)
_METER_VALUES = Shape(MeterValues, optional("meterValues", many(_KWH), as_="values"))
# Partners put the values in the object that the specification shows, under a capital letter, or as the list alone.
METER_VALUES = Kind(
    lambda value: _METER_VALUES.kind.read(
        {"meterValues": value} if type(value) is list else respell(value, {"MeterValues": "meterValues", "meterValue": "meterValues"})
    ),
    _METER_VALUES.kind.write,
)
_SIGNED = Shape(
    SignedMeteringValue,
    required("SignedMeteringValue", text(3000), as_="value"),
    optional("MeteringStatus", one_of("Start", "Progress", "End"), as_="status"),
)
_CALIBRATION = Shape(
    CalibrationLaw,
    optional("CalibrationLawCertificateID", text(100), as_="certificate_id"),
    optional("PublicKey", text(1000), as_="public_key"),
    optional("MeteringSignatureUrl", text(200), as_="url"),
    optional("MeteringSignatureEncodingFormat", text(50), as_="encoding"),
    optional("SignedMeteringValuesVerificationInstruction", text(400), as_="instruction"),
    optional("MeteringCheck", text(50), as_="check"),
)


def _at_most(kind: Kind, most: int) -> Kind:
    inner = many(kind)

    def read(value: Any) -> Any:
        if type(value) is list and len(value) > most:
            raise unfit(f"at most {most} of them")
        return inner.read(value)

    return Kind(read, inner.write)


def _one_or_many(kind: Kind) -> Kind:
    inner = many(kind)
    return Kind(lambda value: inner.read(value if type(value) is list else [value]), inner.write)


CHARGE_DETAIL_RECORD = Spelled(
    ChargeDetailRecord,
    required("SessionID", SESSION_IDS, as_="session_id"),
    optional("CPOPartnerSessionID", PARTNER_SESSION, as_="operator_session_id"),
    optional("EMPPartnerSessionID", PARTNER_SESSION, as_="provider_session_id"),
    optional("PartnerProductID", PRODUCT, as_="product_id"),
    required("EvseID", EVSE_IDS, as_="evse_id"),
    required("Identification", ANY, as_="identification"),
    required("ChargingStart", MOMENT, as_="charging_start"),
    required("ChargingEnd", MOMENT, as_="charging_end"),
    required("SessionStart", MOMENT, as_="session_start"),
    required("SessionEnd", MOMENT, as_="session_end"),
    required("ConsumedEnergy", _KWH, as_="consumed_energy"),
    optional("MeterValueStart", _KWH, as_="meter_start"),
    optional("MeterValueEnd", _KWH, as_="meter_end"),
    optional("MeterValueInBetween", METER_VALUES, as_="meter_between"),
    optional("SignedMeteringValues", _at_most(_SIGNED.kind, 10), as_="signed_values"),
    optional("CalibrationLawVerificationInfo", _CALIBRATION.kind, as_="calibration"),
    optional("HubOperatorID", OPERATOR_IDS, as_="hub_operator_id"),
    optional("HubProviderID", PROVIDER_IDS, as_="hub_provider_id"),
    also={**SPELLINGS, "HubProviderId": "HubProviderID", "HubOperatorId": "HubOperatorID"},
)
CDR_REQUEST = Spelled(
    CdrRequest,
    required("ProviderID", PROVIDER_IDS, as_="provider_id"),
    required("From", MOMENT, as_="received_from"),
    required("To", MOMENT, as_="received_to"),
    optional("SessionID", _one_or_many(SESSION_IDS), as_="session_ids"),
    optional("OperatorID", _one_or_many(OPERATOR_IDS), as_="operator_ids"),
    optional("CDRForwarded", BOOLEAN, as_="is_forwarded"),
    also={"CDRForwarder": "CDRForwarded"},
)
