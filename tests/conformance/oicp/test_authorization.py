"""AuthorizeStart and AuthorizeStop: cases 19 to 45."""

import time
from collections.abc import Iterator
from typing import Any

import bcrypt
import pytest
from django.utils import timezone

from roaming.parties import directory
from roaming.parties.lock import lock_platform
from roaming.parties.models import RoamingAgreement
from roaming.sessions.models import HubSession
from roaming.tokens.models import AuthenticationRecord
from tests.builders.parties import an_agreement
from tests.conformance.oicp.cases import case
from tests.wire import oicp, oicp_partner
from tests.wire.oicp_partner import Partner, answers, authorized, heard, not_authorized
from tests.wire.stub_partner import Heard, StubPartner, Told, stub_partner

START = "charging/v21/operators/DE*ALF/authorize/start"
STOP = "charging/v21/operators/DE*ALF/authorize/stop"


@pytest.fixture
def k_stub() -> Iterator[StubPartner]:
    """K's server."""
    with stub_partner() as stub:
        yield stub


@pytest.fixture
def k(everyone_roams: None, k_stub: StubPartner) -> Partner:
    """A second online provider, NL-KAP."""
    return oicp_partner.provider("NL-KAP", at=k_stub)


def hang(stub: StubPartner, seconds: float) -> None:
    """The stub answers nothing for so long."""

    def answerer(_: Heard) -> Told:
        time.sleep(seconds)
        return Told(body=oicp.as_bytes(authorized()))

    stub.answers["POST", f"/api/oicp/{START}"] = answerer


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


@case(21)
def test_the_one_that_says_yes_wins(p: Partner, m: Partner, k: Partner, m_stub: StubPartner, k_stub: StubPartner) -> None:
    answers(m_stub, START, not_authorized())
    answers(k_stub, START, authorized("NL-KAP"))
    assert p.start().json["ProviderID"] == "NL-KAP"


@case(22)
@pytest.mark.parametrize(("codes", "told"), [(("102", "102"), "102"), (("102", "200"), "106")])
def test_a_refusal_of_all_opens_no_session(
    p: Partner, m: Partner, k: Partner, m_stub: StubPartner, k_stub: StubPartner, codes: tuple[str, str], told: str
) -> None:
    answers(m_stub, START, not_authorized(codes[0]))
    answers(k_stub, START, not_authorized(codes[1]))
    reply = p.start()
    assert (reply.http, reply.json["AuthorizationStatus"], reply.code, reply.json["SessionID"]) == (200, "NotAuthorized", told, None)
    assert p.stop(heard(m_stub, START)[0]["SessionID"]).code == "400"


@case(23)
def test_a_silent_provider_is_a_refusal_inside_the_deadline(p: Partner, m: Partner, m_stub: StubPartner, settings: Any) -> None:
    settings.AUTHORIZE_DEADLINE_SECONDS = 0.5
    hang(m_stub, 3)
    reply = p.start()
    assert (reply.http, reply.json["AuthorizationStatus"], reply.code) == (200, "NotAuthorized", "106")


@case(24)
def test_a_yes_does_not_wait_for_the_silent(p: Partner, m: Partner, k: Partner, m_stub: StubPartner, k_stub: StubPartner) -> None:
    hang(m_stub, 6)
    answers(k_stub, START, authorized("NL-KAP"))
    assert p.start().json["ProviderID"] == "NL-KAP"


@case(25)
def test_a_contract_is_asked_of_its_own_provider_only(p: Partner, m: Partner, k: Partner, m_stub: StubPartner, k_stub: StubPartner) -> None:
    answers(m_stub, START, authorized())
    assert p.start(Identification=oicp.plug_and_charge("NL-BET-C12345678-9")).json["ProviderID"] == "NL-BET"
    assert (len(m_stub.heard), len(k_stub.heard)) == (1, 0)


@case(26)
def test_a_contract_of_a_sub_provider_is_asked_of_the_partner_that_bundles_it(p: Partner, m_stub: StubPartner) -> None:
    oicp_partner.partner("EMSP:NL:BET", "EMSP:NL:SUB", at=m_stub, services=("authorization",))
    answers(m_stub, START, authorized())
    assert p.start(Identification=oicp.plug_and_charge("NL*SUB*123456*7")).json["ProviderID"] == "NL-BET"


