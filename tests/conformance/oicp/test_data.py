"""Authentication data, pricing and notifications: cases 109 to 120."""

import pytest

from roaming.parties.models import Party
from roaming.tokens.models import AuthenticationRecord, Token
from tests.conformance.oicp.cases import case
from tests.wire import oicp, oicp_partner
from tests.wire.oicp_partner import Partner, acknowledged, answers, authorized, heard
from tests.wire.stub_partner import StubPartner, stub_partner

START = "charging/v21/operators/DE*ALF/authorize/start"
NOTIFY = "notificationmgmt/v11/charging-notifications"


@case(109)
def test_a_contract_of_another_provider_is_inconsistent(m: Partner, n: Partner) -> None:
    assert n.push_cards(oicp.mifare(), oicp.plug_and_charge("NL-BET-C12345678-9")).code == "019"
    assert not AuthenticationRecord.objects.exists()


@case(110)
def test_an_empty_full_load_ends_every_card(p: Partner, n: Partner) -> None:
    n.push_cards(oicp.mifare())
    assert p.start().json["AuthorizationStatus"] == "Authorized"
    assert n.push_cards().code == "000"
    assert p.start().json["AuthorizationStatus"] == "NotAuthorized"


@case(111)
def test_a_full_load_is_one_switch(p: Partner, n: Partner) -> None:
    n.push_cards(*(oicp.mifare(f"{number:08X}") for number in range(500)))
    assert n.push_cards(*(oicp.mifare(f"{number:08X}") for number in range(250, 750))).code == "000"
    assert AuthenticationRecord.objects.filter(valid_to=None).count() == 500
    assert p.start(Identification=oicp.mifare("00000000")).json["AuthorizationStatus"] == "NotAuthorized"
    assert p.start(Identification=oicp.mifare(f"{749:08X}")).json["AuthorizationStatus"] == "Authorized"


def test_cards_of_an_online_provider_are_told_to_be_asked_about(m: Partner, n: Partner) -> None:
    told = oicp.card_push(oicp.mifare("0A0B0C0D"))
    told["ProviderAuthenticationData"]["ProviderName"] = "Beta Drive"
    m.post("authdata/v21/providers/NL-BET/push-request", told)
    n.push_cards(oicp.mifare())
    assert dict(Token.objects.values_list("uid", "whitelist")) == {"0A0B0C0D": "NEVER", "04A1B2C3D4E5F6": "ALLOWED"}
    assert Party.objects.get(party_id="BET").name == "Beta Drive"


@case(113, 114)
def test_a_product_is_shown_to_whom_it_was_told_for(p: Partner, m: Partner, n: Partner) -> None:
    p.push_products(oicp.a_product("ALL"))
    p.push_products(oicp.a_product("FOR-M", "0.30"), provider="NL-BET")

    def pulled(partner: Partner, **over: str) -> list[str]:
        body = {"OperatorIDs": ["DE*ALF"], **over}
        reply = partner.post(f"dynamicpricing/v10/providers/{partner.provider_id}/pricing-products", body)
        assert reply.code == "000"
        return [one["ProductID"] for data in reply.json["PricingProductData"] for one in data["PricingProductDataRecords"]]

    assert (pulled(n), pulled(m)) == (["ALL"], ["ALL", "FOR-M"])
    assert pulled(m, LastCall="2126-01-01T00:00:00Z") == []


def test_products_of_an_evse_are_pulled(p: Partner, n: Partner) -> None:
    p.post("dynamicpricing/v10/operators/DE*ALF/evse-pricing", oicp.evse_pricing_push(("DE*ALF*E0001", ["AC3"])))
    reply = n.post("dynamicpricing/v10/providers/NL-OFF/evse-pricing", {"ProviderID": "NL-OFF", "OperatorIDs": ["DE*ALF"]})
    (told,) = reply.json["EVSEPricing"]
    assert (told["OperatorID"], told["EVSEPricing"]) == (
        "DE*ALF",
        [{"EvseID": "DE*ALF*E0001", "ProviderID": "*", "EvseIDProductList": ["AC3"]}],
    )


@pytest.fixture
def session(p: Partner, m: Partner, m_stub: StubPartner) -> str:
    """A session that M authorised at P."""
    p.push_evses(oicp.an_evse())
    answers(m_stub, START, authorized())
    return str(p.start().json["SessionID"])


@case(115)
@pytest.mark.parametrize("kind", ["Start", "Progress", "End", "Error"])
def test_a_notification_is_handed_on_and_its_answer_handed_back(p: Partner, session: str, m_stub: StubPartner, kind: str) -> None:
    verbatim = acknowledged(CPOPartnerSessionID="verbatim", Extra=1)
    answers(m_stub, NOTIFY, verbatim)
    assert p.notify(kind, session).json == verbatim
    assert [one["Type"] for one in heard(m_stub, NOTIFY)] == [kind]


@case(116)
def test_progress_is_told_every_five_minutes(p: Partner, session: str, m_stub: StubPartner) -> None:
    answers(m_stub, NOTIFY, acknowledged())
    assert p.notify("Progress", session).code == "000"
    assert p.notify("Progress", session, EventOccurred="2026-10-05T09:14:00+02:00").code == "022"
    assert p.notify("Progress", session, EventOccurred="2026-10-05T09:15:00+02:00").code == "000"


@case(117)
def test_progress_without_progress_is_a_fault(p: Partner, session: str) -> None:
    assert p.notify("Progress", session, ConsumedEnergyProgress=None).http == 400


@case(118)
def test_a_provider_without_notifications_or_away(everyone_roams: None, p: Partner, m_stub: StubPartner) -> None:
    oicp_partner.provider("NL-BET", at=m_stub, services=("authorization",))
    answers(m_stub, START, authorized())
    assert p.notify("Start", p.start().json["SessionID"]).code == "320"
    with stub_partner() as gone:
        silent = oicp_partner.provider("NL-KAP", at=gone)
        silent.push_cards(oicp.mifare("0A0B0C0D"))
    assert p.notify("Start", p.start(Identification=oicp.mifare("0A0B0C0D")).json["SessionID"]).code == "310"


@case(119)
def test_a_closed_session_is_told_nothing(p: Partner, session: str) -> None:
    p.cdr(oicp.a_cdr(session))
    assert p.notify("End", session).code == "400"


@case(120)
@pytest.mark.parametrize("kind", ["ConnectorError", "Connector Error"])
def test_an_error_may_be_written_with_a_blank(p: Partner, session: str, m_stub: StubPartner, kind: str) -> None:
    answers(m_stub, NOTIFY, acknowledged())
    assert p.notify("Error", session, ErrorType=kind).code == "000"
