"""The words of a remote start, stop or reservation in both protocols (oicp §6.6)."""

from collections.abc import Mapping

from roaming import canonical
from roaming.protocols.oicp import statuses

# What the charge point did, as OICP's status.
OF_RESULT: Mapping[str, str] = {
    "ACCEPTED": statuses.SUCCESS,
    "EVSE_OCCUPIED": statuses.IN_USE,
    "EVSE_INOPERATIVE": statuses.OUT_OF_SERVICE,
    "FAILED": statuses.EVSE_COMMUNICATION,
    "REJECTED": statuses.PARTNER_SYSTEM_ERROR,
    "NOT_SUPPORTED": statuses.NOT_AVAILABLE,
    "TIMEOUT": statuses.EVSE_COMMUNICATION,
    "CANCELED_RESERVATION": statuses.ALREADY_RESERVED,
    "UNKNOWN_RESERVATION": statuses.SESSION_INVALID,
}
# What the operator said at once, as OICP's status.
OF_RESPONSE: Mapping[str, str] = {
    "REJECTED": statuses.PARTNER_SYSTEM_ERROR,
    "NOT_SUPPORTED": statuses.NOT_AVAILABLE,
    "UNKNOWN_SESSION": statuses.SESSION_INVALID,
    "TIMEOUT": statuses.NO_RESPONSE,
    "UNKNOWN_RESERVATION": statuses.SESSION_INVALID,
}
# OICP's status, as the result that an OCPI provider gets.
OF_STATUS: Mapping[str, str] = {
    statuses.SUCCESS: "ACCEPTED",
    statuses.EVSE_COMMUNICATION: "FAILED",
    statuses.NO_VEHICLE: "FAILED",
    statuses.ALREADY_RESERVED: "EVSE_OCCUPIED",
    statuses.IN_USE: "EVSE_OCCUPIED",
    statuses.UNKNOWN_EVSE: "REJECTED",
    statuses.NOT_COMPATIBLE: "NOT_SUPPORTED",
    statuses.OUT_OF_SERVICE: "EVSE_INOPERATIVE",
    statuses.NO_RESPONSE: "TIMEOUT",
    statuses.NO_CONTRACT: "NOT_SUPPORTED",
    statuses.PARTNER_NOT_FOUND: "NOT_SUPPORTED",
    statuses.NOT_AVAILABLE: "NOT_SUPPORTED",
    statuses.SESSION_INVALID: "REJECTED",
}
_WORDS = {statuses.NO_VEHICLE: "No EV is connected."}


def write_result(code: str, *, additional: str | None = None) -> canonical.CommandResult:
    """This function will write an OICP status as the result of a command."""
    words = _WORDS.get(code) or additional or (None if code == statuses.SUCCESS else statuses.DESCRIPTIONS.get(code))
    message = (canonical.DisplayText(language="en", text=words[:512]),) if words else ()
    return canonical.CommandResult(result=OF_STATUS.get(code, "FAILED"), message=message)


def words_of(message: tuple[canonical.DisplayText, ...]) -> str | None:
    """This function will return what a person may read of an answer."""
    return message[0].text if message else None