@case(27)
def test_a_contract_of_nobody_has_no_contract(p: Partner, m: Partner) -> None:
    reply = p.start(Identification=oicp.plug_and_charge("FR-XYZ-C12345678-9"))
    assert (reply.http, reply.json["AuthorizationStatus"], reply.code, reply.json["SessionID"]) == (200, "NotAuthorized", "210", None)


@case(28, 29)
@pytest.mark.parametrize("modules", [[], ["commands"]])
def test_a_provider_without_a_contract_for_this_is_not_asked(p: Partner, m: Partner, m_stub: StubPartner, modules: list[str]) -> None:
    RoamingAgreement.objects.all().delete()
    if modules:
        an_agreement(modules=modules)
    directory.changed()
    reply = p.start()
    assert (reply.code, m_stub.heard) == ("210", [])


@case(30, 112)
def test_a_pin_opens_its_contract_and_is_kept_as_a_hash_only(p: Partner, n: Partner) -> None:
    contract = "NL-OFF-C00000001-1"
    assert n.push_cards({"QRCodeIdentification": {"EvcoID": contract, "PIN": "4711"}}).code == "000"
    right = p.start(Identification={"QRCodeIdentification": {"EvcoID": contract, "PIN": "4711"}})
    wrong = p.start(Identification={"QRCodeIdentification": {"EvcoID": contract, "PIN": "4712"}})
    assert (right.json["AuthorizationStatus"], wrong.code) == ("Authorized", "101")
    kept = AuthenticationRecord.objects.get()
    assert kept.pin_hash.startswith("$2b$")
    assert "4711" not in str(kept.document) + kept.pin_hash


@case(30)
def test_an_uploaded_hash_opens_too(p: Partner, n: Partner) -> None:
    hashed = {"Value": bcrypt.hashpw(b"4711", bcrypt.gensalt(4)).decode(), "Function": "Bcrypt"}
    assert n.push_cards({"QRCodeIdentification": {"EvcoID": "NL-OFF-C00000001-1", "HashedPIN": hashed}}).code == "000"
    asked = {"QRCodeIdentification": {"EvcoID": "NLOFFC00000001", "PIN": "4711"}}
    assert p.start(Identification={"QRCodeIdentification": {**asked["QRCodeIdentification"], "EvcoID": "NLOFFC000000011"}}).code == "000"


@case(31, 32, 33, 35)
@pytest.mark.parametrize(
    "medium",
    [
        {"QRCodeIdentification": {"EvcoID": "NL-OFF-C00000001-1", "HashedPIN": {"Value": "0123456789abc", "Function": "Bcrypt"}}},
        {"RFIDIdentification": {"UID": "04A1B2C3D4E5F6", "RFID": "nfc"}},
        {"RemoteIdentification": {"EvcoID": "NL-OFF-C00000001-1"}},
        {"RFIDMifareFamilyIdentification": {"UID": "0123456789ABCDEF"}},
    ],
)
def test_media_that_have_no_place_here_are_refused(p: Partner, n: Partner, medium: dict[str, Any]) -> None:
    assert p.start(Identification=medium).http == 400


@case(34)
def test_a_uid_in_lower_case_is_raised(p: Partner, m: Partner, m_stub: StubPartner) -> None:
    answers(m_stub, START, authorized())
    assert p.start(Identification=oicp.mifare("04aabbcc")).code == "000"
    assert heard(m_stub, START)[0]["Identification"] == oicp.mifare("04AABBCC")


@case(36)
def test_no_evse_is_needed(p: Partner, n: Partner) -> None:
    n.push_cards(oicp.mifare())
    assert p.start(EvseID=None).code == "000"


