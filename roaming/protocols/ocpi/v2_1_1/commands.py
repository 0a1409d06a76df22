"""Commands of OCPI 2.1.1 (mod_commands): four of them, whole numbers for reservations, one object for both answers."""

import hashlib
from typing import Any

import msgspec

from roaming import canonical
from roaming.protocols.ocpi.dialect import BadFields, Shape, many, optional, read_value, required
from roaming.protocols.ocpi.kinds import INSTANT, URL, Kind, ci_string, integer, one_of
from roaming.protocols.ocpi.loss import LossReport
from roaming.protocols.ocpi.v2_1_1.fit import fit_token
from roaming.protocols.ocpi.v2_1_1.locations import DISPLAY_TEXT
from roaming.protocols.ocpi.v2_1_1.tokens import TOKEN

_ID = ci_string(39)
_RESPONSE_URL = ("response_url",)
_LARGEST = 2**31 - 1


class NotInThisVersion(Exception):
    """The version has no such command: the operator cannot be asked."""


def whole_number(reservation_id: str, *, provider: canonical.PartyId) -> int:
    """This function will return the number that stands for a provider's reservation: the same one each time, and nobody else's."""
    digest = hashlib.sha256(f"{provider}:{reservation_id.upper()}".encode()).digest()
    return int.from_bytes(digest[:4]) & _LARGEST


_NUMBER = integer()
_RESERVATION = Kind(lambda value: str(_NUMBER.read(value)), int)
_SHAPES: dict[str, Shape[Any]] = {
    "START_SESSION": Shape(
        canonical.StartSession,
        required("token", TOKEN.kind),
        required("location_id", _ID),
        optional("evse_uid", _ID),
        ignoring=_RESPONSE_URL,
    ),
    "STOP_SESSION": Shape(canonical.StopSession, required("session_id", ci_string(36)), ignoring=_RESPONSE_URL),
    "RESERVE_NOW": Shape(
        canonical.ReserveNow,
        required("token", TOKEN.kind),
        required("expiry_date", INSTANT),
        required("reservation_id", _RESERVATION),
        required("location_id", _ID),
        optional("evse_uid", _ID),
        ignoring=_RESPONSE_URL,
    ),
    "UNLOCK_CONNECTOR": Shape(
        canonical.UnlockConnector,
        required("location_id", _ID),
        required("evse_uid", _ID),
        required("connector_id", ci_string(36)),
        ignoring=_RESPONSE_URL,
    ),
}
_NAMES: dict[type[canonical.Command], str] = {
    canonical.StartSession: "START_SESSION",
    canonical.StopSession: "STOP_SESSION",
    canonical.ReserveNow: "RESERVE_NOW",
    canonical.UnlockConnector: "UNLOCK_CONNECTOR",
}
_WORDS = ("ACCEPTED", "NOT_SUPPORTED", "REJECTED", "TIMEOUT", "UNKNOWN_SESSION")
# How long an operator of this version has for its result: the version has no word for it.
_PATIENCE_SECONDS = 120


def _build_response(*, result: str, message: Any = ()) -> canonical.CommandResponse:
    told = "REJECTED" if result == "TIMEOUT" else result
    return canonical.CommandResponse(result=told, timeout=_PATIENCE_SECONDS, message=message)


def _build_result(*, result: str, message: Any = ()) -> canonical.CommandResult:
    return canonical.CommandResult(result="FAILED" if result == "UNKNOWN_SESSION" else result, message=message)


_MESSAGE = optional("message", many(DISPLAY_TEXT.kind))
COMMAND_RESPONSE = Shape(
    canonical.CommandResponse, required("result", one_of(*_WORDS)), _MESSAGE, build=_build_response, ignoring=("timeout",)
)
COMMAND_RESULT = Shape(canonical.CommandResult, required("result", one_of(*_WORDS)), _MESSAGE, build=_build_result)


def fit_response(response: canonical.CommandResponse, report: LossReport) -> canonical.CommandResponse:
    """This function will return the answer without its time-out, for which the version has no word."""
    report.drop_unsaid(response, ("message",))
    return msgspec.structs.replace(response, message=(), extensions={})


def fit_result(result: canonical.CommandResult, report: LossReport) -> canonical.CommandResult:
    """This function will say a result in the version's five words; what it has no word for was not done (ocpi §5.9)."""
    report.drop_unsaid(result, ("message",))
    told = result.result if result.result in _WORDS else "REJECTED"
    if told != result.result:
        report.changed("result", result.result, told)
    return msgspec.structs.replace(result, result=told, message=())


def read_command(*, name: str, body: Any, sender: canonical.PartyId) -> tuple[canonical.Command, str]:
    """This function will return the command of `sender` and its response_url; it raises BadFields."""
    shape = _SHAPES.get(name)
    if shape is None:
        raise BadFields([("command", f"one of {', '.join(_SHAPES)}")])
    url = body.get("response_url") if isinstance(body, dict) else None
    response_url: str = read_value(name="response_url", kind=URL, value=url)
    command: canonical.Command = shape.read(body)
    if isinstance(command, canonical.StartSession | canonical.ReserveNow):
        owned = msgspec.structs.replace(command.token, country_code=sender.country_code, party_id=sender.party_id)
        command = msgspec.structs.replace(command, token=owned)
    return command, response_url


def write_command(*, command: canonical.Command, response_url: str) -> tuple[str, dict[str, Any]]:
    """This function will return the command's name and body; it raises NotInThisVersion for CANCEL_RESERVATION."""
    name = _NAMES.get(type(command))
    if name is None:
        raise NotInThisVersion("OCPI 2.1.1 cannot cancel a reservation")
    if isinstance(command, canonical.ReserveNow):
        # Ids of two providers may be the same; the operator tells reservations apart by this number alone.
        number = whole_number(command.reservation_id, provider=command.token.owner)
        command = msgspec.structs.replace(command, reservation_id=str(number))
    if isinstance(command, canonical.StartSession | canonical.ReserveNow):
        command = msgspec.structs.replace(command, token=fit_token(command.token, LossReport()))
    return name, {"response_url": response_url, **_SHAPES[name].write(command)}
