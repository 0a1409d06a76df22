"""`check_partner`: what it says of a partner that does well, and of one that does not."""

import json
from io import StringIO
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.core.management import CommandError, call_command

from tests.wire.caller import Caller
from tests.wire.messages import a_message
from tests.wire.stub_partner import Heard, StubPartner, Told, envelope

pytestmark = pytest.mark.django_db

PAGE = {"X-Total-Count": "1", "X-Limit": "50"}
ENDS = {"OCPI-to-country-code": "DE", "OCPI-to-party-id": "HUB", "OCPI-from-country-code": "DE", "OCPI-from-party-id": "ALF"}


def check(platform: int) -> dict[str, Any]:
    output = StringIO()
    call_command("check_partner", platform=platform, json=True, stdout=output)
    answer: dict[str, Any] = json.loads(output.getvalue())
    return answer


def is_hub(heard: Heard) -> bool:
    return heard.headers.get("authorization", "").startswith("Token dG9rZW4tb2Y")


def a_list(kind: str) -> Any:
    """This function will serve a list of two objects as the specification says."""
    items = [a_message(kind, id=f"{kind}-{number}") for number in (1, 2)]

    def told(heard: Heard) -> Told:
        query = dict(parse_qsl(heard.path.partition("?")[2]))
        if not is_hub(heard):
            return envelope(code=2000, status=401)
        if "ocpi-to-party-id" not in heard.headers or "date_from" not in query:
            return envelope(code=2001)
        offset, limit = int(query.get("offset", 0)), int(query["limit"])
        found = [] if query["date_from"] > "2100" else items[offset : offset + limit]
        more = {"Link": f'<http://x.example/?offset={offset + limit}&limit={limit}>; rel="next"'} if offset + limit < 2 else {}
        return envelope(found, headers={"X-Total-Count": "2", "X-Limit": "50", **ENDS, **more})

    return told


@pytest.fixture
def good(alfa_at_stub: Caller, stub: StubPartner) -> Caller:
    """An operator whose server does everything right."""
    offered = [{"identifier": "credentials", "role": "SENDER", "url": f"{stub.url}/c"}]

    def versions(heard: Heard) -> Told:
        if not is_hub(heard):
            return envelope(code=2000, status=401)
        ids = {"X-Request-ID": heard.headers["x-request-id"], "X-Correlation-ID": heard.headers["x-correlation-id"]}
        return envelope([{"version": "2.2.1", "url": f"{stub.url}/ocpi/2.2.1"}], headers=ids)

    stub.answer_by("GET", "/ocpi/versions", versions)
    stub.answer_by("GET", "/ocpi/versions/", versions)
    stub.answer("DELETE", "/ocpi/versions", code=2000, status=405)
    stub.answer("GET", "/ocpi/2.2.1", {"version": "2.2.1", "endpoints": offered})
    for kind in ("location", "tariff", "session", "cdr"):
        stub.answer_by("GET", f"/ocpi/2.2.1/{kind}s", a_list(kind))
    stub.answer("PUT", "/ocpi/2.2.1/tokens/DE/HUB/ROAMHOUSE-CHECK-0", code=2001, status=400)
    return alfa_at_stub


def test_a_partner_that_does_everything_right_is_told_so_and_nothing_is_written_there(good: Caller, stub: StubPartner) -> None:
    result = check(good.platform.id)
    assert [case for case in result["cases"] if not case["passed"]] == []
    assert (result["passed"], result["failed"]) == (46, 0)
    assert {case["case"] for case in result["cases"]} == {1, 3, 4, 6, 8, 10, 11, 12, 15, 16, 17, 20, 32, 72, 80, 81, 82, 83, 84, 85, 92}
    others = [heard for heard in stub.heard if heard.method != "GET"]
    assert [(heard.method, heard.body) for heard in others] == [("DELETE", b""), ("PUT", b"{this is no JSON")]
    assert others[0].path == "/ocpi/versions"


def test_each_fault_is_named_by_its_case_with_what_was_expected_and_what_came(good: Caller, stub: StubPartner) -> None:
    offered = [{"version": "2.2.1", "url": f"{stub.url}/ocpi/2.2.1"}]
    stub.answer_by("GET", "/ocpi/versions", lambda _: envelope(offered, headers=ENDS))  # to everybody, without ids
    bad = [a_message("tariff", currency=None)] * 3
    stub.answer_by("GET", "/ocpi/2.2.1/tariffs", lambda _: envelope(bad, headers={"X-Total-Count": "9"}))
    stub.answer("GET", "/ocpi/2.2.1/sessions", [])
    stub.answer("GET", "/ocpi/2.2.1/locations/ROAMHOUSE-CHECK-0", a_message("location"))
    stub.answer("PUT", "/ocpi/2.2.1/tokens/DE/HUB/ROAMHOUSE-CHECK-0")
    wrong = [case for case in check(good.platform.id)["cases"] if not case["passed"]]
    assert [case["case"] for case in wrong] == [3, 4, 15, 16, 4, 82, 83, 80, 81, 85, 17, 20, 4, 82, 17, 20, 84, 32, 6]
    told = {(case["case"], case["name"]): (case["expected"], case["problem"]) for case in wrong}
    assert told[80, "GET tariffs with a date_from to come"] == ("an empty list", "3 objects")
    assert told[81, "GET tariffs with limit 1"][1] == "no Link, though 9 objects are told and 3 came"
    assert told[6, "PUT tokens with a body that is no JSON"] == ("HTTP 400", "HTTP 200")


def test_a_provider_is_asked_about_a_token_that_nobody_has(beta_at_stub: Caller, stub: StubPartner) -> None:
    stub.answer("POST", "/ocpi/2.2.1/tokens/ROAMHOUSE-CHECK-0/authorize", {"allowed": "ALLOWED"})
    [found] = [case for case in check(beta_at_stub.platform.id)["cases"] if case["case"] == 45]
    assert found["problem"] == "HTTP 200, status 1000, ALLOWED"


def test_a_platform_that_is_not_connected_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match="not connected"):
        check(10**9)