@case(37)
def test_the_operators_own_session_id_comes_back_in_every_answer(p: Partner, m: Partner, m_stub: StubPartner) -> None:
    answers(m_stub, START, authorized(EMPPartnerSessionID="emp-1"))
    answers(m_stub, STOP, authorized())
    reply = p.start(CPOPartnerSessionID="cpo-1")
    assert (reply.json["CPOPartnerSessionID"], reply.json["EMPPartnerSessionID"]) == ("cpo-1", "emp-1")
    assert heard(m_stub, START)[0]["CPOPartnerSessionID"] == "cpo-1"
    assert p.stop(reply.json["SessionID"]).json["CPOPartnerSessionID"] == "cpo-1"
    assert heard(m_stub, STOP)[0]["EMPPartnerSessionID"] == "emp-1"


@case(38)
def test_who_else_may_stop_is_passed_on(p: Partner, m: Partner, m_stub: StubPartner) -> None:
    others = [oicp.mifare("0A0B0C0D"), oicp.plug_and_charge()]
    answers(m_stub, START, authorized(AuthorizationStopIdentifications=others))
    assert p.start().json["AuthorizationStopIdentifications"] == others


@case(39)
def test_a_locked_provider_is_left_out(p: Partner, m: Partner, n: Partner, m_stub: StubPartner) -> None:
    lock_platform(platform=m.platform, at=timezone.now())
    assert p.start().json["AuthorizationStatus"] == "NotAuthorized"
    assert m_stub.heard == []


@case(40)
def test_a_provider_without_broadcasts_is_asked_by_contract_only(p: Partner, m: Partner, m_stub: StubPartner) -> None:
    m.platform.refresh_from_db()
    m.platform.profile["oicp"]["broadcast"] = False
    m.platform.save()
    directory.changed()
    answers(m_stub, START, authorized())
    assert p.start().json["AuthorizationStatus"] == "NotAuthorized"
    assert p.start(Identification=oicp.plug_and_charge()).json["AuthorizationStatus"] == "Authorized"
    assert len(m_stub.heard) == 1


@case(41)
def test_a_retry_opens_no_second_session(p: Partner, m: Partner, m_stub: StubPartner) -> None:
    answers(m_stub, START, authorized())
    first, second = p.start(CPOPartnerSessionID="x"), p.start(CPOPartnerSessionID="x")
    assert first.json == second.json
    assert (len(m_stub.heard), HubSession.objects.count()) == (1, 1)


@case(42)
def test_a_session_decided_here_is_stopped_by_its_own_card(p: Partner, n: Partner) -> None:
    n.push_cards(oicp.mifare())
    session_id = p.start().json["SessionID"]
    other = p.stop(session_id, Identification=oicp.mifare("0A0B0C0D"))
    assert (other.json["AuthorizationStatus"], other.code) == ("NotAuthorized", "102")
    assert p.stop(session_id).json["AuthorizationStatus"] == "Authorized"


@case(43, 44)
def test_a_foreign_or_unknown_session_is_invalid(p: Partner, q: Partner, n: Partner) -> None:
    n.push_cards(oicp.mifare())
    session_id = p.start().json["SessionID"]
    assert (q.stop(session_id, EvseID=None).code, p.stop(oicp.SESSION_ID).code) == ("400", "400")


@case(45)
def test_a_stop_goes_to_the_provider_that_said_yes(p: Partner, m: Partner, k: Partner, m_stub: StubPartner, k_stub: StubPartner) -> None:
    answers(m_stub, START, authorized())
    answers(k_stub, START, not_authorized())
    answers(m_stub, STOP, not_authorized("102"))
    reply = p.stop(p.start().json["SessionID"])
    assert (reply.json["AuthorizationStatus"], reply.code) == ("NotAuthorized", "102")
    assert (len(heard(m_stub, STOP)), len(heard(k_stub, STOP))) == (1, 0)


def test_strangers_are_not_asked_once_the_owner_is_known(
    p: Partner, m: Partner, k: Partner, m_stub: StubPartner, k_stub: StubPartner
) -> None:
    answers(m_stub, START, not_authorized())
    answers(k_stub, START, authorized("NL-KAP"))
    p.start()
    p.start()
    assert (len(heard(m_stub, START)), len(heard(k_stub, START))) == (1, 2)
