"""The way out of the flow, whatever protocol the partner speaks: what a gateway must do, and how it says that it cannot.

Each protocol registers its gateway at start-up; nothing above this line knows which protocol a partner speaks.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from roaming import canonical
from roaming.canonical import PartyId, Role
from roaming.egress.calls import AddressRefused, Answer, BadAnswer, Call, EgressError, TimedOut, Unreachable
from roaming.parties.directory import PartyEntry, PlatformEntry


class GatewayRefusal(Exception):
    """The partner's own answer cannot be had."""


class NoRoute(GatewayRefusal):
    """The receiver is not known here, or no agreement leads to it (OCPI 4001)."""


class GatewayTimedOut(GatewayRefusal):
    """The partner did not answer before the deadline; whether it acted is unknown (OCPI 4002)."""


class PlatformOffline(GatewayRefusal):
    """The partner cannot be reached, or does not serve this module (OCPI 4003)."""


class NoGateway(PlatformOffline):
    """No gateway speaks the platform's protocol."""


class GatewayBroken(GatewayRefusal):
    """The partner answered with something that is no answer (OCPI 4000)."""


class CannotBeSaid(GatewayRefusal):
    """The receiver's version has no words for the object that would leave its price and its visibility as they are (OCPI 4000)."""


class UnknownToken(GatewayRefusal):
    """The provider does not know the token (OCPI 2004)."""


class Declined(GatewayRefusal):
    """The receiver's own refusal (2xxx or 3xxx), which goes back to the requester unchanged."""

    def __init__(self, status_code: int, message: str = "") -> None:
        super().__init__(message or f"status {status_code}")
        self.status_code = status_code
        self.message = message


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one receiver must hear of one object: one or more rows of the outbox that one message answers for.

    `is_merged` says that several waiting changes became one: send the state of the object (or of its part) as it is now.
    """

    id: int
    platform: PlatformEntry
    receiver: PartyEntry
    receiver_role: Role
    sender: PartyId
    is_broadcast: bool
    module: str
    verb: str
    object_type: str
    object_row: int
    object_path: str
    payload: Mapping[str, Any] | None = field(repr=False)
    correlation_id: str
    attempts: int
    is_merged: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer means for a parcel. `retry_after_seconds` is what the receiver asked for, if anything."""

    kind: Literal["delivered", "retry", "rejected"]
    note: str = ""
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Forward:
    """A request that passes through to its receiver at once. `message` is canonical; `changes` are the fields of a PATCH."""

    sender: PartyId
    receiver: PartyId
    receiver_role: Role
    module: str
    interface: Literal["SENDER", "RECEIVER"]
    method: str
    path: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    message: object = field(default=None, repr=False)
    changes: Mapping[str, Any] | None = field(default=None, repr=False)
    correlation_id: str = ""
    deadline_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The receiver's answer to a forwarded request, in canonical terms: `data` is a canonical message, a list of them, or None."""

    http_status: int
    status_code: int
    status_message: str
    data: object = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class Gateway(Protocol):
    """One partner's platform as its protocol speaks to it. Every call goes through `roaming.egress`; none may hold a transaction."""

    def prepare(self, parcel: Parcel) -> Call | None:
        """This function will read the object as it is now and write the request for it, or return None where nothing is left to say."""

    def judge(self, parcel: Parcel, answer: Answer) -> Outcome:
        """This function will say what the receiver's answer means. It asks no database: it runs in the dispatcher's event loop."""

    def authorize(
        self, request: canonical.AuthorizationRequest, *, receiver: PartyId, deadline_seconds: float
    ) -> canonical.AuthorizationDecision:
        """This function will ask the provider. It raises a GatewayRefusal where there is no decision of its own."""

    async def authorize_async(
        self, request: canonical.AuthorizationRequest, *, receiver: PartyId, deadline_seconds: float
    ) -> canonical.AuthorizationDecision:
        """This function will do what `authorize` does, inside an event loop."""

    def send_command(
        self,
        command: canonical.Command | canonical.ProfileRequest,
        *,
        sender: PartyId,
        receiver: PartyId,
        response_url: str,
        correlation_id: str,
        deadline_seconds: float,
    ) -> canonical.CommandResponse:
        """This function will hand a command, or a request about a charging profile, to the operator; the result comes to `response_url`.

        It raises a GatewayRefusal.
        """

    def forward(self, request: Forward) -> Forwarded:
        """This function will pass a direct request through and return the receiver's answer. It raises a GatewayRefusal."""

    def probe(self) -> Call | None:
        """This function will write a request without side effects that a living partner answers with HTTP 200, or None if there is none."""


_factories: dict[str, Callable[[PlatformEntry], Gateway]] = {}


def register_gateway(protocol: str, factory: Callable[[PlatformEntry], Gateway]) -> None:
    """This function will make `factory` speak for every platform of a protocol; the latest registration counts."""
    _factories[protocol] = factory


def gateway_for(platform: PlatformEntry) -> Gateway:
    """This function will return the gateway to a platform; it raises NoGateway."""
    factory = _factories.get(platform.protocol)
    if factory is None:
        raise NoGateway(f"no gateway speaks {platform.protocol}")
    return factory(platform)


@contextmanager
def egress_refusals() -> Iterator[None]:
    """This function will turn what the door out raises into the refusal of a gateway: one mapping everywhere (reliability §2, point 4)."""
    try:
        yield
    except EgressError as error:
        raise as_refusal(error) from error


def as_refusal(error: EgressError) -> GatewayRefusal:
    """This function will return the refusal that stands for a failed call."""
    match error:
        case TimedOut():
            return GatewayTimedOut(str(error))
        case BadAnswer():
            return GatewayBroken(str(error))
        case Unreachable() | AddressRefused():
            return PlatformOffline(str(error))
        case _:
            return GatewayBroken(str(error))
