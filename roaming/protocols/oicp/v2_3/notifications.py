"""ChargingNotifications: four messages told apart by `Type` (oicp §1.3, no. 9)."""

from decimal import Decimal
from typing import Any

from roaming.canonical import Open
from roaming.protocols.oicp.v2_3.authorization import SPELLINGS
from roaming.protocols.oicp.v2_3.charge_detail_record import METER_VALUES, MeterValues
from roaming.protocols.oicp.v2_3.identification import ANY, Identification
from roaming.protocols.oicp.v2_3.kinds import EVSE_IDS, MOMENT, OPERATOR_IDS, PARTNER_SESSION, PRODUCT, SESSION_IDS, Moment, Spelled, text
from roaming.protocols.wire.kinds import integer, number, one_of
from roaming.protocols.wire.shapes import BadFields, optional, required


class Notification(Open, frozen=True, kw_only=True):
    """What an operator tells of a running session. Duration in milliseconds, energy in kWh."""

    type: str
    session_id: str
    evse_id: str
    operator_session_id: str | None = None
    provider_session_id: str | None = None
    identification: Identification | None = None
    operator_id: str | None = None
    product_id: str | None = None
    charging_start: Moment | None = None
    charging_end: Moment | None = None
    session_start: Moment | None = None
    session_end: Moment | None = None
    occurred: Moment | None = None
    duration: int | None = None
    energy_so_far: Decimal | None = None
    consumed_energy: Decimal | None = None
    meter_start: Decimal | None = None
    meter_end: Decimal | None = None
    meter_between: MeterValues | None = None
    penalty_start: Moment | None = None
    error_type: str | None = None
    error_info: str | None = None


_KWH = number(10**9)
_COMMON = (
    required("SessionID", SESSION_IDS, as_="session_id"),
    required("EvseID", EVSE_IDS, as_="evse_id"),
    optional("CPOPartnerSessionID", PARTNER_SESSION, as_="operator_session_id"),
    optional("EMPPartnerSessionID", PARTNER_SESSION, as_="provider_session_id"),
    optional("Identification", ANY, as_="identification"),
    optional("OperatorID", OPERATOR_IDS, as_="operator_id"),
    optional("PartnerProductID", PRODUCT, as_="product_id"),
)
_SESSION_START = optional("SessionStart", MOMENT, as_="session_start")
_METER_START = optional("MeterValueStart", _KWH, as_="meter_start")
_BETWEEN = optional("MeterValueInBetween", METER_VALUES, as_="meter_between")
_OF_TYPE = {
    "Start": (required("ChargingStart", MOMENT, as_="charging_start"), _SESSION_START, _METER_START),
    "Progress": (
        required("ChargingStart", MOMENT, as_="charging_start"),
        required("EventOccurred", MOMENT, as_="occurred"),
        optional("ChargingDuration", integer(0, 10**12), as_="duration"),
        _SESSION_START,
        optional("ConsumedEnergyProgress", _KWH, as_="energy_so_far"),
        _METER_START,
        _BETWEEN,
    ),
    "End": (
        required("ChargingEnd", MOMENT, as_="charging_end"),
        optional("ChargingStart", MOMENT, as_="charging_start"),
        _SESSION_START,
        optional("SessionEnd", MOMENT, as_="session_end"),
        optional("ConsumedEnergy", _KWH, as_="consumed_energy"),
        _METER_START,
        optional("MeterValueEnd", _KWH, as_="meter_end"),
        _BETWEEN,
        optional("PenaltyTimeStart", MOMENT, as_="penalty_start"),
    ),
    "Error": (
        required(
            "ErrorType",
            one_of("ConnectorError", "CriticalError", also={"Connector Error": "ConnectorError", "Critical Error": "CriticalError"}),
            as_="error_type",
        ),
        optional("ErrorAdditionalInfo", text(250), as_="error_info"),
    ),
}
NOTIFICATIONS = {
    kind: Spelled(Notification, required("Type", one_of(kind), as_="type"), *_COMMON, *fields, also=SPELLINGS)
    for kind, fields in _OF_TYPE.items()
}


def read_notification(body: Any) -> Notification:
    """This function will read a notification of any type; it raises BadFields."""
    kind = body.get("Type") if type(body) is dict else None
    shape = NOTIFICATIONS.get(kind) if type(kind) is str else None
    if shape is None:
        raise BadFields([("Type", f"one of {', '.join(NOTIFICATIONS)}")])
    notification = shape.read(body)
    if kind == "Progress" and notification.duration is None and notification.energy_so_far is None:
        raise BadFields([("ChargingDuration", "ChargingDuration or ConsumedEnergyProgress"), ("ConsumedEnergyProgress", "the same")])
    return notification


def write_notification(notification: Notification) -> dict[str, Any]:
    """This function will write a notification as its type has it."""
    return NOTIFICATIONS[notification.type].write(notification)
