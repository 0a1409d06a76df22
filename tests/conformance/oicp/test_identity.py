"""Transport and identity: cases 1 to 18."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from roaming.parties import directory
from roaming.parties.certificates import register_oicp_partner
from roaming.parties.lock import lock_platform
from roaming.parties.models import PartnerCertificate
from roaming.sessions.models import HubSession
from tests.conformance.oicp.cases import case
from tests.wire import oicp
from tests.wire.oicp_partner import Partner, answers, authorized, heard, send
from tests.wire.stub_partner import StubPartner

START = "charging/v21/operators/DE*ALF/authorize/start"


@case(1, 4, 5)
@pytest.mark.parametrize(("path_id", "body_id"), [("DE*ALF", "DE*ALF"), ("DE%2AALF", "DE*ALF"), ("DEALF", "DE-ALF"), ("de*alf", "DEALF")])
def test_an_operator_is_one_in_every_spelling(p: Partner, n: Partner, path_id: str, body_id: str) -> None:
    reply = p.post(f"charging/v21/operators/{path_id}/authorize/start", oicp.authorize_start(OperatorID=body_id))
    assert (reply.http, reply.json["AuthorizationStatus"]) == (200, "NotAuthorized")
    assert reply.code != "017"


@case(2)
def test_the_path_of_another_operator_is_not_opened(p: Partner, q: Partner, n: Partner) -> None:
    reply = p.post("charging/v21/operators/DE*GAM/authorize/start", oicp.authorize_start(OperatorID="DE*GAM"))
    assert (reply.http, reply.code, reply.json["Result"]) == (401, "017", False)
    assert not HubSession.objects.exists()


@case(3)
def test_a_body_that_names_another_operator_is_refused(p: Partner, q: Partner, n: Partner) -> None:
    reply = p.start(OperatorID="DE*GAM")
    assert (reply.http, reply.code) == (401, "017")


@case(6)
def test_a_provider_may_write_its_id_with_a_star_in_the_path(p: Partner, n: Partner) -> None:
    body = {"ProviderID": "NL-OFF", "GeoCoordinatesResponseFormat": "Google"}
    assert n.post("evsepull/v23/providers/NL*OFF/data-records", body).code == "000"


@case(7, 8)
@pytest.mark.parametrize("secret", [None, "", "guessed"])
def test_a_certificate_header_without_the_proxys_secret_proves_nothing(p: Partner, n: Partner, secret: str | None) -> None:
    headers = {"X-Client-Certificate-SHA256": p.fingerprint} | ({} if secret is None else {"X-Proxy-Secret": secret})
    reply = send(START, oicp.as_bytes(oicp.authorize_start()), headers)
    assert (reply.http, reply.code) == (401, "017")
    assert not HubSession.objects.exists()


@case(7)
def test_no_certificate_opens_no_door(p: Partner) -> None:
    headers = {"X-Proxy-Secret": settings.HUB_PROXY_SECRET}
    assert send(START, oicp.as_bytes(oicp.authorize_start()), headers).code == "017"


@case(8)
def test_upper_case_or_another_length_is_no_fingerprint(p: Partner) -> None:
    for wrong in (p.fingerprint.upper(), p.fingerprint[:-1], p.fingerprint + "0"):
        assert p.post(START, oicp.authorize_start(), headers={"X-Client-Certificate-SHA256": wrong}).code == "017"


@case(9)
def test_each_of_two_certificates_works(p: Partner, n: Partner) -> None:
    second = "ab" * 32
    register_oicp_partner(platform=p.platform, sha256=second, urls={}, at=timezone.now())
    for fingerprint in (p.fingerprint, second):
        reply = p.post(START, oicp.authorize_start(), headers={"X-Client-Certificate-SHA256": fingerprint})
        assert reply.json["AuthorizationStatus"] == "NotAuthorized"


@case(10)
def test_an_expired_certificate_opens_nothing(p: Partner) -> None:
    PartnerCertificate.objects.update(not_after=datetime(2026, 1, 1, tzinfo=UTC))
    directory.changed()
    reply = p.start()
    assert (reply.http, reply.code) == (401, "017")


@case(11)
def test_a_locked_partner_pushes_nothing(p: Partner) -> None:
    lock_platform(platform=p.platform, at=timezone.now())
    reply = p.push_evses(oicp.an_evse())
    assert (reply.http, reply.code) == (401, "017")


@case(12)
def test_an_operator_that_nobody_knows_is_not_found(p: Partner) -> None:
    reply = p.post("charging/v21/operators/DE*XXX/authorize/start", oicp.authorize_start(OperatorID="DE*XXX"))
    assert (reply.http, reply.code) == (404, "300")


@case(13)
@pytest.mark.parametrize("raw", [b"", b"{", b"[1,", b'{"a":1,"a":2}', b'{"a":NaN}', b"\xff"])
def test_what_is_no_json_is_a_fault_with_a_message(p: Partner, raw: bytes) -> None:
    reply = p.post(START, None, raw=raw)
    assert reply.http == 400
    assert reply.json["message"]
    assert not HubSession.objects.exists()


@case(14)
def test_a_bad_field_is_named_with_its_place(p: Partner) -> None:
    reply = p.push_evses(oicp.an_evse(Plugs=[]))
    assert reply.http == 400
    assert [one["fieldReference"] for one in reply.json["validationErrors"]] == ["operatorEvseData.evseDataRecord[0].plugs"]


@case(15)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_every_operation_is_a_post(p: Partner, method: str) -> None:
    assert send(START, b"", {}, method=method).http == 405


@case(16)
def test_every_answer_has_its_type_and_its_own_process_id(p: Partner, n: Partner) -> None:
    replies = [p.start(), p.start(OperatorID="DE*XXX"), p.post(START, None, raw=b"{")]
    assert {reply.headers["Content-Type"] for reply in replies} == {"application/json; charset=utf-8"}
    assert len({reply.headers["Process-ID"] for reply in replies}) == 3


@case(17)
def test_null_members_of_an_identification_are_absent_and_two_set_are_one_too_many(p: Partner, n: Partner) -> None:
    nulls: dict[str, Any] = {**oicp.mifare(), "QRCodeIdentification": None, "PlugAndChargeIdentification": None}
    assert p.start(Identification=nulls).http == 200
    assert p.start(Identification={**oicp.mifare(), **oicp.plug_and_charge()}).http == 400


@case(18)
def test_members_that_nobody_knows_are_forwarded(p: Partner, m: Partner, m_stub: StubPartner) -> None:
    answers(m_stub, START, authorized())
    p.start(Vendor={"note": "kept", "exact": "1.500"})
    assert heard(m_stub, START)[0]["Vendor"] == {"note": "kept", "exact": "1.500"}


def test_a_partner_that_wants_200_always_gets_it(p: Partner) -> None:
    p.platform.refresh_from_db()
    p.platform.profile["oicp"]["http_policy"] = "always_200"
    p.platform.save()
    directory.changed()
    reply = p.post("charging/v21/operators/DE*XXX/authorize/start", oicp.authorize_start(OperatorID="DE*XXX"))
    assert (reply.http, reply.code) == (200, "300")


def test_a_certificate_that_ends_soon_still_works(p: Partner, n: Partner) -> None:
    PartnerCertificate.objects.update(not_after=timezone.now() + timedelta(days=1))
    directory.changed()
    assert p.start().http == 200
