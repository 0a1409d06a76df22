"""Answers that say no: a code, an HTTP status, and words that name what is wrong and hold no secret."""

import re
from typing import Any

from roaming.objects.versions import PushRefused
from roaming.parties.snapshot import PlatformEntry
from roaming.protocols.oicp import statuses
from roaming.protocols.wire.intake import BodyTooLarge, EncodedBody, NotJson, WrongContentType
from roaming.protocols.wire.shapes import BadFields

_LEADING_CAPITALS = re.compile(r"(^|\.)([A-Z]+)(?=[A-Z][a-z]|\.|\[|$)|(^|\.)([A-Z])")
_MOST_NAMED = 200


class OicpRefusal(Exception):
    """A refusal with a status code; `http` where it is not the usual one of that code."""

    def __init__(self, code: str, additional: str = "", *, http: int | None = None) -> None:
        super().__init__(additional or statuses.DESCRIPTIONS.get(code, code))
        self.code = code
        self.additional = additional
        self.http = http if http is not None else statuses.http_of(code)


class NotAuthorized(OicpRefusal):
    """The certificate does not open this door, or the ids do not belong to its partner (017)."""

    def __init__(self, additional: str = "") -> None:
        super().__init__(statuses.UNAUTHORIZED, additional)


def http_of_refusal(refusal: OicpRefusal, caller: PlatformEntry | None) -> int:
    """This function will return the HTTP status of a refusal: 200 for a partner that reads nothing else (oicp §2.1)."""
    policy = caller.profile.get("oicp", {}).get("http_policy", "") if caller is not None else ""
    return 200 if policy == "always_200" else refusal.http


def field_reference(path: str) -> str:
    """This function will write a path as the broker's own faults do: `operatorEvseData.evseDataRecord[0].plugs` (oicp §2.1)."""
    return _LEADING_CAPITALS.sub(lambda match: f"{match[1] or match[3] or ''}{(match[2] or match[4]).lower()}", path)


def write_fault(error: Exception) -> tuple[int, dict[str, Any]] | None:
    """This function will return HTTP status and body for a body that is no JSON or not the message it should be; None for others."""
    match error:
        case BadFields():
            named = [
                {"fieldReference": field_reference(path), "errorMessage": f"expected {expected}"}
                for path, expected in error.problems[:_MOST_NAMED]
            ]
            return 400, {"extendedInfo": None, "message": "the message has bad fields", "validationErrors": named}
        case NotJson():
            return 400, write_message(f"the body is not usable JSON: {error}")
        case BodyTooLarge():
            return 413, write_message(str(error))
        case EncodedBody() | WrongContentType():
            return 415, write_message(str(error))
    return None


def write_message(sentence: str) -> dict[str, Any]:
    """This function will return the body of a fault that lies in no field (oicp §2.1)."""
    return {"extendedInfo": None, "message": sentence, "validationErrors": []}


def refusal_of(error: Exception) -> OicpRefusal | None:
    """This function will return the refusal that stands for one of the house; None where `error` is a fault of ours."""
    if isinstance(error, OicpRefusal):
        return error
    if isinstance(error, PushRefused):
        return OicpRefusal(statuses.DATA_TRANSACTION, str(error))
    return None
