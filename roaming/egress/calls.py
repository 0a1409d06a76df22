"""The words of the door out: one call, its answer, and the four ways in which there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Purpose = Literal["authorize", "command", "forward", "push", "handshake", "pull", "probe"]

DEFAULT_MAX_BYTES = 1 << 20


class EgressError(Exception):
    """There is no answer of the partner. The message is for the hub's own people; it holds no secret and no byte of an answer."""


class AddressRefused(EgressError):
    """The hub does not call this address: not in the platform's approved hosts, not https, not public, or malformed (3001 or 2001)."""


class TimedOut(EgressError):
    """The deadline passed; whether the partner acted is unknown (4002)."""


class Unreachable(EgressError):
    """No connection: refused, DNS, TLS, an open breaker, or too many calls in flight (4003)."""


class BadAnswer(EgressError):
    """Something answered, and it is not an answer one can use: redirect, encoded, too long, garbage, cut off (4000)."""


class Redirected(BadAnswer):
    """The answer leads elsewhere, and that is not followed. `location` is what the partner said, not to be called unchecked."""

    def __init__(self, *, status: int, location: str) -> None:
        super().__init__(f"the answer is a redirect (HTTP {status}), which is not followed")
        self.location = location


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one platform. `deadline_seconds` bounds the whole call from now to the last byte of the answer."""

    platform_id: int
    purpose: Purpose
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)  # they carry the partner's token
    body: bytes | None = field(repr=False)
    deadline_seconds: float
    max_bytes: int = DEFAULT_MAX_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: header names in lower case, the body as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    duration_ms: int
