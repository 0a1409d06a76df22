"""Partners of the hub for the tests of its doors."""

from collections.abc import Iterator

import pytest

from tests.builders.parties import an_agreement
from tests.wire import caller
from tests.wire.caller import Caller
from tests.wire.stub_partner import StubPartner, stub_partner


@pytest.fixture
def stub() -> Iterator[StubPartner]:
    """A partner's server on loopback."""
    with stub_partner() as partner:
        yield partner


@pytest.fixture
def alfa(db: None) -> Caller:
    """The operator DE-ALF, registered."""
    return caller.operator("DE-ALF")


@pytest.fixture
def beta(db: None) -> Caller:
    """The provider NL-BET, registered."""
    return caller.provider("NL-BET")


@pytest.fixture
def beta_at_stub(db: None, stub: StubPartner) -> Caller:
    """The provider NL-BET, whose endpoints are the stub's."""
    return caller.provider("NL-BET", at=stub.host)


@pytest.fixture
def alfa_at_stub(db: None, stub: StubPartner) -> Caller:
    """The operator DE-ALF, whose endpoints are the stub's."""
    return caller.operator("DE-ALF", at=stub.host)


@pytest.fixture
def everyone_roams(db: None) -> None:
    """An agreement of everyone with everyone."""
    an_agreement()
