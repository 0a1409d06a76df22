"""AuthorizeStart and AuthorizeStop: cases 19 to 45."""

from typing import Any

import pytest

from tests.conformance.oicp.cases import case
from tests.wire import oicp
from tests.wire.oicp_partner import Partner, answers, authorized, heard, not_authorized
from tests.wire.stub_partner import StubPartner

START = "charging/v21/operators/DE*ALF/authorize/start"
STOP = "charging/v21/operators/DE*ALF/authorize/stop"


@case(19)
def test_an_uploaded_card_is_decided_without_asking_anybody(p: Partner, m: Partner, n: Partner, m_stub: StubPartner) -> None:
    assert n.push_cards(oicp.mifare()).code == "000"
    reply = p.start()
    assert (reply.http, reply.json["AuthorizationStatus"], reply.json["ProviderID"], reply.code) == (200, "Authorized", "NL-OFF", "000")
    assert reply.json["SessionID"]
    assert m_stub.heard == []


@case(20)
def test_an_online_provider_is_asked_with_the_session_id_of_the_hub(p: Partner, m: Partner, m_stub: StubPartner) -> None:
    answers(m_stub, START, authorized())
    reply = p.start()
    assert (reply.json["AuthorizationStatus"], reply.json["ProviderID"]) == ("Authorized", "NL-BET")
    assert [one["SessionID"] for one in heard(m_stub, START)] == [reply.json["SessionID"]]


@case(22)
def test_a_refusal_of_all_opens_no_session(p: Partner, m: Partner, m_stub: StubPartner) -> None:
    answers(m_stub, START, not_authorized("102"))
    reply = p.start()
    assert (reply.http, reply.json["AuthorizationStatus"], reply.code, reply.json["SessionID"]) == (200, "NotAuthorized", "102", None)
    assert p.stop(heard(m_stub, START)[0]["SessionID"]).code == "400"
