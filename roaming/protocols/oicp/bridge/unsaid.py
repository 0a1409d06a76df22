"""What cards, notifications and sessions hold that the other protocol has no word for (oicp §6.3, §6.8): noted, never silent."""

from roaming import canonical
from roaming.protocols.oicp.v2_3.identification import QR_CODE, RFID, Identification
from roaming.protocols.oicp.v2_3.notifications import Notification
from roaming.protocols.wire.loss import LossReport

_OF_NOTIFICATION = ("product_id", "duration", "meter_start", "meter_end", "meter_between", "penalty_start")
_OF_SESSION = ("meter_id", "total_cost", "connector_id")


def note_card(medium: Identification, report: LossReport) -> bool:
    """This function will note what a token does not say of an uploaded card or contract; False where there can be no token at all."""
    if medium.member == QR_CODE:
        report.dropped(QR_CODE, "a contract with a PIN")
        return False
    if medium.contract_id is None:
        report.guessed("contract_id", "a pseudonym")
    if medium.member == RFID:
        report.drop_unsaid(medium, ("rfid",))
    if medium.expires is not None:
        report.dropped("expires", medium.expires.text)
    return True


def note_notification(told: Notification, report: LossReport) -> bool:
    """This function will note what a session does not say of a notification; False where it says nothing of it."""
    if told.type == "Error" and told.error_type != "CriticalError":
        report.dropped("error_type", told.error_type or "")
        return False
    report.drop_unsaid(told, _OF_NOTIFICATION)
    if told.type == "Error":
        report.changed("error_type", told.error_type or "", "status INVALID")
    elif told.type == "End":
        report.changed("type", "End", "status ACTIVE until the CDR")
    return True


def note_session(session: canonical.Session, report: LossReport) -> None:
    """This function will note what a notification does not say of a session."""
    report.drop_unsaid(session, _OF_SESSION)
    kinds = {dimension.type for period in session.charging_periods for dimension in period.dimensions} - {"ENERGY"}
    if kinds:
        report.dropped("charging_periods[].dimensions", ", ".join(sorted(kinds)))
