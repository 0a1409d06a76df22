"""Cases 25 to 34: what a caller hears when the receiver is unknown, silent, away, broken or says no."""

import json
import threading
from typing import Any

import pytest

from roaming.authorizations.models import Authorization
from roaming.deliveries.drain import drain
from roaming.deliveries.models import Delivery
from roaming.locations.models import Location
from roaming.parties.models import RoamingAgreement
from tests.conformance.ocpi.words import AT_STUB, AUTHORIZE, FROM, LOCATION, PLACE, SENDER, UID, deliver, location, pair
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.stub_partner import StubPartner, Told, envelope, stub_partner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roaming")]

LOCATION_AT_STUB = f"{AT_STUB}/locations/DE/ALF/LOC-1"


def test_025_an_unknown_receiver_is_http_200_with_4001(alfa: Caller) -> None:
    reply = alfa.call("PUT", LOCATION, location(), to="XX-NIX")
    assert (reply.status, pair(reply.headers, FROM)) == ((200, 4001), ("XX", "NIX"))


def test_026_a_receiver_that_never_answers_is_4002_at_the_deadline(
    alfa: Caller, beta_at_stub: Caller, stub: StubPartner, settings: Any
) -> None:
    settings.AUTHORIZE_DEADLINE_SECONDS = 0.5
    over = threading.Event()

    def silent(_: Any) -> Told:
        over.wait(20)
        return envelope({"allowed": "ALLOWED"})

    stub.answer_by("POST", f"{AT_STUB}/tokens/{UID}/authorize", silent)
    reply = alfa.call("POST", AUTHORIZE, PLACE, to="NL-BET")
    over.set()
    assert (reply.status, reply.data) == ((200, 4002), None)
    assert Authorization.objects.get().outcome == "TIMEOUT"


def test_027_a_receiver_that_refuses_the_connection_is_4003(alfa: Caller) -> None:
    with stub_partner() as gone:
        pass
    caller.provider("NL-BET", at=gone.host)
    assert alfa.call("POST", AUTHORIZE, PLACE, to="NL-BET").status == (200, 4003)
    assert Authorization.objects.get().outcome == "UNREACHABLE"


@pytest.mark.parametrize("state", ["OFFLINE", "PLANNED", "SUSPENDED"])
def test_027_one_that_is_known_to_be_away_is_4003_and_not_called(alfa: Caller, beta_at_stub: Caller, stub: StubPartner, state: str) -> None:
    beta_at_stub.platform.status = state
    beta_at_stub.platform.save()
    assert alfa.call("PUT", LOCATION, location(), to="NL-BET").status == (200, 4003)
    assert alfa.call("POST", AUTHORIZE, PLACE, to="NL-BET").status == (200, 4003)
    assert stub.heard == []


@pytest.mark.parametrize("code", [2000, 2003, 2999, 3000, 3999])
def test_028_the_receivers_own_refusal_passes_unchanged(alfa: Caller, beta_at_stub: Caller, stub: StubPartner, code: int) -> None:
    stub.answer_by("PUT", LOCATION_AT_STUB, lambda _: envelope(code=code, message="no such place"))
    reply = alfa.call("PUT", LOCATION, location(), to="NL-BET")
    assert (reply.status, reply.message) == ((200, code), "no such place")
    assert not Location.objects.exists()


@pytest.mark.parametrize(
    "told",
    [
        Told(status=500, body=b"<html>secret</html>"),
        Told(status=200, body=b"<html>secret</html>"),
        Told(status=200, body=b'{"status_code": 1000'),
        Told(status=200, body=b'{"data": 1}'),
        Told(status=307, headers={"Location": "http://127.0.0.2/"}),
        Told(status=500, body=b'{"status_code": 1000, "timestamp": "2026-10-05T12:00:00Z"}'),
    ],
)
def test_029_an_answer_that_is_none_is_4000_and_nothing_of_it_passes(
    alfa: Caller, beta_at_stub: Caller, stub: StubPartner, told: Told
) -> None:
    stub.answer_by("PUT", LOCATION_AT_STUB, lambda _: told)
    reply = alfa.call("PUT", LOCATION, location(), to="NL-BET")
    assert (reply.status, b"secret" in reply.body) == ((200, 4000), False)
    assert not Location.objects.exists()


@pytest.mark.parametrize("told", [Told(status=401), Told(status=403, body=b'{"detail": "no"}')])
def test_030_a_receivers_401_never_reaches_the_caller(alfa: Caller, beta_at_stub: Caller, stub: StubPartner, told: Told) -> None:
    stub.answer_by("PUT", LOCATION_AT_STUB, lambda _: told)
    assert alfa.call("PUT", LOCATION, location(), to="NL-BET").status == (200, 4003)


def test_031_a_receiver_without_the_module_is_4003_and_hears_no_broadcast(alfa: Caller, beta_at_stub: Caller, stub: StubPartner) -> None:
    beta_at_stub.platform.endpoints.filter(module="locations").delete()
    assert alfa.call("PUT", LOCATION, location(), to="NL-BET").status == (200, 4003)
    assert alfa.call("PUT", LOCATION, location(), to=HUB).status == (201, 1000)
    deliver()
    assert stub.heard == []


def test_032_a_404_of_the_operator_passes(alfa_at_stub: Caller, beta: Caller) -> None:
    assert beta.call("GET", f"{SENDER}/locations/LOC-1", to="DE-ALF").http == 404


def test_033_without_an_agreement_a_party_is_as_unknown_as_one_that_does_not_exist(
    alfa: Caller, beta_at_stub: Caller, stub: StubPartner
) -> None:
    RoamingAgreement.objects.all().delete()
    answers = []
    for receiver in ("NL-BET", "NL-NIX"):
        reply = alfa.call("PUT", LOCATION, location(), to=receiver)
        answers.append({name: value for name, value in json.loads(reply.body).items() if name != "timestamp"})
    assert answers[0] == answers[1]
    assert answers[0]["status_code"] == 4001
    assert stub.heard == []
    assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_034_a_push_that_failed_is_not_sent_later_to_a_partner_that_wants_no_queueing(
    alfa: Caller, beta_at_stub: Caller, stub: StubPartner
) -> None:
    beta_at_stub.platform.profile = {"queueing": "never"}
    beta_at_stub.platform.save()
    stub.answer("PUT", LOCATION_AT_STUB, status=503)
    assert alfa.call("PUT", LOCATION, location(), to=HUB).status == (201, 1000)
    assert drain() == {"rejected": 1}
    stub.answer("PUT", LOCATION_AT_STUB)
    assert (drain(), len(stub.heard)) == ({}, 1)
