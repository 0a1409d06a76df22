"""Asking providers: one, or each of them at once under one shared deadline."""

import asyncio
import logging
from collections.abc import Sequence
from time import monotonic

from roaming import canonical
from roaming.authorizations.background import run_in_background
from roaming.authorizations.decide import is_provider_connected
from roaming.gateways import GatewayBroken, GatewayRefusal, GatewayTimedOut, NoRoute, PlatformOffline, UnknownToken, gateway_for
from roaming.parties.snapshot import Directory, PlatformEntry
from roaming.routing.sides import Side

logger = logging.getLogger(__name__)

# What is left for the way back: the caller's deadline must not pass while the answer is written down (reliability §3.1).
_MARGIN_SECONDS = 0.3


def budget(*, deadline_seconds: float, spent_seconds: float) -> float:
    """This function will return the seconds that a provider may take, of the caller's deadline."""
    margin = min(_MARGIN_SECONDS, deadline_seconds / 4)
    return max(deadline_seconds - margin - spent_seconds, 0.05)


def ask_one(
    *, request: canonical.AuthorizationRequest, provider: canonical.PartyId, directory: Directory, deadline_seconds: float
) -> canonical.AuthorizationDecision:
    """This function will return the provider's own decision; it raises a GatewayRefusal where there is none."""
    gateway = gateway_for(_platform_of(provider, directory))
    return gateway.authorize(request, receiver=provider, deadline_seconds=deadline_seconds)


async def ask_one_async(
    *, request: canonical.AuthorizationRequest, provider: canonical.PartyId, directory: Directory, deadline_seconds: float
) -> canonical.AuthorizationDecision:
    """This function will do what `ask_one` does, inside an event loop."""
    gateway = gateway_for(_platform_of(provider, directory))
    return await gateway.authorize_async(request, receiver=provider, deadline_seconds=deadline_seconds)


def ask_each(
    *,
    request: canonical.AuthorizationRequest,
    providers: Sequence[canonical.PartyId],
    directory: Directory,
    deadline_seconds: float,
) -> canonical.AuthorizationDecision:
    """This function will ask all at once and return the first ALLOWED, else another decision; it raises a GatewayRefusal."""
    return run_in_background(
        ask_each_async(request=request, providers=providers, directory=directory, deadline_seconds=deadline_seconds),
        seconds=deadline_seconds + _MARGIN_SECONDS,
    )


async def ask_each_async(
    *,
    request: canonical.AuthorizationRequest,
    providers: Sequence[canonical.PartyId],
    directory: Directory,
    deadline_seconds: float,
) -> canonical.AuthorizationDecision:
    """This function will do what `ask_each` does, inside an event loop. Providers known to be away are not asked and not waited for."""
    asked = [provider for provider in providers if is_provider_connected(directory, provider)]
    if not asked:
        raise PlatformOffline("no provider that could be asked is connected")
    answers: list[canonical.AuthorizationDecision | GatewayRefusal] = []
    ends = monotonic() + deadline_seconds
    waiting = {asyncio.ensure_future(_answer(request, provider, directory, deadline_seconds)) for provider in asked}
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=max(ends - monotonic(), 0), return_when=asyncio.FIRST_COMPLETED)
            if not done:
                answers.append(GatewayTimedOut("a provider did not answer before the deadline"))
                break
            for answer in (task.result() for task in done):
                if isinstance(answer, canonical.AuthorizationDecision) and answer.allowed is canonical.Allowed.ALLOWED:
                    return answer
                answers.append(answer)
    finally:
        for task in waiting:
            task.cancel()
    return _best_of(answers)


async def _answer(
    request: canonical.AuthorizationRequest, provider: canonical.PartyId, directory: Directory, deadline_seconds: float
) -> canonical.AuthorizationDecision | GatewayRefusal:
    try:
        return await ask_one_async(request=request, provider=provider, directory=directory, deadline_seconds=deadline_seconds)
    except GatewayRefusal as refusal:
        return refusal
    except Exception:
        # One gateway's fault must not take the answer of the others away; it is ours to find in the log.
        logger.exception("asking a provider failed", extra={"provider": str(provider)})
        return GatewayBroken("asking the provider failed")


def _best_of(answers: Sequence[canonical.AuthorizationDecision | GatewayRefusal]) -> canonical.AuthorizationDecision:
    """This function will return a provider's decision, or raise the truest reason why there is none.

    Who is late may still know the token, so it is not called unknown then. Who is away could not let anybody charge: it does not
    change what the others said.
    """
    for answer in answers:
        if isinstance(answer, canonical.AuthorizationDecision):
            return answer
    refusals = [answer for answer in answers if isinstance(answer, GatewayRefusal)]
    for kind in (GatewayTimedOut, UnknownToken, PlatformOffline, GatewayRefusal):
        for refusal in refusals:
            if isinstance(refusal, kind):
                raise refusal
    raise UnknownToken("no provider knows the token")


def _platform_of(provider: canonical.PartyId, directory: Directory) -> PlatformEntry:
    platform = directory.platform_on_side(provider, Side.PROVIDER)
    if platform is None:
        raise NoRoute(f"{provider} is not a provider on this hub")
    return platform
