"""A command finds its operator, leaves once with an address of the hub's, and comes back with what the operator said."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from roaming import canonical
from roaming.authorizations.waiting import TransactionOpen
from roaming.commands.forward import ResponseUrlRefused, ResponseUrlReused, TokenOfAnother, forward_command
from roaming.commands.models import ForwardedCommand
from roaming.commands.receiver import AmbiguousReceiver, UnknownLocation, UnknownSubject
from roaming.gateways import GatewayTimedOut, NoRoute, PlatformOffline
from roaming.locations.receive import put_location
from roaming.parties import directory
from roaming.parties.models import Platform
from roaming.sessions.receive import put_session
from tests.builders.canonical_messages import NOW, OPERATOR, PROVIDER, a_location, a_session, a_token
from tests.builders.gateways import Partners, scripted_partners, until
from tests.builders.parties import a_provider, an_agreement, an_operator, platform_of, roaming_partners

CHARGIE = canonical.PartyId("FR", "CHA")
VLOT = canonical.PartyId("BE", "VLO")
HUB = canonical.PartyId("DE", "HUB")
RESPONSE_URL = "https://emsp-nl-bet.example/ocpi/commands/results?request_id=12%2F7"


@pytest.fixture
def partners() -> Iterator[Partners]:
    with scripted_partners() as script:
        yield script


def start(**over: Any) -> canonical.StartSession:
    return canonical.StartSession(**{"token": a_token(), "location_id": "LOC-1", "evse_uid": "EVSE-1", **over})


def reserve(**over: Any) -> canonical.ReserveNow:
    fields = {"token": a_token(), "location_id": "LOC-1", "reservation_id": "RES-1", "expiry_date": NOW + timedelta(hours=2)}
    return canonical.ReserveNow(**{**fields, **over})


def send(command: canonical.Command, **over: Any) -> canonical.CommandResponse:
    platform = Platform.objects.get(name="EMSP NL-BET")
    named: dict[str, Any] = {"sender": PROVIDER, "receiver": None, "platform_id": platform.id, "response_url": RESPONSE_URL}
    return forward_command(**{**named, "command": command, "correlation_id": "c-1", "at": NOW, **over})


def store_location(operator: canonical.PartyId = OPERATOR) -> None:
    put_location(location=a_location(operator=operator), audience=None, at=NOW, correlation_id="c", deliver=False)


@pytest.mark.django_db
class TestForward:
    def test_hands_the_command_over_with_an_address_of_the_hub(self, partners: Partners, settings: Settings) -> None:
        settings.HUB_PUBLIC_URL = "https://hub.example"
        operator, provider = roaming_partners()
        store_location()
        assert send(start()) == canonical.CommandResponse(result="ACCEPTED", timeout=30)
        (sent,) = partners.commands
        row = ForwardedCommand.objects.get()
        assert sent["command"] == start()
        assert (sent["sender"], sent["receiver"], sent["correlation_id"]) == (PROVIDER, OPERATOR, "c-1")
        assert sent["response_url"] == f"https://hub.example/ocpi/callbacks/{row.callback_key}"
        assert len(row.callback_key) == 22  # 128 bits
        assert (row.command, row.sender, row.receiver, row.response_url) == ("START_SESSION", provider, operator, RESPONSE_URL)
        assert (row.sender_platform_id, row.receiver_platform_id) == (platform_of(provider).id, platform_of(operator).id)
        assert row.expires_at == NOW + timedelta(seconds=30) + timedelta(hours=24)

    def test_passes_the_operators_refusal_on(self, partners: Partners) -> None:
        roaming_partners()
        store_location()
        partners.response = canonical.CommandResponse(
            result="REJECTED", timeout=5, message=(canonical.DisplayText(language="en", text="closed"),)
        )
        assert send(start()) == partners.response

    @pytest.mark.parametrize("away", [PlatformOffline("away"), GatewayTimedOut("late")])
    def test_keeps_the_way_for_the_result_when_no_response_came(self, partners: Partners, away: Exception) -> None:
        roaming_partners()
        store_location()
        partners.response = away
        with pytest.raises(type(away)):
            send(start())
        assert ForwardedCommand.objects.get().response is None

    def test_a_reservation_is_remembered_as_long_as_it_holds(self, partners: Partners) -> None:
        roaming_partners()
        store_location()
        send(reserve())
        assert ForwardedCommand.objects.get().expires_at == NOW + timedelta(hours=26)
        send(reserve(reservation_id="RES-2", expiry_date=datetime.max.replace(tzinfo=NOW.tzinfo)), response_url=f"{RESPONSE_URL}2")
        assert ForwardedCommand.objects.get(subject="RES-2").expires_at == NOW + timedelta(days=367)


@pytest.mark.django_db
class TestReceiver:
    def test_is_the_operator_that_owns_the_location(self, partners: Partners) -> None:
        _, provider = roaming_partners()
        an_agreement(operator=an_operator("FR-CHA"), provider=provider)
        store_location(CHARGIE)
        send(start(), receiver=HUB)
        unlock = canonical.UnlockConnector(location_id="loc-1", evse_uid="EVSE-1", connector_id="1")
        send(unlock, response_url=f"{RESPONSE_URL}2")
        assert [sent["receiver"] for sent in partners.commands] == [CHARGIE, CHARGIE]

    def test_is_refused_where_two_operators_use_the_id(self, partners: Partners) -> None:
        _, provider = roaming_partners()
        an_agreement(operator=an_operator("FR-CHA"), provider=provider)
        store_location()
        store_location(CHARGIE)
        with pytest.raises(AmbiguousReceiver, match="OCPI-to"):
            send(start())
        send(start(), receiver=CHARGIE)
        assert [sent["receiver"] for sent in partners.commands] == [CHARGIE]

    def test_is_not_found_for_an_unknown_location_or_one_without_agreement(self, partners: Partners) -> None:
        roaming_partners()
        an_operator("FR-CHA")
        store_location(CHARGIE)
        with pytest.raises(UnknownLocation):
            send(start())
        with pytest.raises(NoRoute):
            send(start(), receiver=CHARGIE)
        assert partners.commands == []

    def test_of_a_stop_is_the_operator_of_the_providers_session(self, partners: Partners) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        put_session(session=a_session(), at=NOW, correlation_id="c", deliver=False)
        put_session(session=a_session(id="OTHERS", provider=VLOT), at=NOW, correlation_id="c", deliver=False)
        send(canonical.StopSession(session_id="session-1"))
        assert partners.commands[0]["receiver"] == OPERATOR
        for receiver in (None, OPERATOR):
            with pytest.raises(UnknownSubject):
                send(canonical.StopSession(session_id="OTHERS"), receiver=receiver, response_url=f"{RESPONSE_URL}2")
        with pytest.raises(UnknownSubject):
            send(canonical.StopSession(session_id="UNKNOWN"), response_url=f"{RESPONSE_URL}2")
        send(canonical.StopSession(session_id="UNKNOWN"), receiver=OPERATOR, response_url=f"{RESPONSE_URL}3")
        assert len(partners.commands) == 2

    def test_of_a_cancellation_is_where_the_reservation_went(self, partners: Partners) -> None:
        roaming_partners()
        store_location()
        with pytest.raises(UnknownSubject):
            send(canonical.CancelReservation(reservation_id="RES-1"))
        send(reserve())
        send(canonical.CancelReservation(reservation_id="RES-1"), response_url=f"{RESPONSE_URL}2")
        assert partners.commands[1]["receiver"] == OPERATOR


@pytest.mark.django_db
class TestRefusals:
    @pytest.mark.parametrize("command", [start, reserve])
    def test_a_token_of_another_provider(self, partners: Partners, command: Any) -> None:
        roaming_partners()
        store_location()
        with pytest.raises(TokenOfAnother, match=r"^token: "):
            send(command(token=a_token(provider=VLOT)))
        assert partners.commands == []

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.2/results",
            "https://cpo-de-alf.example/results",
            "https://emsp-nl-bet.example:8443/results",
            "https://emsp-nl-bet.example@127.0.0.2/results",
            "ftp://emsp-nl-bet.example/results",
            "https://emsp-nl-bet.example/" + "x" * 255,
            "",
        ],
    )
    def test_an_address_for_the_result_that_is_not_the_providers_own(self, partners: Partners, url: str) -> None:
        roaming_partners()
        store_location()
        with pytest.raises(ResponseUrlRefused, match=r"^response_url: "):
            send(start(), response_url=url)
        assert partners.commands == []
        assert not ForwardedCommand.objects.exists()

    def test_an_agreement_that_leaves_commands_out(self, partners: Partners) -> None:
        an_agreement(operator=an_operator("DE-ALF"), provider=a_provider("NL-BET"), modules=["locations", "tokens"])
        store_location()
        with pytest.raises(NoRoute):
            send(start(), receiver=OPERATOR)
        with pytest.raises(UnknownLocation):
            send(start())


@pytest.mark.django_db
class TestRepeats:
    def test_the_same_command_gets_the_same_response_and_is_not_forwarded(self, partners: Partners) -> None:
        roaming_partners()
        store_location()
        first = send(start())
        partners.response = canonical.CommandResponse(result="REJECTED", timeout=1)
        assert send(start(), at=NOW + timedelta(minutes=4)) == first
        assert len(partners.commands) == 1

    def test_after_five_minutes_it_is_another_command(self, partners: Partners) -> None:
        roaming_partners()
        store_location()
        send(start())
        send(start(), at=NOW + timedelta(minutes=5))
        assert len(partners.commands) == 2

    @pytest.mark.parametrize("other", [start(evse_uid="EVSE-2"), reserve()])
    def test_another_command_with_its_address_is_refused(self, partners: Partners, other: canonical.Command) -> None:
        roaming_partners()
        store_location()
        send(start())
        with pytest.raises(ResponseUrlReused, match=r"^response_url: "):
            send(other)
        assert len(partners.commands) == 1

    def test_a_reservation_sent_anew_replaces_the_former(self, partners: Partners) -> None:
        roaming_partners()
        store_location()
        send(reserve())
        send(reserve(expiry_date=NOW + timedelta(hours=3)))
        assert len(partners.commands) == 2
        with pytest.raises(ResponseUrlReused):
            send(reserve(reservation_id="RES-2"))

    def test_one_that_got_no_response_is_forwarded_again_under_the_same_address(self, partners: Partners) -> None:
        roaming_partners()
        store_location()
        partners.response = GatewayTimedOut("late")
        with pytest.raises(GatewayTimedOut):
            send(start())
        partners.response = canonical.CommandResponse(result="ACCEPTED", timeout=30)
        send(start())
        assert partners.commands[0]["response_url"] == partners.commands[1]["response_url"]
        assert ForwardedCommand.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestWaiting:
    def test_repeats_that_come_together_are_one_command(self, partners: Partners) -> None:
        roaming_partners()
        store_location()
        directory.current()
        partners.go_on.clear()
        responses: list[canonical.CommandResponse] = []

        def send_in_thread() -> None:
            try:
                responses.append(send(start()))
            finally:
                connection.close()

        threads = [threading.Thread(target=send_in_thread) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: len(partners.commands) > 0)
        partners.go_on.set()
        for thread in threads:
            thread.join()
        assert responses == [canonical.CommandResponse(result="ACCEPTED", timeout=30)] * 4
        assert (len(partners.commands), ForwardedCommand.objects.count()) == (1, 1)

    def test_no_operator_is_asked_inside_a_transaction(self, partners: Partners) -> None:
        roaming_partners()
        store_location()
        with transaction.atomic(), pytest.raises(TransactionOpen):
            send(start())
        assert partners.commands == []
