"""Receivers of the stub's protocol, and rows for them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from roaming.deliveries.models import Delivery
from roaming.parties.models import Endpoint, Party
from tests.builders.parties import a_party, a_platform, a_provider
from tests.roaming.deliveries.stub import PROTOCOL, Receiver, register

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def stub_protocol() -> None:
    register()


@pytest.fixture
def receivers() -> Iterator[Callable[..., Receiver]]:
    """Opens receivers and closes them after the test."""
    opened: list[Receiver] = []

    def open_one(*args: Any, **options: Any) -> Receiver:
        opened.append(Receiver(*args, **options))
        return opened[-1]

    yield open_one
    for receiver in opened:
        receiver.close()


def a_receiver(url: str = "http://127.0.0.1:1", key: str = "NL-BET") -> Party:
    """This function will store a provider on a platform of its own that speaks the stub's protocol at `url`."""
    platform = a_platform(f"Stub of {key}", protocol=PROTOCOL, allowed_hosts=[url.split("/")[2]], versions_url=url)
    party = a_provider(key, platform=platform)
    Endpoint.objects.filter(platform=platform).update(url=url)
    return party


def a_delivery(receiver: Party, **over: Any) -> Delivery:
    """This function will queue one location for a receiver, due now; any column can be told."""
    told: dict[str, Any] = {
        "platform": receiver.roles.earliest("id").platform,
        "receiver": receiver,
        "receiver_role": "EMSP",
        "module": "locations",
        "verb": "put",
        "object_type": "location",
        "object_row": 1,
        "not_before": NOW - timedelta(minutes=1),
    }
    return Delivery.objects.create(**told | over)


def a_cdr_delivery(receiver: Party, row: int, **over: Any) -> Delivery:
    """This function will queue one CDR."""
    return a_delivery(receiver, module="cdrs", verb="post", object_type="cdr", object_row=row, **over)


def a_sender(key: str = "DE-ALF") -> Party:
    """This function will store a company that addresses its objects to one receiver."""
    return a_party(key)
