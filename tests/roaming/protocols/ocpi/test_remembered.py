"""What the hub remembers for partners on 2.1.1: references of commands, what it must take down, and tariffs not valid yet."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from roaming.commands.models import ForwardedCommand
from roaming.deliveries.drain import drain
from roaming.deliveries.models import Delivery
from roaming.exchanges.losses import flush_losses
from roaming.exchanges.models import CrossingLoss
from roaming.parties import directory
from roaming.parties.models import Platform
from roaming.sessions.models import Session
from roaming.tariffs.models import Tariff
from roaming.tariffs.turn import tell_turned_tariffs
from tests.builders.parties import an_agreement
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import a_message
from tests.wire.stub_partner import StubPartner

pytestmark = pytest.mark.django_db(transaction=True)

RECEIVER = "/ocpi/2.2.1/receiver"
AT_STUB = "/ocpi/2.2.1"
NO_ROUTING: dict[str, str | None] = {"OCPI-from-country-code": None, "OCPI-from-party-id": None}


def on_2_1_1(partner: Caller) -> Caller:
    Platform.objects.filter(id=partner.platform.id).update(version="2.1.1")
    directory.changed()
    return partner


@pytest.fixture
def old_beta(transactional_db: None, stub: StubPartner) -> Caller:
    """The provider NL-BET on 2.1.1 at the stub, with an agreement."""
    an_agreement()
    return on_2_1_1(caller.provider("NL-BET", at=stub.host))


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_session_of_a_2_1_1_operator_gets_the_reference_and_the_driver_of_its_command(transactional_db: None, stub: StubPartner) -> None:
    an_agreement()
    alfa, beta = on_2_1_1(caller.operator("DE-ALF", at=stub.host)), caller.provider("NL-BET", at=stub.host)
    stub.answer("POST", f"{AT_STUB}/commands/START_SESSION", {"result": "ACCEPTED"})
    token = a_message("token", uid="APP-7", type="APP_USER", contract_id="NL-BET-C00000007-7")
    body = {"response_url": f"{stub.url}/r", "token": token, "location_id": "LOC-1", "authorization_reference": "REF-7"}
    assert beta.call("POST", f"{RECEIVER}/commands/START_SESSION", body, to="DE-ALF").data["result"] == "ACCEPTED"
    assert "authorization_reference" not in stub.heard[0].json
    began = ForwardedCommand.objects.get().created_at + timedelta(minutes=1)
    session: dict[str, Any] = {
        "id": "S-1",
        "start_datetime": stamp(began),
        "kwh": 0,
        "auth_id": "NLBETC000000077",  # the contract without its separators, as charge points know it
        "auth_method": "AUTH_REQUEST",
        "location": a_location_of_2_1_1(),
        "currency": "EUR",
        "status": "ACTIVE",
        "last_updated": stamp(began),
    }
    url = "/ocpi/2.1.1/receiver/sessions/DE/ALF/S-1"
    assert alfa.call("PUT", url, session, headers=NO_ROUTING).status == (201, 1000)
    kept = Session.objects.get()
    assert (kept.authorization_reference, kept.token_uid, kept.provider.party_id) == ("REF-7", "APP-7", "BET")
    assert kept.document["cdr_token"]["type"] == "APP_USER"


def a_location_of_2_1_1() -> dict[str, Any]:
    place = a_message("location")
    connector = {
        "id": "1",
        "standard": "CHADEMO",
        "format": "CABLE",
        "power_type": "DC",
        "voltage": 400,
        "amperage": 125,
        "last_updated": "2026-10-05T08:00:00Z",
    }
    evse = {"uid": "EVSE-1", "status": "AVAILABLE", "connectors": [connector], "last_updated": "2026-10-05T08:00:00Z"}
    kept = {name: place[name] for name in ("id", "address", "city", "country", "last_updated")}
    coordinates = {"latitude": "53.545100", "longitude": "9.966700"}
    return {**kept, "type": "ON_STREET", "postal_code": "20457", "coordinates": coordinates, "evses": [evse]}


class TestWithdrawnLocation:
    def test_is_taken_down_once_at_those_who_cannot_hide_it(self, old_beta: Caller, stub: StubPartner) -> None:
        alfa, gamma = caller.operator("DE-ALF"), caller.provider("FR-GAM", at=stub.host)
        url, at_stub = f"{RECEIVER}/locations/DE/ALF/LOC-1", f"{AT_STUB}/locations/DE/ALF/LOC-1"
        stub.answer("PUT", at_stub)
        stub.answer("PATCH", at_stub)
        stub.answer("PATCH", f"{at_stub}/EVSE-1")
        alfa.call("PUT", url, a_message("location", publish=True, last_updated="2026-10-05T10:00:00Z"), to=HUB)
        drain()
        stub.heard.clear()
        alfa.call("PUT", url, a_message("location", publish=False, last_updated="2026-10-05T11:00:00Z"), to=HUB)
        assert drain() == {"delivered": 2}
        [whole], [down] = stub.heard_at("PUT", at_stub), stub.heard_at("PATCH", at_stub)
        assert (whole.json["publish"], whole.headers["ocpi-to-party-id"]) == (False, gamma.key.party_id)
        assert {evse["status"] for evse in down.json["evses"]} == {"REMOVED"}
        assert down.json["last_updated"] == "2026-10-05T11:00:00Z"
        assert set(down.json) == {"evses", "last_updated"}
        flush_losses()
        loss = CrossingLoss.objects.get(field="publish")
        assert (loss.receiver, loss.is_blocked, loss.now) == ("NL-BET", False, "every EVSE is told as REMOVED")
        alfa.call("PATCH", f"{url}/EVSE-1", {"status": "CHARGING", "last_updated": "2026-10-05T12:00:00Z"}, to=HUB)
        drain()
        assert len(stub.heard_at("PATCH", at_stub)) == 1
        alfa.call("PUT", url, a_message("location", publish=True, last_updated="2026-10-05T13:00:00Z"), to=HUB)
        stub.heard.clear()
        assert drain()["delivered"] == 2
        assert {heard.method for heard in stub.heard} == {"PUT"}


class TestTariff:
    def test_goes_out_when_it_becomes_valid_and_is_deleted_when_it_ends(self, old_beta: Caller, stub: StubPartner) -> None:
        alfa, at_stub = caller.operator("DE-ALF"), f"{AT_STUB}/tariffs/DE/ALF/T-1"
        stub.answer("PUT", at_stub)
        stub.answer("DELETE", at_stub)
        energy = {"price_components": [{"type": "ENERGY", "price": 0.5, "step_size": 1}]}
        now = timezone.now()
        tariff = {
            "country_code": "DE",
            "party_id": "ALF",
            "id": "T-1",
            "currency": "EUR",
            "elements": [energy],
            "start_date_time": stamp(now + timedelta(hours=1)),
            "end_date_time": stamp(now + timedelta(hours=2)),
            "last_updated": stamp(now),
        }
        alfa.call("PUT", f"{RECEIVER}/tariffs/DE/ALF/T-1", tariff, to=HUB)
        drain()
        assert stub.heard == []
        assert not Delivery.objects.filter(state="rejected").exists()
        document = Tariff.objects.get().document
        assert tell_turned_tariffs(at=now) == 0
        # The hour passes: what is sent goes by the clock of the hub.
        Tariff.objects.update(document={**document, "start_date_time": stamp(now)})
        assert tell_turned_tariffs(at=now + timedelta(hours=1)) == 1
        assert tell_turned_tariffs(at=now + timedelta(hours=1)) == 0
        drain()
        assert [heard.method for heard in stub.heard] == ["PUT"]
        Tariff.objects.update(document={**document, "start_date_time": stamp(now - timedelta(hours=1)), "end_date_time": stamp(now)})
        assert tell_turned_tariffs(at=now + timedelta(hours=2)) == 1
        drain()
        assert [heard.method for heard in stub.heard] == ["PUT", "DELETE"]
        assert Tariff.objects.get().turns_at is None

    def test_whose_price_cannot_be_said_any_more_is_deleted_where_it_was_told(self, old_beta: Caller, stub: StubPartner) -> None:
        alfa, at_stub = caller.operator("DE-ALF"), f"{AT_STUB}/tariffs/DE/ALF/AC-1"
        stub.answer("PUT", at_stub)
        stub.answer("DELETE", at_stub)
        energy = {"price_components": [{"type": "ENERGY", "price": 0.5, "step_size": 1}]}
        tariff: dict[str, Any] = {"country_code": "DE", "party_id": "ALF", "id": "AC-1", "currency": "EUR", "elements": [energy]}
        url = f"{RECEIVER}/tariffs/DE/ALF/AC-1"
        dearer = {**tariff, "min_price": {"excl_vat": 3}, "last_updated": "2026-10-05T10:00:00Z"}
        alfa.call("PUT", url, dearer, to=HUB)
        drain()
        assert stub.heard == []
        alfa.call("PUT", url, {**tariff, "last_updated": "2026-10-05T11:00:00Z"}, to=HUB)
        drain()
        alfa.call("PUT", url, {**dearer, "last_updated": "2026-10-05T12:00:00Z"}, to=HUB)
        drain()
        assert [heard.method for heard in stub.heard] == ["PUT", "DELETE"]

    def test_that_turns_is_not_told_again_to_those_who_know_its_dates(self, transactional_db: None, stub: StubPartner) -> None:
        an_agreement()
        alfa, _ = caller.operator("DE-ALF"), caller.provider("NL-BET", at=stub.host)
        stub.answer("PUT", f"{AT_STUB}/tariffs/DE/ALF/AC-1")
        now = timezone.now()
        tariff = a_message("tariff", start_date_time=stamp(now + timedelta(hours=1)), last_updated=stamp(now))
        assert alfa.call("PUT", f"{RECEIVER}/tariffs/DE/ALF/AC-1", tariff, to=HUB).status == (201, 1000)
        drain()
        assert tell_turned_tariffs(at=now + timedelta(hours=1)) == 1
        assert drain() == {"delivered": 1}
        assert len(stub.heard) == 1
