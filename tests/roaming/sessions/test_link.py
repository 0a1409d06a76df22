"""A session finds the command that began it: by the provider's reference, else by driver, place and time; once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from roaming import canonical
from roaming.commands.forward import forward_command
from roaming.commands.models import ForwardedCommand
from roaming.commands.relay import receive_result
from roaming.parties.models import Platform
from roaming.sessions.link import link_sessions
from roaming.sessions.models import Session
from roaming.sessions.receive import put_session
from tests.builders.canonical_messages import NOW, OPERATOR, PROVIDER, a_session, a_token
from tests.builders.gateways import Partners, scripted_partners
from tests.builders.parties import roaming_partners

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def partners() -> Iterator[Partners]:
    with scripted_partners() as script:
        roaming_partners()
        yield script


def start(at: datetime = NOW, **over: Any) -> ForwardedCommand:
    """This function will let NL-BET start a session at LOC-1, which DE-ALF accepts."""
    return send(canonical.StartSession(**{"token": a_token(), "location_id": "LOC-1", **over}), at)


def send(command: canonical.Command, at: datetime = NOW) -> ForwardedCommand:
    platform = Platform.objects.get(name="EMSP NL-BET")
    forward_command(
        command=command,
        sender=PROVIDER,
        receiver=OPERATOR,
        platform_id=platform.id,
        response_url=f"https://emsp-nl-bet.example/r/{ForwardedCommand.objects.count()}",
        correlation_id="c-1",
        at=at,
    )
    return ForwardedCommand.objects.latest("created_at")


def begun(session_id: str = "S-1", after: timedelta = timedelta(minutes=1), **over: Any) -> int:
    """This function will store a session that began so long after NOW, and return its row."""
    fields = {"id": session_id, "status": "ACTIVE", "end_date_time": None, "authorization_reference": None, "location_id": "LOC-1"}
    session = a_session(**{**fields, "start_date_time": NOW + after, "last_updated": NOW + after, **over})
    put_session(session=session, at=NOW + timedelta(hours=2), correlation_id="c-1", deliver=False)
    return Session.objects.get(session_id=session_id).id


def linked(command: ForwardedCommand, *, after: timedelta = timedelta(hours=2)) -> int | None:
    link_sessions(at=NOW + after)
    command.refresh_from_db()
    return command.session_row


class TestLink:
    def test_by_the_reference_of_the_provider_whatever_the_time(self) -> None:
        command = start(authorization_reference="REF-1", location_id="LOC-9")
        begun("S-0")
        assert linked(command) is None
        row = begun(authorization_reference="REF-1", after=timedelta(hours=5))
        assert linked(command, after=timedelta(hours=6)) == row

    def test_by_driver_place_and_time(self) -> None:
        command = start()
        begun("S-early", after=timedelta(minutes=-11))
        begun("S-late", after=timedelta(hours=1, minutes=1))
        begun("S-elsewhere", location_id="LOC-2")
        begun("S-other", cdr_token=canonical.CdrToken(**{**token_of(a_session()), "uid": "0000"}))
        begun("S-referred", authorization_reference="REF-OTHER")
        assert linked(command) is None
        row = begun("S-1")
        assert linked(command) == row

    def test_one_session_has_one_start_the_latest(self) -> None:
        former, latest = start(), start(NOW + timedelta(minutes=2))
        row = begun(after=timedelta(minutes=3))
        assert (linked(latest), linked(former)) == (row, None)

    def test_a_reservation_and_the_start_that_used_it_share_one(self) -> None:
        reservation = canonical.ReserveNow(token=a_token(), location_id="LOC-1", reservation_id="R-1", expiry_date=NOW + timedelta(hours=5))
        reserved, started = send(reservation, NOW - timedelta(hours=3)), start()
        row = begun()
        assert (linked(reserved), linked(started)) == (row, row)

    def test_a_start_that_failed_began_nothing(self) -> None:
        command = start()
        receive_result(
            callback_key=command.callback_key,
            platform_id=command.receiver_platform_id,
            result=canonical.CommandResult(result="EVSE_OCCUPIED"),
            at=NOW,
        )
        begun()
        assert linked(command) is None


def token_of(session: canonical.Session) -> dict[str, Any]:
    fields: dict[str, Any] = canonical.to_builtins(session.cdr_token)
    return fields
