"""Remote start, stop and reservation between OICP partners: cases 46 to 65."""

from typing import Any

import pytest
from django.utils import timezone

from roaming.parties import directory
from roaming.parties.lock import lock_platform
from roaming.parties.models import RoamingAgreement
from tests.builders.parties import an_agreement
from tests.conformance.oicp.cases import case
from tests.wire import oicp, oicp_partner
from tests.wire.oicp_partner import Partner, acknowledged, answers, authorized, heard
from tests.wire.stub_partner import StubPartner, stub_partner

START = "charging/v21/providers/NL-BET/authorize-remote/start"
STOP = "charging/v21/providers/NL-BET/authorize-remote/stop"
RESERVE = "reservation/v11/providers/NL-BET/reservation-start-request"
RELEASE = "reservation/v11/providers/NL-BET/reservation-stop-request"


@pytest.fixture
def started(p: Partner, m: Partner, p_stub: StubPartner) -> str:
    """A session that M started at P's EVSE."""
    p.push_evses(oicp.an_evse())
    answers(p_stub, START, acknowledged())
    answers(p_stub, STOP, acknowledged())
    return str(m.remote("start", oicp.remote_start()).json["SessionID"])


@case(46, 47)
def test_the_operator_gets_the_session_id_of_the_hub(p: Partner, m: Partner, p_stub: StubPartner) -> None:
    p.push_evses(oicp.an_evse())
    answers(p_stub, START, acknowledged())
    reply = m.remote("start", oicp.remote_start(SessionID=oicp.SESSION_ID, EMPPartnerSessionID="emp-1"))
    assert (reply.http, reply.json["Result"], reply.code, reply.json["EMPPartnerSessionID"]) == (200, True, "000", "emp-1")
    told = heard(p_stub, START)[0]
    assert told["SessionID"] == reply.json["SessionID"] != oicp.SESSION_ID


@case(48)
def test_an_evse_that_is_not_in_the_data_is_unknown(p: Partner, m: Partner, p_stub: StubPartner) -> None:
    p.push_evses(oicp.an_evse())
    assert m.remote("start", oicp.remote_start(EvseID="DE*ALF*E0009")).code == "603"
    assert p_stub.heard == []


@case(49)
def test_without_any_data_the_operator_is_asked(p: Partner, m: Partner, p_stub: StubPartner) -> None:
    answers(p_stub, START, acknowledged())
    assert m.remote("start", oicp.remote_start(EvseID="DE*ALF*E0009")).code == "000"


@case(50)
def test_an_evse_that_is_not_open_to_the_hub_is_not_started(p: Partner, m: Partner) -> None:
    p.push_evses(oicp.an_evse(IsHubjectCompatible=False))
    assert m.remote("start", oicp.remote_start()).code == "604"


@case(51)
def test_an_evse_of_nobody_is_not_found(p: Partner, m: Partner) -> None:
    reply = m.remote("start", oicp.remote_start(EvseID="FR*XYZ*E1"))
    assert (reply.http, reply.code) == (404, "300")


@case(52)
def test_an_evse_of_a_sub_operator_goes_to_the_partner_that_bundles_it(m: Partner, p_stub: StubPartner) -> None:
    oicp_partner.partner("CPO:DE:ALF", "CPO:DE:SUB", at=p_stub, services=("authorization",))
    answers(p_stub, START, acknowledged())
    assert m.remote("start", oicp.remote_start(EvseID="DE*SUB*E1")).code == "000"


@case(53, 63)
def test_without_a_contract_nothing_starts(p: Partner, m: Partner) -> None:
    RoamingAgreement.objects.all().delete()
    an_agreement(modules=["tokens"])
    directory.changed()
    assert m.remote("start", oicp.remote_start()).code == "210"
    assert m.reserve("start", oicp.remote_start(Duration=5)).code == "210"


