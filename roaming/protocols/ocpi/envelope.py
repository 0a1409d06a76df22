"""The envelope around every OCPI answer, and the one table that says which refusal is which HTTP status and OCPI status code.

Before the OCPI layer: 400 no JSON, 401 no valid token, 403 suspended, 404 not there or not yours, 405 no such method, 413, 415 and
429. Everything else is HTTP 200 or 201 with a status code in the envelope (OCPI 2.2.1, status_codes §intro; ocpi §2.5).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from roaming.protocols.ocpi.dialect import BadFields, encode
from roaming.protocols.ocpi.intake import BodyTooLarge, EncodedBody, NotJson, WrongContentType
from roaming.protocols.ocpi.kinds import write_instant

SUCCESS = 1000
CLIENT_ERROR = 2000
BAD_PARAMETER = 2001
NOT_ENOUGH_INFORMATION = 2002
UNKNOWN_LOCATION = 2003
UNKNOWN_TOKEN = 2004
SERVER_ERROR = 3000
CANNOT_USE_CLIENT = 3001
UNSUPPORTED_VERSION = 3002
NO_MATCHING_ENDPOINTS = 3003
HUB_ERROR = 4000
UNKNOWN_RECEIVER = 4001
TIMED_OUT = 4002
CONNECTION_PROBLEM = 4003


class OcpiRefusal(Exception):
    """An answer that says no: HTTP status, OCPI status code, and a message that names what is wrong and holds no secret."""

    def __init__(self, message: str, *, http: int = 200, code: int = CLIENT_ERROR, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.http = http
        self.code = code
        self.headers = dict(headers or {})


def bad_parameter(message: str) -> OcpiRefusal:
    """This function will return the refusal 2001: a parameter is missing or wrong."""
    return OcpiRefusal(message, code=BAD_PARAMETER)


def not_found(code: int = CLIENT_ERROR) -> OcpiRefusal:
    """This function will return the one 404: the same bytes for what is missing and for what belongs to somebody else."""
    return OcpiRefusal("not found", http=404, code=code)


def unknown_receiver() -> OcpiRefusal:
    """This function will return 4001, the same for a party that does not exist and one that the caller may not reach."""
    return OcpiRefusal("the receiver is not known", code=UNKNOWN_RECEIVER)


def refusal_of_body(error: Exception) -> OcpiRefusal | None:
    """This function will return what a body that the intake or the dialect refused is answered with; None for any other error."""
    match error:
        case BadFields():
            return bad_parameter(str(error))
        case NotJson():
            return OcpiRefusal(f"the body is not usable JSON: {error}", http=400, code=BAD_PARAMETER)
        case BodyTooLarge():
            return OcpiRefusal(str(error), http=413)
        case EncodedBody() | WrongContentType():
            return OcpiRefusal(str(error), http=415)
    return None


def write_success(data: Any = None, *, at: datetime, code: int = SUCCESS, message: str | None = None) -> bytes:
    """This function will return the envelope's bytes; `data` None leaves the field out."""
    envelope: dict[str, Any] = {} if data is None else {"data": data}
    envelope["status_code"] = code
    if message is not None:
        envelope["status_message"] = message
    envelope["timestamp"] = write_instant(at)
    return encode(envelope)


def write_refusal(refusal: OcpiRefusal, *, at: datetime) -> bytes:
    """This function will return the envelope's bytes of a refusal."""
    return write_success(at=at, code=refusal.code, message=str(refusal))
