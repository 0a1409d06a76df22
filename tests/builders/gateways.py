"""Partners that answer as a test tells them to, behind the same port as the real ones: a gateway without a wire."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import Any

from roaming import canonical, gateways
from roaming.egress.calls import Answer, Call
from roaming.gateways import Forward, Forwarded, Outcome, Parcel, UnknownToken
from roaming.parties.directory import PlatformEntry
from tests.builders.canonical_messages import a_token

Said = canonical.AuthorizationDecision | Exception | Callable[[], "canonical.AuthorizationDecision"]


class Partners:
    """What every partner will say, and what each was asked."""

    def __init__(self) -> None:
        self.decisions: dict[canonical.PartyId, Said] = {}
        self.silent: set[canonical.PartyId] = set()
        self.response: canonical.CommandResponse | Exception = canonical.CommandResponse(result="ACCEPTED", timeout=30)
        self.asked: list[canonical.PartyId] = []
        self.commands: list[dict[str, Any]] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def allow(self, provider: canonical.PartyId, **over: Any) -> canonical.AuthorizationDecision:
        """This function will let `provider` say ALLOWED, or what `over` says."""
        fields: dict[str, Any] = {"allowed": canonical.Allowed.ALLOWED, "provider": provider, "token": a_token(provider=provider)}
        decision = canonical.AuthorizationDecision(**{**fields, **over})
        self.decisions[provider] = decision
        return decision

    def answer(self, provider: canonical.PartyId) -> canonical.AuthorizationDecision:
        """This function will give the scripted answer of a provider; without one it does not know the token."""
        said = self.decisions.get(provider, UnknownToken("not known"))
        if isinstance(said, Exception):
            raise said
        return said() if callable(said) else said


class ScriptedGateway:
    """One platform whose partners follow the script."""

    def __init__(self, partners: Partners, platform: PlatformEntry) -> None:
        self.partners = partners
        self.platform = platform

    def authorize(
        self, request: canonical.AuthorizationRequest, *, receiver: canonical.PartyId, deadline_seconds: float
    ) -> canonical.AuthorizationDecision:
        self.partners.asked.append(receiver)
        if not self.partners.go_on.wait(timeout=deadline_seconds):
            raise gateways.GatewayTimedOut("silent")
        return self.partners.answer(receiver)

    async def authorize_async(
        self, request: canonical.AuthorizationRequest, *, receiver: canonical.PartyId, deadline_seconds: float
    ) -> canonical.AuthorizationDecision:
        self.partners.asked.append(receiver)
        if receiver in self.partners.silent:
            await asyncio.sleep(deadline_seconds)
            raise gateways.GatewayTimedOut("silent")
        return self.partners.answer(receiver)

    def send_command(self, command: canonical.Command | canonical.ProfileRequest, **told: Any) -> canonical.CommandResponse:
        self.partners.commands.append({"command": command, **told})
        if not self.partners.go_on.wait(timeout=told["deadline_seconds"]):
            raise gateways.GatewayTimedOut("silent")
        if isinstance(self.partners.response, Exception):
            raise self.partners.response
        return self.partners.response

    def prepare(self, parcel: Parcel) -> Call | None:
        return None

    def judge(self, parcel: Parcel, answer: Answer) -> Outcome:
        return Outcome("delivered")

    def forward(self, request: Forward) -> Forwarded:
        raise gateways.PlatformOffline("no wire")

    def probe(self) -> Call | None:
        return None


@contextmanager
def scripted_partners() -> Iterator[Partners]:
    """This function will put scripted partners in place of every OCPI platform while the block runs."""
    partners = Partners()
    former = gateways._factories.get("ocpi")
    gateways.register_gateway("ocpi", lambda platform: ScriptedGateway(partners, platform))
    try:
        yield partners
    finally:
        if former is None:
            del gateways._factories["ocpi"]
        else:
            gateways.register_gateway("ocpi", former)


def until(condition: Callable[[], bool]) -> None:
    """This function will wait until `condition` holds."""
    while not condition():
        sleep(0.005)
