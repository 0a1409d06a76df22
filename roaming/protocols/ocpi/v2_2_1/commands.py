"""Commands of OCPI 2.2.1 (mod_commands). `response_url` stays outside the canonical command: the hub writes its own in its place."""

from collections.abc import Mapping
from typing import Any

import msgspec

from roaming import canonical
from roaming.protocols.ocpi.dialect import BadFields, Shape, many, optional, read_value, required
from roaming.protocols.ocpi.kinds import INSTANT, URL, ci_string, integer, one_of
from roaming.protocols.ocpi.loss import LossReport
from roaming.protocols.ocpi.v2_2_1.fit import fit_token
from roaming.protocols.ocpi.v2_2_1.locations import DISPLAY_TEXT
from roaming.protocols.ocpi.v2_2_1.tokens import TOKEN

_ID = ci_string(36)
_RESPONSE_URL = ("response_url",)


def shapes_with(token: Shape[canonical.Token]) -> dict[str, Shape[Any]]:
    """This function will return the shapes of the commands around the tokens of one version."""
    return {
        "START_SESSION": Shape(
            canonical.StartSession,
            required("token", token.kind),
            required("location_id", _ID),
            optional("evse_uid", _ID),
            optional("connector_id", _ID),
            optional("authorization_reference", _ID),
            ignoring=_RESPONSE_URL,
        ),
        "STOP_SESSION": Shape(canonical.StopSession, required("session_id", _ID), ignoring=_RESPONSE_URL),
        "RESERVE_NOW": Shape(
            canonical.ReserveNow,
            required("token", token.kind),
            required("expiry_date", INSTANT),
            required("reservation_id", _ID),
            required("location_id", _ID),
            optional("evse_uid", _ID),
            optional("authorization_reference", _ID),
            ignoring=_RESPONSE_URL,
        ),
        "CANCEL_RESERVATION": Shape(canonical.CancelReservation, required("reservation_id", _ID), ignoring=_RESPONSE_URL),
        "UNLOCK_CONNECTOR": Shape(
            canonical.UnlockConnector,
            required("location_id", _ID),
            required("evse_uid", _ID),
            required("connector_id", _ID),
            ignoring=_RESPONSE_URL,
        ),
    }


SHAPES = shapes_with(TOKEN)
NAMES: Mapping[type[canonical.Command], str] = {
    canonical.StartSession: "START_SESSION",
    canonical.StopSession: "STOP_SESSION",
    canonical.ReserveNow: "RESERVE_NOW",
    canonical.CancelReservation: "CANCEL_RESERVATION",
    canonical.UnlockConnector: "UNLOCK_CONNECTOR",
}

COMMAND_RESPONSE = Shape(
    canonical.CommandResponse,
    required("result", one_of("ACCEPTED", "NOT_SUPPORTED", "REJECTED", "UNKNOWN_SESSION")),
    required("timeout", integer()),
    optional("message", many(DISPLAY_TEXT.kind)),
)
COMMAND_RESULT = Shape(
    canonical.CommandResult,
    required(
        "result",
        one_of(
            "ACCEPTED",
            "CANCELED_RESERVATION",
            "EVSE_OCCUPIED",
            "EVSE_INOPERATIVE",
            "FAILED",
            "NOT_SUPPORTED",
            "REJECTED",
            "TIMEOUT",
            "UNKNOWN_RESERVATION",
        ),
    ),
    optional("message", many(DISPLAY_TEXT.kind)),
)

read_command_response, write_command_response = COMMAND_RESPONSE.read, COMMAND_RESPONSE.write
read_command_result, write_command_result = COMMAND_RESULT.read, COMMAND_RESULT.write


def read_command(
    *, name: str, body: Any, sender: canonical.PartyId, shapes: Mapping[str, Shape[Any]] = SHAPES
) -> tuple[canonical.Command, str]:
    """This function will return the command and its response_url; it raises BadFields, naming `command` where there is no such command.

    The token inside names its owner, so `sender` does not count here.
    """
    shape = shapes.get(name)
    if shape is None:
        raise BadFields([("command", f"one of {', '.join(shapes)}")])
    problems: list[tuple[str, str]] = []
    response_url = ""
    try:
        response_url = read_value(name="response_url", kind=URL, value=body.get("response_url") if isinstance(body, dict) else None)
    except BadFields as refusal:
        problems.extend(refusal.problems)
    try:
        command: canonical.Command = shape.read(body)
    except BadFields as refusal:
        raise BadFields([*refusal.problems, *problems]) from None
    if problems:
        raise BadFields(problems)
    return command, response_url


def write_command(*, command: canonical.Command, response_url: str) -> tuple[str, dict[str, Any]]:
    """This function will return the command's name in the path and its body, which calls back at `response_url`."""
    if isinstance(command, canonical.StartSession | canonical.ReserveNow):
        command = msgspec.structs.replace(command, token=fit_token(command.token, LossReport()))
    name = NAMES[type(command)]
    return name, {"response_url": response_url, **SHAPES[name].write(command)}