@case(54)
def test_a_refusal_is_passed_on_and_its_session_is_invalid(p: Partner, m: Partner, p_stub: StubPartner) -> None:
    answers(p_stub, START, acknowledged("510"))
    reply = m.remote("start", oicp.remote_start())
    assert (reply.http, reply.json["Result"], reply.code) == (200, False, "510")
    assert m.remote("stop", oicp.remote_stop(heard(p_stub, START)[0]["SessionID"])).code == "400"


@case(55)
def test_an_operator_that_is_away_does_not_respond(everyone_roams: None, m: Partner) -> None:
    with stub_partner() as gone:
        pass
    oicp_partner.operator("DE-ALF", at=gone)
    reply = m.remote("start", oicp.remote_start())
    assert (reply.http, reply.json["Result"], reply.code) == (200, False, "310")


@case(56)
def test_garbage_is_no_answer(p: Partner, m: Partner, p_stub: StubPartner) -> None:
    p_stub.answer_raw("POST", f"/api/oicp/{START}", b"<html>")
    reply = m.remote("start", oicp.remote_start())
    assert (reply.http, reply.json["Result"], reply.code) == (200, False, "021")


@case(57)
@pytest.mark.parametrize("medium", [oicp.mifare(), oicp.plug_and_charge()])
def test_only_a_remote_driver_starts_remotely(p: Partner, m: Partner, medium: dict[str, Any]) -> None:
    assert m.remote("start", oicp.remote_start(Identification=medium)).http == 400


@case(58)
def test_a_session_started_by_card_is_stopped_by_app(p: Partner, m: Partner, p_stub: StubPartner, m_stub: StubPartner) -> None:
    answers(m_stub, "charging/v21/operators/DE*ALF/authorize/start", authorized())
    answers(p_stub, STOP, acknowledged())
    session_id = p.start().json["SessionID"]
    assert m.remote("stop", oicp.remote_stop(session_id)).code == "000"
    assert heard(p_stub, STOP)[0]["SessionID"] == session_id


@case(59)
def test_a_foreign_session_is_not_stopped(n: Partner, started: str) -> None:
    body = oicp.remote_stop(started, ProviderID="NL-OFF")
    assert n.remote("stop", body).code == "400"


@case(60)
def test_a_session_with_its_cdr_is_not_stopped(p: Partner, m: Partner, started: str) -> None:
    assert p.cdr(oicp.a_cdr(started, Identification=oicp.remote())).code == "000"
    assert m.remote("stop", oicp.remote_stop(started)).code == "400"


@case(61)
@pytest.mark.parametrize(("minutes", "http"), [(0, 400), (100, 400), (1, 200), (99, 200)])
def test_a_reservation_lasts_one_to_ninety_nine_minutes(p: Partner, m: Partner, p_stub: StubPartner, minutes: int, http: int) -> None:
    answers(p_stub, RESERVE, acknowledged())
    assert m.reserve("start", oicp.remote_start(Duration=minutes)).http == http


@case(62)
def test_an_operator_without_reservations_says_so(everyone_roams: None, m: Partner, p_stub: StubPartner) -> None:
    oicp_partner.operator("DE-ALF", at=p_stub, services=("authorization",))
    assert m.reserve("start", oicp.remote_start(Duration=5)).code == "320"


@case(64, 65)
def test_a_reservation_is_released_under_its_id(p: Partner, m: Partner, p_stub: StubPartner) -> None:
    answers(p_stub, RESERVE, acknowledged())
    answers(p_stub, RELEASE, acknowledged())
    reply = m.reserve("start", oicp.remote_start(Duration=15, EMPPartnerSessionId="r-1"))
    assert (reply.code, reply.json["EMPPartnerSessionID"]) == ("000", "r-1")
    assert m.reserve("stop", oicp.remote_stop(reply.json["SessionID"])).code == "000"
    assert heard(p_stub, RELEASE)[0]["SessionID"] == reply.json["SessionID"]


def test_a_locked_operator_is_not_asked(p: Partner, m: Partner) -> None:
    lock_platform(platform=p.platform, at=timezone.now())
    assert m.remote("start", oicp.remote_start()).code == "017"
