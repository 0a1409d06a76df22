"""A message of the trace is played again: once more out, or once more through its door, with who did it in the audit trail."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from roaming.deliveries.models import Delivery
from roaming.exchanges.models import Exchange
from roaming.exchanges.record import flush
from roaming.locations.models import Location
from roaming.models import AuditRecord
from tests.builders.parties import an_agreement
from tests.conformance.ocpi.words import AT_STUB, AUTHORIZE, LOCATION, SESSION, deliver, location, session
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.stub_partner import stub_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def alfa(db: None) -> Caller:
    """The operator DE-ALF, with an agreement with everyone."""
    an_agreement()
    return caller.operator("DE-ALF")


def replay(direction: str, **which: Any) -> dict[str, Any]:
    flush()
    row = Exchange.objects.filter(direction=direction, **which).latest("id")
    told = StringIO()
    call_command(
        "replay_message", "--exchange", str(row.pk), "--by", "ops@example.com", "--reason", "asked by phone", "--json", stdout=told
    )
    read: dict[str, Any] = json.loads(told.getvalue())
    return read


def test_a_push_that_was_delivered_leaves_once_more_with_the_state_as_it_is_now(alfa: Caller) -> None:
    with stub_partner() as stub:
        caller.provider("NL-BET", at=stub.host)
        stub.answer("PUT", f"{AT_STUB}/locations/DE/ALF/LOC-1")
        alfa.call("PUT", LOCATION, location(), to=HUB)
        assert deliver() == {"delivered": 1}
        Location.objects.update(document={**Location.objects.get().document, "city": "Altona"})
        assert replay("out", method="PUT")["deliveries"] == 1
        assert deliver() == {"delivered": 1}
        assert [heard.json["city"] for heard in stub.heard] == ["Hamburg", "Altona"]
    trail = AuditRecord.objects.get(action="replayed")
    assert (trail.actor, trail.reason, trail.subject_type) == ("ops@example.com", "asked by phone", "roaming_exchange")


def test_a_message_that_came_in_goes_through_its_door_again_as_its_sender(alfa: Caller) -> None:
    changes = {"status": "CHARGING", "last_updated": "2026-10-05T09:00:00Z"}
    assert alfa.call("PATCH", f"{LOCATION}/EVSE-1", changes, to=HUB).http == 404  # it came before its location
    alfa.call("PUT", LOCATION, location(), to=HUB)
    done = replay("in", method="PATCH")
    assert (done["deliveries"], done["http"], done["status"]) == (0, 200, 1000)
    assert Location.objects.get().document["evses"][0]["status"] == "CHARGING"
    assert replay("in", method="PATCH")["http"] == 200  # as safe to repeat as the partner's own repeat
    legs = Exchange.objects.filter(method="PATCH").values_list("sender", "receiver", "correlation_id").distinct()
    assert list(legs) == [("DE-ALF", "DE-HUB", "correlation-1")]


def test_a_message_with_a_drivers_secret_is_played_from_the_outbox(alfa: Caller) -> None:
    caller.provider("NL-BET")
    alfa.call("PUT", SESSION, session(), to=HUB)
    Delivery.objects.update(state="parked")
    assert replay("in", module="sessions")["deliveries"] == 1
    assert Delivery.objects.get().state == "waiting"


def test_what_is_gone_or_is_an_act_is_not_played(alfa: Caller, db: None) -> None:
    alfa.call("PUT", SESSION, session(), to=HUB)
    with pytest.raises(CommandError, match="ask the partner to send it again"):
        replay("in", module="sessions")
    alfa.call("POST", AUTHORIZE, {}, to=HUB)
    with pytest.raises(CommandError, match="only pushes of objects"):
        replay("in", method="POST")
    with pytest.raises(CommandError, match="no exchange 0"):
        call_command("replay_message", "--exchange", "0")


def test_nobody_on_the_network_can_say_that_a_message_is_played(alfa: Caller, settings: Any) -> None:
    told: dict[str, str | None] = {"Authorization": None, "replayed_as": "1", "Replayed-As": "1"}
    assert alfa.call("PUT", LOCATION, location(), to=HUB, headers=told).http == 401
