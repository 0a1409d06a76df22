"""The status codes of OICP (oicp §2) and the answers that carry them."""

from collections.abc import Mapping
from typing import Any

SUCCESS = "000"
SYSTEM_ERROR = "001"
DATABASE_ERROR = "002"
DATA_TRANSACTION = "009"
UNAUTHORIZED = "017"
INCONSISTENT_EVSE = "018"
INCONSISTENT_EVCO = "019"
PARTNER_SYSTEM_ERROR = "021"
DATA_ERROR = "022"
INVALID_CREDENTIALS = "101"
INVALID_UID = "102"
INVALID_EVCO = "105"
NO_POSITIVE_ANSWER = "106"
CONTRACT_LOCKED = "200"
NO_CONTRACT = "210"
PARTNER_NOT_FOUND = "300"
NO_RESPONSE = "310"
NOT_AVAILABLE = "320"
SESSION_INVALID = "400"
EVSE_COMMUNICATION = "501"
NO_VEHICLE = "510"
ALREADY_RESERVED = "601"
IN_USE = "602"
UNKNOWN_EVSE = "603"
NOT_COMPATIBLE = "604"
OUT_OF_SERVICE = "700"

DESCRIPTIONS: Mapping[str, str] = {
    SUCCESS: "Success",
    SYSTEM_ERROR: "The hub failed",
    DATABASE_ERROR: "The hub cannot store anything at the moment",
    DATA_TRANSACTION: "The data does not fit what is stored",
    UNAUTHORIZED: "Not authorised",
    INCONSISTENT_EVSE: "The EvseID does not belong to the operator",
    INCONSISTENT_EVCO: "The EvcoID does not belong to the provider",
    PARTNER_SYSTEM_ERROR: "The partner failed",
    DATA_ERROR: "The data is wrong",
    INVALID_CREDENTIALS: "QR code: invalid credentials",
    INVALID_UID: "RFID: invalid UID",
    INVALID_EVCO: "Plug and charge: invalid EvcoID",
    NO_POSITIVE_ANSWER: "No provider answered yes",
    CONTRACT_LOCKED: "The contract is locked",
    NO_CONTRACT: "No valid contract for this service",
    PARTNER_NOT_FOUND: "The partner is not known",
    NO_RESPONSE: "The partner did not respond",
    NOT_AVAILABLE: "The service is not available",
    SESSION_INVALID: "The session is invalid",
    EVSE_COMMUNICATION: "Communication to the EVSE failed",
    NO_VEHICLE: "No vehicle is connected",
    ALREADY_RESERVED: "The EVSE is reserved already",
    IN_USE: "The EVSE is in use, or the token is wrong",
    UNKNOWN_EVSE: "The EVSE is not known",
    NOT_COMPATIBLE: "The EVSE is not open to the hub",
    OUT_OF_SERVICE: "The EVSE is out of service",
}

# What the answer's HTTP status is, unless the partner's profile asks for 200 always (oicp §2.1).
_HTTP: Mapping[str, int] = {UNAUTHORIZED: 401, PARTNER_NOT_FOUND: 404, SYSTEM_ERROR: 500, DATABASE_ERROR: 500}


def http_of(code: str) -> int:
    """This function will return the HTTP status of a refusal by the hub itself."""
    return _HTTP.get(code, 200)


def status_code(code: str, *, description: str = "", additional: str | None = None) -> dict[str, Any]:
    """This function will write a StatusCode; every member is there, as real answers have it (oicp §1.1)."""
    return {
        "Code": code,
        "Description": (description or DESCRIPTIONS.get(code, ""))[:200],
        "AdditionalInfo": additional[:1000] if additional else None,
    }


def acknowledgement(
    code: str,
    *,
    result: bool | None = None,
    description: str = "",
    additional: str | None = None,
    session_id: str | None = None,
    operator_session_id: str | None = None,
    provider_session_id: str | None = None,
) -> dict[str, Any]:
    """This function will write an Acknowledgement; `result` follows from the code where it is not told."""
    return {
        "Result": code == SUCCESS if result is None else result,
        "StatusCode": status_code(code, description=description, additional=additional),
        "SessionID": session_id,
        "CPOPartnerSessionID": operator_session_id or None,
        "EMPPartnerSessionID": provider_session_id or None,
    }
