"""Requests to OICP partners and what their answers mean. No I/O here: `roaming.egress` sends what is built and returns what is read."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from roaming.canonical import PartyId
from roaming.egress.calls import Answer, Call, Purpose
from roaming.gateways import GatewayBroken, PlatformOffline
from roaming.parties.directory import PlatformEntry
from roaming.protocols.oicp.identifiers import write_operator, write_provider
from roaming.protocols.oicp.v2_3.authorization import ACKNOWLEDGEMENT, AUTHORIZATION, Acknowledgement, Authorization
from roaming.protocols.wire.intake import NotJson, read_json
from roaming.protocols.wire.shapes import BadFields

AUTHORIZATION_DOOR = ("tokens", "SENDER")
REMOTE_DOOR = ("commands", "RECEIVER")
RESERVATION_DOOR = ("reservations", "RECEIVER")
CDR_DOOR = ("cdrs", "RECEIVER")
NOTIFICATION_DOOR = ("sessions", "RECEIVER")

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def authorize_path(operator: PartyId, verb: str) -> str:
    """This function will return the path of AuthorizeStart or AuthorizeStop (`start`, `stop`)."""
    return f"/api/oicp/charging/v21/operators/{_id(write_operator(operator))}/authorize/{verb}"


def remote_path(provider: PartyId, verb: str) -> str:
    """This function will return the path of AuthorizeRemoteStart or -Stop."""
    return f"/api/oicp/charging/v21/providers/{_id(write_provider(provider))}/authorize-remote/{verb}"


def reservation_path(provider: PartyId, verb: str) -> str:
    """This function will return the path of RemoteReservationStart or -Stop."""
    return f"/api/oicp/reservation/v11/providers/{_id(write_provider(provider))}/reservation-{verb}-request"


def cdr_path(operator: PartyId) -> str:
    """This function will return the path of ChargeDetailRecord."""
    return f"/api/oicp/cdrmgmt/v22/operators/{_id(write_operator(operator))}/charge-detail-record"


NOTIFICATION_PATH = "/api/oicp/notificationmgmt/v11/charging-notifications"


def write_call(
    *, platform: PlatformEntry, door: tuple[str, str], path: str, body: Mapping[str, Any] | bytes, purpose: Purpose, seconds: float
) -> Call:
    """This function will write a request; it raises PlatformOffline where the partner has no address for this service."""
    base = platform.endpoints.get(door)
    if base is None:
        raise PlatformOffline("the partner has no address for this service")
    return Call(
        platform_id=platform.id,
        purpose=purpose,
        method="POST",
        url=base.rstrip("/") + path,
        headers={"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"},
        body=body if isinstance(body, bytes) else _ENCODER.encode(body),
        deadline_seconds=seconds,
    )


def read_acknowledgement(answer: Answer) -> Acknowledgement:
    """This function will read an Acknowledgement, of whatever HTTP status; it raises GatewayBroken."""
    try:
        return ACKNOWLEDGEMENT.read(_json(answer))
    except BadFields as refusal:
        raise GatewayBroken(f"acknowledgement: {refusal}") from None


def read_authorization(answer: Answer) -> Authorization:
    """This function will read AuthorizationStart or AuthorizationStop; it raises GatewayBroken."""
    try:
        return AUTHORIZATION.read(_json(answer))
    except BadFields as refusal:
        raise GatewayBroken(f"authorization: {refusal}") from None


def _json(answer: Answer) -> Any:
    if answer.status >= 500:
        raise GatewayBroken(f"HTTP {answer.status}")
    try:
        return read_json(answer.body)
    except NotJson:
        raise GatewayBroken(f"HTTP {answer.status} with a body that is no JSON") from None


def _id(text: str) -> str:
    return quote(text, safe="*")
