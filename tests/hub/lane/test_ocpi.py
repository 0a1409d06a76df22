"""What authorising promises where a provider is asked, once more through the lane: the tests of Django's door, by another way in."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders.parties import an_agreement
from tests.conformance.ocpi.conftest import asked, gamma  # noqa: F401  (fixtures)
from tests.conformance.ocpi.test_broadcast import (  # noqa: F401  (tests, once more)
    test_044_the_provider_of_a_known_token_is_found,
    test_045_a_token_that_nobody_knows_is_404_with_2004,
)
from tests.conformance.ocpi.test_hub_errors import (  # noqa: F401  (tests, once more)
    test_026_a_receiver_that_never_answers_is_4002_at_the_deadline,
    test_027_a_receiver_that_refuses_the_connection_is_4003,
)
from tests.conformance.ocpi.test_ids_and_routing import (  # noqa: F401  (tests, once more)
    test_014_the_receiver_sees_a_new_request_id_and_the_same_correlation_id,
    test_015_the_caller_gets_its_own_ids_back,
    test_017_the_answer_is_to_the_requester_from_the_responder,
    test_021_a_receiver_in_lower_case_is_reached,
)
from tests.conformance.ocpi.test_modules import test_097_the_providers_word_is_http_200_with_1000  # noqa: F401  (a test, once more)
from tests.hub.lane.conftest import Serve
from tests.hub.lane.way import Way, everybody_is_known, way_in
from tests.roaming.protocols.ocpi import test_authorize as authorize
from tests.roaming.protocols.ocpi.conftest import alfa, alfa_at_stub, beta, beta_at_stub, stub  # noqa: F401  (fixtures)
from tests.wire import caller

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("everyone_roams")]


@pytest.fixture
def everyone_roams(transactional_db: None) -> None:
    an_agreement()


@pytest.fixture
def roaming(everyone_roams: None) -> None:
    """The agreement under the name that the conformance cases ask for it by."""


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
