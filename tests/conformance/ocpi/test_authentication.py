"""Cases 1 to 13: who may call, and the envelope around every answer."""

import base64
import json
from typing import Any

import pytest

from roaming.parties.credentials import issue_inbound_token
from roaming.parties.models import Credential
from roaming.tariffs.models import Tariff
from tests.builders.canonical_messages import NOW
from tests.conformance.ocpi.words import AT_STUB, LOCATION, SENDER, TARIFF, TOKEN, location, speaking, tariff, token
from tests.wire import caller
from tests.wire.caller import HUB, Caller
from tests.wire.messages import as_json
from tests.wire.stub_partner import StubPartner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roaming")]

DOORS = ("/ocpi/versions", "/ocpi/2.2.1", "/ocpi/2.2.1/credentials", "/ocpi/2.2.1/hubclientinfo", f"{SENDER}/locations", TARIFF)


@pytest.mark.parametrize("door", ["/ocpi/versions", f"{SENDER}/locations"])
def test_001_takes_the_token_in_base64_and_raw(beta: Caller, door: str) -> None:
    encoded = base64.b64encode(beta.token.encode()).decode()
    for presented in (f"Token {encoded}", f"Token {beta.token}", f"token {encoded.rstrip('=')}"):
        assert beta.call("GET", door, to=HUB, headers={"Authorization": presented}).status == (200, 1000)


def test_002_takes_base64_of_a_token_with_a_newline(alfa: Caller) -> None:
    copied = base64.b64encode(alfa.token.encode() + b"\n").decode()
    assert alfa.call("GET", "/ocpi/versions", headers={"Authorization": f"Token {copied}"}).status == (200, 1000)


@pytest.mark.parametrize("door", DOORS)
def test_003_without_a_token_every_door_is_401_in_an_envelope(alfa: Caller, door: str) -> None:
    reply = alfa.call("GET", door, to=HUB, headers={"Authorization": None})
    assert reply.status == (401, 2000)
    assert reply.headers["X-Request-ID"] == "request-1"


@pytest.mark.parametrize("presented", ["", "Token", "Token ", "Token wrong", "Bearer {token}", "Basic {token}", "{token}", "Token \u00e4"])
def test_004_an_unknown_token_is_401(alfa: Caller, presented: str) -> None:
    header = {"Authorization": presented.format(token=alfa.token)}
    assert alfa.call("GET", "/ocpi/versions", headers=header).status == (401, 2000)
    assert alfa.call("GET", TARIFF, to=HUB, headers=header).status == (401, 2000)


def test_005_token_a_opens_versions_and_credentials_and_nothing_else(beta: Caller) -> None:
    beta.token = issue_inbound_token(platform=beta.platform, kind=Credential.Kind.REGISTRATION, at=NOW)
    for door in ("/ocpi/versions", "/ocpi/2.2.1", "/ocpi/2.2.1/credentials"):
        assert beta.call("GET", door).status == (200, 1000)
    for door in (f"{SENDER}/locations", TARIFF, "/ocpi/2.2.1/hubclientinfo"):
        assert beta.call("GET", door, to=HUB).status == (401, 2000)


@pytest.mark.parametrize("body", [b"{bad", b"", b'{"a": NaN}', b'{"uid": "1", "uid": "2"}'])
def test_006_a_body_that_is_no_json_is_http_400(beta: Caller, body: bytes) -> None:
    assert beta.call("PUT", TOKEN, raw=body, to=HUB).status == (400, 2001)


def test_007_a_missing_or_bad_field_is_http_200_with_2001_and_named(alfa: Caller) -> None:
    lacking = tariff()
    del lacking["currency"]
    reply = alfa.call("PUT", TARIFF, lacking, to=HUB)
    assert (reply.status, "currency" in reply.message) == ((200, 2001), True)
    body = tariff(currency="EURO", elements=[{"price_components": [{"type": "POWER", "price": "0.39", "step_size": -1}]}])
    reply = alfa.call("PUT", TARIFF, body, to=HUB)
    assert reply.status == (200, 2001)
    for path in ("currency", "elements[0].price_components[0].type", "[0].price:", "step_size"):
        assert path in reply.message
    assert not Tariff.objects.exists()


