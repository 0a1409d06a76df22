"""CDRs: cases 66 to 87."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from roaming.cdrs.models import Cdr
from roaming.deliveries.drain import drain
from roaming.deliveries.models import Delivery
from roaming.sessions.models import HubSession, Session
from tests.conformance.oicp.cases import case
from tests.wire import oicp
from tests.wire.oicp_partner import Partner, acknowledged, answers, authorized, heard
from tests.wire.stub_partner import StubPartner

START = "charging/v21/operators/DE*ALF/authorize/start"
CDR = "cdrmgmt/v22/operators/DE*ALF/charge-detail-record"


@pytest.fixture
def session(p: Partner, m: Partner, m_stub: StubPartner) -> str:
    """A session that M authorised at P."""
    p.push_evses(oicp.an_evse())
    p.push_products(oicp.a_product())
    answers(m_stub, START, authorized())
    answers(m_stub, CDR, acknowledged())
    return str(p.start().json["SessionID"])


@case(66, 79, 80)
@pytest.mark.django_db(transaction=True)
def test_a_cdr_reaches_its_provider_byte_for_byte(p: Partner, m: Partner, session: str, m_stub: StubPartner) -> None:
    body = oicp.as_bytes(oicp.a_cdr(session, ConsumedEnergy=Decimal("12.340"), Vendor="kept"))
    reply = p.post(CDR, None, raw=body)
    assert (reply.http, reply.json["Result"], reply.code) == (200, True, "000")
    drain()
    assert [one.body for one in m_stub.heard if one.path.endswith("charge-detail-record")] == [body]
    (pulled,) = m.get_cdrs(From=_ago(hours=1), To=_ago(hours=-1)).json["content"]
    assert (pulled["SessionStart"], pulled["ConsumedEnergy"]) == ("2026-10-05T09:00:00+02:00", Decimal("12.340"))


@case(67, 68)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("answer", [None, acknowledged("022")])
def test_an_operator_is_acknowledged_whatever_the_provider_does(
    p: Partner, m: Partner, session: str, m_stub: StubPartner, answer: Any
) -> None:
    if answer is None:
        m_stub.answer_raw("POST", f"/api/oicp/{CDR}", b"", status=503)
    else:
        answers(m_stub, CDR, answer)
    assert p.cdr(oicp.a_cdr(session)).json["Result"] is True
    drain()
    pulled = m.get_cdrs(From=_ago(hours=1), To=_ago(hours=-1), CDRForwarded=False)
    assert [one["SessionID"] for one in pulled.json["content"]] == [session]
    assert m.get_cdrs(From=_ago(hours=1), To=_ago(hours=-1), CDRForwarded=True).json["content"] == []


@case(69)
@pytest.mark.django_db(transaction=True)
def test_a_session_has_one_cdr(p: Partner, session: str, m_stub: StubPartner) -> None:
    assert p.cdr(oicp.a_cdr(session)).code == "000"
    second = p.cdr(oicp.a_cdr(session))
    assert (second.http, second.code) == (404, "400")
    drain()
    assert len(heard(m_stub, CDR)) == 1


@case(70, 71)
def test_a_cdr_needs_a_session_of_its_operator(p: Partner, q: Partner, session: str) -> None:
    assert p.cdr(oicp.a_cdr(oicp.SESSION_ID)).code == "400"
    assert q.cdr(oicp.a_cdr(session, EvseID="DE*GAM*E1")).code == "400"


@case(72)
def test_an_evse_of_another_operator_is_inconsistent(p: Partner, session: str) -> None:
    assert p.cdr(oicp.a_cdr(session, EvseID="DE*GAM*E1")).code == "018"


@case(73, 74, 75, 76)
@pytest.mark.parametrize(
    "over",
    [
        {"ChargingEnd": "2026-10-05T08:59:59+02:00"},
        {"ConsumedEnergy": Decimal("1000.001")},
        {"ConsumedEnergy": Decimal("-1")},
        {"MeterValueEnd": Decimal("99.9")},
        {"SessionEnd": "2126-10-05T09:00:00+02:00"},
    ],
)
def test_what_cannot_be_is_wrong_data(p: Partner, session: str, over: dict[str, Any]) -> None:
    reply = p.cdr(oicp.a_cdr(session, **over))
    assert (reply.json["Result"], reply.code) == (False, "022")
    assert not Cdr.objects.exists()
    assert HubSession.objects.get().state == "open"


@case(74)
def test_a_thousand_kilowatt_hours_pass(p: Partner, session: str) -> None:
    assert p.cdr(oicp.a_cdr(session, ConsumedEnergy=Decimal(1000), MeterValueEnd=None)).code == "000"


@case(77)
def test_an_evse_under_external_calibration_law_needs_signed_values(p: Partner, session: str) -> None:
    p.push_evses(oicp.an_evse(CalibrationLawDataAvailability="External"))
    assert p.cdr(oicp.a_cdr(session)).code == "022"
    values = [{"SignedMeteringValue": f"OCMF|{status}", "MeteringStatus": status} for status in ("Start", "End")]
    assert p.cdr(oicp.a_cdr(session, SignedMeteringValues=values)).code == "000"


@case(78)
def test_too_many_or_too_long_signed_values_are_refused(p: Partner, session: str) -> None:
    for values in ([{"SignedMeteringValue": "x"}] * 11, [{"SignedMeteringValue": "x" * 3001}]):
        assert p.cdr(oicp.a_cdr(session, SignedMeteringValues=values)).http == 400


@case(81)
def test_what_was_acknowledged_waits_in_the_outbox(p: Partner, session: str) -> None:
    p.cdr(oicp.a_cdr(session))
    assert Delivery.objects.filter(module="cdrs", state="waiting").count() == 1


@case(82)
def test_a_pull_spans_ninety_days(m: Partner) -> None:
    assert m.get_cdrs(From="2026-01-01T00:00:00Z", To="2026-04-02T00:00:00Z").http == 400
    assert m.get_cdrs(From="2026-01-01T00:00:00Z", To="2026-04-01T00:00:00Z").code == "000"


@case(83)
def test_a_provider_sees_its_own_cdrs_only(p: Partner, m: Partner, n: Partner, session: str) -> None:
    p.cdr(oicp.a_cdr(session))
    span = {"From": _ago(hours=1), "To": _ago(hours=-1)}
    assert (len(m.get_cdrs(**span).json["content"]), len(n.get_cdrs(**span).json["content"])) == (1, 0)


@case(84, 85, 86)
def test_pages_are_twenty_at_most_two_thousand_and_empty_beyond_the_end(p: Partner, n: Partner) -> None:
    n.push_cards(oicp.mifare())
    for _ in range(45):
        p.cdr(oicp.a_cdr(p.start().json["SessionID"]))
    span = {"From": _ago(hours=1), "To": _ago(hours=-1)}
    first = n.get_cdrs(**span).json
    assert (len(first["content"]), first["totalPages"], first["totalElements"], first["first"], first["last"]) == (20, 3, 45, True, False)
    assert n.get_cdrs("?page=2", **span).json["numberOfElements"] == 5
    assert n.get_cdrs("?page=0&size=2001", **span).json["size"] == 2000
    beyond = n.get_cdrs("?page=9", **span).json
    assert (beyond["content"], beyond["last"]) == ([], True)


@case(87)
def test_the_time_of_receipt_counts(p: Partner, m: Partner, session: str) -> None:
    p.cdr(oicp.a_cdr(session))
    assert m.get_cdrs(From="2026-10-05T00:00:00Z", To="2026-10-06T00:00:00Z").json["content"] == []


def test_a_cdr_is_priced_by_the_hub_from_the_product_in_force(p: Partner, session: str) -> None:
    p.cdr(oicp.a_cdr(session))
    sealed = Cdr.objects.get()
    # 12.345 kWh at 0.39 EUR are 4.81455 EUR, kept with four decimals.
    assert (sealed.net, sealed.currency, sealed.priced_by, sealed.protocol) == (Decimal("4.8146"), "EUR", "hub", "oicp-2.3")
    assert Session.objects.get().status == "COMPLETED"


def _ago(*, hours: int) -> str:
    return (timezone.now() - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
