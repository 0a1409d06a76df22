"""Partners for the conformance cases: an operator and a provider, with their own servers where a case looks at what left the hub."""

from typing import Any

import pytest

from tests.builders.parties import an_agreement
from tests.conformance.ocpi.words import PLACE, token
from tests.roaming.protocols.ocpi.conftest import alfa, alfa_at_stub, beta, beta_at_stub, everyone_roams, stub
from tests.wire import caller
from tests.wire.caller import Caller
from tests.wire.messages import as_json
from tests.wire.stub_partner import StubPartner

__all__ = ["alfa", "alfa_at_stub", "beta", "beta_at_stub", "everyone_roams", "stub"]


@pytest.fixture
def roaming(db: None) -> None:
    """An agreement of everyone with everyone."""
    an_agreement()


@pytest.fixture
def gamma(db: None) -> Caller:
    """The provider FR-GAM."""
    return caller.provider("FR-GAM")


@pytest.fixture
def asked(alfa: Caller, beta_at_stub: Caller, stub: StubPartner, roaming: None) -> Caller:
    """DE-ALF, whose question about a token NL-BET's server will answer with ALLOWED."""
    stub.answer("POST", "/ocpi/2.2.1/tokens/04A2B3C4D5E6F7/authorize", {"allowed": "ALLOWED", "token": as_json(token()), "location": PLACE})
    return alfa


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    """No limits by number of requests: a case that asks with many wrong tokens is about the answer to each."""
    settings.HUB_RATE_LIMITS = False