@pytest.mark.parametrize(
    ("method", "door"), [("GET", "/ocpi/versions"), ("GET", "/ocpi/nowhere"), ("PUT", TARIFF), ("POST", TARIFF), ("GET", TARIFF)]
)
def test_008_every_answer_is_an_envelope_with_a_time_in_utc(alfa: Caller, method: str, door: str) -> None:
    reply = alfa.call(method, door, to=HUB)
    assert reply.headers["Content-Type"] == "application/json"
    assert json.loads(reply.body)["timestamp"].endswith("Z")
    assert isinstance(reply.code, int)


def test_009_a_field_that_nobody_knows_reaches_a_2_3_0_receiver_unchanged(stub: StubPartner) -> None:
    alfa, beta = speaking("2.3.0", caller.operator("DE-ALF")), speaking("2.3.0", caller.provider("NL-BET", at=stub.host))
    stub.answer("PUT", f"{AT_STUB}/tariffs/DE/ALF/AC-1")
    own: dict[str, Any] = {"x_deep": {"a": [1, None, "ü"]}, "x_flag": True}
    body = {**_tariff_2_3_0(), **own}
    assert alfa.call("PUT", "/ocpi/2.3.0/receiver/tariffs/DE/ALF/AC-1", body, to=beta.key).status == (200, 1000)
    assert {name: value for name, value in stub.heard[0].json.items() if name.startswith("x_")} == own


def _tariff_2_3_0() -> dict[str, Any]:
    component = {"type": "ENERGY", "price": 0.39, "step_size": 1}
    return {
        "country_code": "DE",
        "party_id": "ALF",
        "id": "AC-1",
        "currency": "EUR",
        "tax_included": "NO",
        "elements": [{"price_components": [component]}],
        "last_updated": "2026-09-01T08:00:00Z",
    }


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
def test_010_a_method_that_is_not_offered_is_405(alfa: Caller, method: str) -> None:
    reply = alfa.call(method, LOCATION, location(), to=HUB)
    assert reply.status == (405, 2000)
    assert reply.headers["OCPI-to-party-id"] == "ALF"


@pytest.mark.parametrize(
    "path", ["/ocpi/versions/", "/ocpi//versions", "/ocpi/versions//", "/ocpi/2.2.1//sender//locations/", "/ocpi/2.2.1/sender/locations"]
)
def test_011_every_form_of_slashes_is_the_same_door_without_a_redirect(beta: Caller, path: str) -> None:
    assert beta.call("GET", path, to=HUB).status == (200, 1000)


def test_012_names_of_headers_and_ids_count_in_any_case(alfa: Caller, beta: Caller) -> None:
    lower = {"ocpi-from-country-code": "de", "ocpi-from-party-id": "alf", **dict.fromkeys(("OCPI-from-country-code", "OCPI-from-party-id"))}
    assert alfa.call("PUT", TARIFF.replace("DE/ALF/AC-1", "de/alf/ac-1"), tariff(), to="de-hub", headers=lower).status == (201, 1000)
    assert alfa.call("GET", TARIFF, to=HUB).data["id"] == "AC-1"
    beta.call("PUT", TOKEN, token(), to=HUB)
    assert beta.call("GET", TOKEN.lower(), to=HUB).data["uid"] == token()["uid"]


def test_013_null_and_absent_are_the_same_and_so_are_an_empty_list_and_none(alfa: Caller, beta: Caller) -> None:
    bare = {name: value for name, value in as_json(location()).items() if name not in ("name", "images", "directions", "energy_mix")}
    empty = {**bare, "name": None, "images": [], "directions": None, "energy_mix": None}
    seen: list[dict[str, Any]] = []
    for body in (bare, empty):
        alfa.call("PUT", LOCATION, {**body, "last_updated": f"2026-09-0{len(seen) + 1}T08:00:00Z"}, to=HUB)
        kept = alfa.call("GET", LOCATION, to=HUB).data
        seen.append({name: value for name, value in kept.items() if name != "last_updated" and value not in (None, [])})
    assert seen[0] == seen[1]
