"""Results of commands go on to the provider: once, for a reservation as often as they come, late but not for ever."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from roaming import canonical
from roaming.commands.forward import forward_command
from roaming.commands.models import ForwardedCommand
from roaming.commands.relay import Relayed, UnknownCallback, receive_result
from roaming.deliveries.models import Delivery
from tests.builders.canonical_messages import NOW, OPERATOR, PROVIDER, a_token
from tests.builders.deliveries import waiting
from tests.builders.gateways import Partners, scripted_partners
from tests.builders.parties import platform_of, roaming_partners

pytestmark = pytest.mark.django_db

RESPONSE_URL = "https://emsp-nl-bet.example/results/1"
START = canonical.StartSession(token=a_token(), location_id="LOC-1")
RESERVE = canonical.ReserveNow(token=a_token(), location_id="LOC-1", reservation_id="RES-1", expiry_date=NOW + timedelta(hours=2))
ACCEPTED = canonical.CommandResult(result="ACCEPTED", message=(canonical.DisplayText(language="en", text="charging"),))
CANCELLED = canonical.CommandResult(result="CANCELED_RESERVATION")


@pytest.fixture(autouse=True)
def partners() -> Iterator[Partners]:
    with scripted_partners() as script:
        yield script


def forwarded(command: canonical.Command = START) -> ForwardedCommand:
    _, provider = roaming_partners()
    forward_command(
        command=command,
        sender=PROVIDER,
        receiver=OPERATOR,
        platform_id=platform_of(provider).id,
        response_url=RESPONSE_URL,
        correlation_id="c-1",
        at=NOW,
    )
    return ForwardedCommand.objects.get()


def receive(row: ForwardedCommand, result: canonical.CommandResult = ACCEPTED, **over: Any) -> Relayed:
    named = {"callback_key": row.callback_key, "platform_id": row.receiver_platform_id}
    return receive_result(**{**named, "result": result, "at": NOW + timedelta(seconds=10), **over})


class TestResult:
    def test_is_queued_for_the_provider_in_the_operators_name(self) -> None:
        row = forwarded()
        assert receive(row) is Relayed.FORWARDED
        assert waiting() == ["post command_result to NL-BET from DE-ALF"]
        delivery = Delivery.objects.get()
        assert (delivery.module, delivery.receiver_role, delivery.correlation_id) == ("commands", "EMSP", "c-1")
        assert delivery.payload == {
            "response_url": RESPONSE_URL,
            "command": "START_SESSION",
            "result": {"result": "ACCEPTED", "message": [{"language": "en", "text": "charging"}]},
        }
        row.refresh_from_db()
        assert row.result_at == NOW + timedelta(seconds=10)

    def test_again_is_not_forwarded(self) -> None:
        row = forwarded()
        receive(row)
        assert receive(row) is Relayed.DUPLICATE
        assert receive(row, canonical.CommandResult(result="FAILED")) is Relayed.DUPLICATE
        assert len(waiting()) == 1

    def test_of_a_reservation_is_forwarded_as_often_as_it_comes_in_one_order(self) -> None:
        row = forwarded(RESERVE)
        receive(row)
        assert receive(row, CANCELLED, at=NOW + timedelta(hours=1)) is Relayed.FORWARDED
        assert len(set(Delivery.objects.values_list("object_row", flat=True))) == 1
        results = Delivery.objects.order_by("id").values_list("payload__result__result", flat=True)
        assert list(results) == ["ACCEPTED", "CANCELED_RESERVATION"]

    def test_that_comes_late_is_forwarded_for_a_day(self) -> None:
        row = forwarded()
        limit = NOW + timedelta(seconds=30, hours=24)
        assert receive(row, at=limit + timedelta(seconds=1)) is Relayed.TOO_LATE
        assert waiting() == []
        assert receive(row, at=limit) is Relayed.FORWARDED

    def test_of_a_command_whose_response_was_lost_is_forwarded(self, partners: Partners) -> None:
        row = forwarded()
        ForwardedCommand.objects.update(response=None)
        assert receive(row) is Relayed.FORWARDED

    def test_at_an_unknown_address_or_from_a_foreign_platform_is_refused_alike(self) -> None:
        row = forwarded()
        refusals = []
        for over in ({"callback_key": "x" * 22}, {"platform_id": row.sender_platform_id}):
            with pytest.raises(UnknownCallback) as refused:
                receive(row, **over)
            refusals.append(str(refused.value))
        assert len(set(refusals)) == 1
        assert waiting() == []
