"""Cases 75 to 79: who is connected, told to those who may know."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from roaming.canonical import Role
from roaming.gateways import gateway_for
from roaming.parties import directory
from roaming.parties.liveness import list_silent, mark_status
from roaming.parties.models import Endpoint, Platform
from roaming.protocols.ocpi.announcements import announce_states
from tests.builders.canonical_messages import NOW
from tests.builders.parties import PartyRoleFactory, a_party, an_operator
from tests.conformance.ocpi.words import deliver, routing_of
from tests.wire import caller
from tests.wire.caller import Caller
from tests.wire.stub_partner import StubPartner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roaming")]

URL = "/ocpi/2.2.1/hubclientinfo"
AT_STUB = "/hubclientinfo/DE/ALF"


@pytest.fixture
def listener(beta_at_stub: Caller, stub: StubPartner) -> Caller:
    """NL-BET, which takes HubClientInfo at the stub and knows everybody's state so far."""
    Endpoint.objects.create(platform=beta_at_stub.platform, module="hubclientinfo", interface="RECEIVER", url=f"{stub.url}/hubclientinfo")
    stub.answer("PUT", AT_STUB)
    Platform.objects.update(told_state="CONNECTED")
    directory.changed()
    return beta_at_stub


def heard_states(stub: StubPartner, at: Any = NOW) -> list[dict[str, Any]]:
    """This function will let the hub tell its news and return all that NL-BET ever heard of DE-ALF."""
    announce_states(at=at)
    deliver()
    return [heard.json for heard in stub.heard_at("PUT", AT_STUB)]


def test_075_a_party_that_connects_is_told_once_without_routing_headers(listener: Caller, stub: StubPartner) -> None:
    caller.operator("DE-ALF")
    [info] = heard_states(stub)
    assert (info["country_code"], info["party_id"], info["role"], info["status"]) == ("DE", "ALF", "CPO", "CONNECTED")
    assert info["last_updated"].endswith("Z")
    assert routing_of(stub.heard[0].headers) == []
    assert heard_states(stub) == [info]


def test_077_a_party_with_two_roles_is_two_entries(alfa: Caller, beta: Caller) -> None:
    PartyRoleFactory.create(party=a_party("NL-BET"), platform=beta.platform, role=Role.NSP)
    assert sorted(info["role"] for info in alfa.call("GET", URL).data) == ["EMSP", "NSP"]


def test_078_the_list_is_filtered_by_date_and_paged(alfa: Caller) -> None:
    for key in ("FR-GAM", "NL-BET", "PL-DEL"):
        caller.provider(key)
    first = alfa.call("GET", f"{URL}?limit=2")
    assert (len(first.data), first.headers["X-Total-Count"], "offset=2" in first.headers["Link"]) == (2, "3", True)
    last = alfa.call("GET", f"{URL}?limit=2&offset=2")
    assert (len(last.data), "Link" in last.headers) == (1, False)
    assert alfa.call("GET", f"{URL}?date_from=2198-01-01T00:00:00Z").data == []
    assert len(alfa.call("GET", f"{URL}?date_to=2198-01-01T00:00:00Z").data) == 3
    assert alfa.call("GET", f"{URL}?date_from=soon").status == (200, 2001)


def test_079_every_party_of_a_platform_is_told_and_whoever_lacks_the_module_hears_nothing(listener: Caller, stub: StubPartner) -> None:
    gamma = caller.provider("FR-GAM", at=stub.host)
    alfa = caller.operator("DE-ALF")
    an_operator("FR-OMI", platform=alfa.platform)
    Platform.objects.filter(id=gamma.platform.id).update(told_state="CONNECTED")
    stub.answer("PUT", "/hubclientinfo/FR/OMI")
    heard_states(stub)
    assert sorted(heard.path.rpartition("/")[2] for heard in stub.heard) == ["ALF", "OMI"]


def test_076_silence_is_answered_by_one_call_and_offline_is_told_and_so_is_the_return(
    alfa_at_stub: Caller, stub: StubPartner, settings: Any
) -> None:
    own = alfa_at_stub.platform
    at = timezone.now()
    Platform.objects.filter(id=own.pk).update(last_seen_at=at - timedelta(seconds=settings.LIVENESS_SECONDS - 5))
    assert list_silent(at=at) == []
    assert list_silent(at=at + timedelta(seconds=6)) == [own.pk]
    entry = directory.current().platform(own.pk)
    assert entry is not None
    call = gateway_for(entry).probe()
    assert call is not None
    assert (call.method, call.url) == ("GET", f"{stub.url}/ocpi/versions")
    beta = caller.provider("NL-BET", at=stub.host)
    Endpoint.objects.create(platform=beta.platform, module="hubclientinfo", interface="RECEIVER", url=f"{stub.url}/hubclientinfo")
    stub.answer("PUT", AT_STUB)
    Platform.objects.update(told_state="CONNECTED")
    for status in (Platform.Status.OFFLINE, Platform.Status.CONNECTED):
        assert mark_status(platform_id=own.pk, status=status, at=at)
        assert heard_states(stub, at)[-1]["status"] == status
