"""What authorising promises where a provider is asked, once more through the lane: the tests of Django's door, by another way in."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders.parties import an_agreement
from tests.conformance.ocpi.test_hub_errors import (  # noqa: F401  (tests, once more)
    test_026_a_receiver_that_never_answers_is_4002_at_the_deadline,
    test_027_a_receiver_that_refuses_the_connection_is_4003,
)
from tests.hub.lane.conftest import Serve
from tests.hub.lane.way import Way, everybody_is_known, way_in
from tests.roaming.protocols.ocpi import test_authorize as authorize
from tests.roaming.protocols.ocpi.conftest import alfa, alfa_at_stub, beta, beta_at_stub, stub  # noqa: F401  (fixtures)
from tests.wire import caller

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("everyone_roams")]


@pytest.fixture
def everyone_roams(transactional_db: None) -> None:
    an_agreement()


@pytest.fixture(autouse=True)
def way(transactional_db: None, alone: None, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Iterator[Way]:
    with way_in(serve, lane=True) as entry:

        def send(*arguments: Any, **named: Any) -> Any:
            everybody_is_known()
            return entry.send(*arguments, **named)

        monkeypatch.setattr(caller, "send", send)
        yield entry


class TestAuthorizeAddressed(authorize.TestAddressedToTheProvider):
    pass


class TestAuthorizeOpenRouting(authorize.TestOpenRouting):
    pass
