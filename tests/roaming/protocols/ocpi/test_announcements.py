"""HubClientInfo as the hub pushes it: to those who implement it and may know the party, once per change."""

from typing import Any

import pytest

from roaming.deliveries.drain import drain
from roaming.parties import directory
from roaming.parties.liveness import mark_status
from roaming.parties.lock import lock_platform
from roaming.parties.models import Endpoint, Platform
from roaming.protocols.ocpi.announcements import announce_states
from tests.builders.canonical_messages import NOW
from tests.builders.parties import an_agreement
from tests.wire import caller
from tests.wire.caller import Caller
from tests.wire.stub_partner import StubPartner

pytestmark = [pytest.mark.django_db(transaction=True)]

INFO = "/ocpi/2.2.1/hubclientinfo/DE/ALF"


@pytest.fixture
def beta(transactional_db: None, stub: StubPartner) -> Caller:
    """The provider NL-BET, which serves HubClientInfo at the stub."""
    beta = caller.provider("NL-BET", at=stub.host)
    Endpoint.objects.create(
        platform=beta.platform, module="hubclientinfo", interface="RECEIVER", url=f"{stub.url}/ocpi/2.2.1/hubclientinfo"
    )
    an_agreement()
    stub.answer("PUT", INFO)
    Platform.objects.update(told_state="CONNECTED")
    directory.changed()
    return beta


def told(stub: StubPartner) -> list[dict[str, Any]]:
    announce_states(at=NOW)
    drain()
    return [heard.json for heard in stub.heard_at("PUT", INFO)]


def test_offline_and_back_and_locked_are_each_told(beta: Caller, stub: StubPartner) -> None:
    alfa = caller.operator("DE-ALF")
    told(stub)
    mark_status(platform_id=alfa.platform.id, status=Platform.Status.OFFLINE, at=NOW)
    assert told(stub)[-1]["status"] == "OFFLINE"
    mark_status(platform_id=alfa.platform.id, status=Platform.Status.CONNECTED, at=NOW)
    assert told(stub)[-1]["status"] == "CONNECTED"
    lock_platform(platform=alfa.platform, at=NOW)
    assert [info["status"] for info in told(stub)] == ["CONNECTED", "OFFLINE", "CONNECTED", "SUSPENDED"]
