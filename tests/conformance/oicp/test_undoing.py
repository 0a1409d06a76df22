"""What started or was reserved too late is undone; and the place of a card reaches an OICP provider from the event loop too."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from roaming import canonical
from roaming.authorizations.background import run_in_background
from roaming.deliveries.drain import drain
from roaming.deliveries.models import Delivery
from roaming.locations.models import Location
from roaming.parties import directory
from roaming.protocols.oicp.compensation import undo_forgotten_starts
from roaming.protocols.oicp.gateway import OicpGateway
from roaming.routing.sides import Side
from roaming.sessions.hub_sessions import REMOTE, Opening, open_hub_session
from tests.conformance.oicp.test_bridge import UID, accept_commands, k, ocpi_stub, store_location
from tests.wire import oicp
from tests.wire.caller import Caller
from tests.wire.oicp_partner import Partner, acknowledged, answers, authorized, heard
from tests.wire.stub_partner import Heard, StubPartner, Told, envelope

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["k", "ocpi_stub"]  # fixtures

START, RESERVE = "authorize-remote/start", "reservation-start-request"


def test_a_start_whose_process_ended_while_it_waited_is_stopped(p: Partner, m: Partner, p_stub: StubPartner) -> None:
    operator, provider = directory.current().party(p.key), directory.current().party(m.key)
    assert operator is not None
    assert provider is not None
    opening = Opening(operator=operator.id, provider=provider.id, kind=REMOTE, evse_id="DE*ALF*E0001")
    at = timezone.now()
    for session_id, minutes in ((oicp.SESSION_ID, 4), (oicp.SESSION_ID.replace("7f", "8f"), 2)):
        open_hub_session(session_id=session_id, opening=opening, at=at - timedelta(minutes=minutes))
    stopped = "charging/v21/providers/NL-BET/authorize-remote/stop"
    p_stub.answer_by("POST", f"/api/oicp/{stopped}", lambda _: Told(status=503))

    assert undo_forgotten_starts(at=at) == 1  # the other may still be asked about
    assert undo_forgotten_starts(at=at) == 0
    drain()
    answers(p_stub, stopped, acknowledged("400"))
    Delivery.objects.update(not_before=at)
    drain()

    assert [one["SessionID"] for one in heard(p_stub, stopped)] == [oicp.SESSION_ID] * 2
    assert Delivery.objects.get().state == Delivery.State.DELIVERED


@pytest.mark.parametrize("is_reservation", [False, True])
def test_an_oicp_operator_that_answers_too_late_is_told_to_stop(
    p: Partner, m: Partner, p_stub: StubPartner, settings: Any, is_reservation: bool
) -> None:
    settings.OICP_REMOTE_SECONDS = 0.3
    p.push_evses(oicp.an_evse())
    group, start, stop = ("reservation/v11", RESERVE, "reservation-stop-request")
    if not is_reservation:
        group, start, stop = "charging/v21", START, "authorize-remote/stop"
    stopped = f"{group}/providers/NL-BET/{stop}"

    def late(_: Heard) -> Told:
        time.sleep(0.6)
        return Told(body=oicp.as_bytes(acknowledged()), headers={"Content-Type": "application/json"})

    p_stub.answer_by("POST", f"/api/oicp/{group}/providers/NL-BET/{start}", late)
    answers(p_stub, stopped, acknowledged())
    told = oicp.remote_start(Duration=15) if is_reservation else oicp.remote_start()

    reply = m.reserve("start", told) if is_reservation else m.remote("start", told)

    assert (reply.json["Result"], reply.code) == (False, "310")
    assert not heard(p_stub, stopped)  # it waits in the outbox, for whoever takes it up
    drain()
    assert [one["SessionID"] for one in heard(p_stub, stopped)] == [reply.json["SessionID"]]


def test_a_reservation_that_an_ocpi_operator_took_too_late_is_cancelled(
    k: Caller, m: Partner, ocpi_stub: StubPartner, settings: Any
) -> None:
    settings.OICP_REMOTE_SECONDS = 0.3
    store_location()
    accept_commands(ocpi_stub, k, result=None)
    for name in ("RESERVE_NOW", "CANCEL_RESERVATION"):
        ocpi_stub.answer_by("POST", f"/ocpi/2.2.1/commands/{name}", lambda _: envelope({"result": "ACCEPTED", "timeout": 30}))

    reply = m.reserve("start", oicp.remote_start(EvseID="FR*KOP*E0001", Duration=15))
    (told,) = [one.json for one in ocpi_stub.heard_at("POST", "/ocpi/2.2.1/commands/RESERVE_NOW")]
    k.call("POST", "/ocpi/" + told["response_url"].split("/ocpi/", 1)[1], {"result": "ACCEPTED"})
    drain()

    assert (reply.json["Result"], reply.code) == (False, "310")
    (cancelled,) = [one.json for one in ocpi_stub.heard_at("POST", "/ocpi/2.2.1/commands/CANCEL_RESERVATION")]
    assert cancelled["reservation_id"] == reply.json["SessionID"]


def test_a_provider_asked_from_the_event_loop_hears_the_evse(k: Caller, m: Partner, m_stub: StubPartner) -> None:
    store_location()
    path = "charging/v21/operators/FR*KOP/authorize/start"
    answers(m_stub, path, authorized())
    platform = directory.current().platform_on_side(m.key, Side.PROVIDER)
    assert platform is not None
    request = canonical.AuthorizationRequest(
        operator=k.key,
        token_uid=UID,
        token_type="RFID",
        location=canonical.LocationReferences(location_id="l1", evse_uids=("e1",)),
        receiver=m.key,
        correlation_id="c",
    )
    for _ in range(2):
        run_in_background(OicpGateway(platform).authorize_async(request, receiver=m.key, deadline_seconds=3.0), seconds=4.0)
        Location.objects.all().delete()  # the second time it is remembered

    assert [one["EvseID"] for one in heard(m_stub, path)] == ["FR*KOP*E0001"] * 2
