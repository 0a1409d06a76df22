"""Charging profiles of OCPI 2.2.1 (mod_charging_profiles). As in commands, `response_url` stays outside the canonical request.

The session stands in the path, `duration` and the `response_url` of GET and DELETE in the query.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from roaming import canonical
from roaming.protocols.ocpi.dialect import BadFields, Shape, many, optional, read_value, required
from roaming.protocols.ocpi.kinds import INSTANT, URL, ci_string, integer, number, one_of

_SESSION_ID = ci_string(36)
# One decimal is what charge points understand (§ChargingProfilePeriod); more are passed on as they came.
_LIMIT = number()

PERIOD = Shape(
    canonical.ChargingProfilePeriod,
    required("start_period", integer()),
    required("limit", _LIMIT),
)
PROFILE = Shape(
    canonical.ChargingProfile,
    optional("start_date_time", INSTANT),
    optional("duration", integer()),
    required("charging_rate_unit", one_of("A", "W")),
    optional("min_charging_rate", _LIMIT),
    optional("charging_profile_period", many(PERIOD.kind)),
)
ACTIVE_PROFILE = Shape(
    canonical.ActiveChargingProfile,
    required("start_date_time", INSTANT),
    required("charging_profile", PROFILE.kind),
)
_SET = Shape(
    canonical.SetChargingProfile,
    required("session_id", _SESSION_ID),
    required("charging_profile", PROFILE.kind),
    ignoring=("response_url",),
)
PROFILE_RESPONSE = Shape(
    canonical.CommandResponse,
    required("result", one_of("ACCEPTED", "NOT_SUPPORTED", "REJECTED", "TOO_OFTEN", "UNKNOWN_SESSION")),
    required("timeout", integer()),
)
# One shape for the three results: only that of a GET has a profile (§ActiveChargingProfileResult, §ChargingProfileResult).
PROFILE_RESULT = Shape(
    canonical.ProfileResult,
    required("result", one_of("ACCEPTED", "REJECTED", "UNKNOWN")),
    optional("profile", ACTIVE_PROFILE.kind),
)


class ProfileLetter(NamedTuple):
    """A request as the operator gets it, below its endpoint."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    body: dict[str, Any] | None


def read_profile_request(*, method: str, session_id: str, query: Mapping[str, str], body: Any) -> tuple[canonical.ProfileRequest, str]:
    """This function will return the request and its response_url; it raises BadFields that names every bad field."""
    problems: list[tuple[str, str]] = []
    told = (body.get("response_url") if isinstance(body, dict) else None) if method == "PUT" else query.get("response_url")
    response_url = _read(problems, "response_url", URL, told)
    request: canonical.ProfileRequest | None = None
    if method == "PUT":
        try:
            request = _SET.read({**body, "session_id": session_id} if isinstance(body, dict) else body)
        except BadFields as refusal:
            problems.extend(refusal.problems)
    else:
        session_id = _read(problems, "session_id", _SESSION_ID, session_id)
        if method == "GET":
            text = query.get("duration", "")
            seconds = _read(problems, "duration", integer(), int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None)
            request = None if problems else canonical.GetActiveChargingProfile(session_id=session_id, duration=seconds)
        else:
            request = canonical.ClearChargingProfile(session_id=session_id)
    if problems or request is None:
        raise BadFields(problems)
    return request, response_url


def write_profile_request(*, request: canonical.ProfileRequest, response_url: str) -> ProfileLetter:
    """This function will write a request that calls back at `response_url`."""
    match request:
        case canonical.GetActiveChargingProfile(session_id=session_id, duration=duration):
            return ProfileLetter("GET", (session_id,), {"duration": str(duration), "response_url": response_url}, None)
        case canonical.SetChargingProfile(session_id=session_id):
            body = _SET.write(request)
            del body["session_id"]
            return ProfileLetter("PUT", (session_id,), {}, {**body, "response_url": response_url})
        case canonical.ClearChargingProfile(session_id=session_id):
            return ProfileLetter("DELETE", (session_id,), {"response_url": response_url}, None)


def _read(problems: list[tuple[str, str]], name: str, kind: Any, value: Any) -> Any:
    try:
        return read_value(name=name, kind=kind, value=value)
    except BadFields as refusal:
        problems.extend(refusal.problems)
        return None
