"""`check_partner`: what it says of a partner that does well, and of one that does not."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.wire.caller import Caller
from tests.wire.messages import a_message
from tests.wire.stub_partner import Heard, StubPartner, Told, envelope

pytestmark = pytest.mark.django_db

PAGE = {"X-Total-Count": "1", "X-Limit": "50"}


def check(platform: int) -> dict[str, Any]:
    output = StringIO()
    call_command("check_partner", platform=platform, json=True, stdout=output)
    answer: dict[str, Any] = json.loads(output.getvalue())
    return answer


@pytest.fixture
def good(alfa_at_stub: Caller, stub: StubPartner) -> Caller:
    """An operator whose server does everything right."""
    offered = [{"identifier": "credentials", "role": "SENDER", "url": f"{stub.url}/c"}]

    def versions(heard: Heard) -> Told:
        if not heard.headers.get("authorization", "").startswith("Token dG9rZW4tb2Y"):
            return envelope(code=2000, status=401)
        return envelope([{"version": "2.2.1", "url": f"{stub.url}/ocpi/2.2.1"}])

    stub.answer_by("GET", "/ocpi/versions", versions)
    stub.answer_by("GET", "/ocpi/versions/", versions)
    stub.answer("DELETE", "/ocpi/versions", code=2000, status=405)
    stub.answer("GET", "/ocpi/2.2.1", {"version": "2.2.1", "endpoints": offered})
    for module, kind in (("locations", "location"), ("tariffs", "tariff"), ("cdrs", "cdr")):
        told = envelope([a_message(kind)], headers=PAGE)
        stub.answer_by("GET", f"/ocpi/2.2.1/{module}", lambda _, told=told: told)  # type: ignore[misc]

    def sessions(heard: Heard) -> Told:
        return envelope([a_message("session")], headers=PAGE) if "date_from" in heard.path else envelope(code=2001)

    stub.answer_by("GET", "/ocpi/2.2.1/sessions", sessions)
    return alfa_at_stub


def test_a_partner_that_does_everything_right(good: Caller) -> None:
    result = check(good.platform.id)
    assert [case for case in result["cases"] if not case["passed"]] == []
    assert (result["passed"], result["failed"]) == (16, 0)


def test_each_fault_is_named_by_its_case(good: Caller, stub: StubPartner) -> None:
    stub.answer("GET", "/ocpi/versions", [{"version": "2.2.1", "url": f"{stub.url}/ocpi/2.2.1"}])  # to everybody
    stub.answer("GET", "/ocpi/2.2.1/tariffs", [a_message("tariff", currency=None)])
    stub.answer("GET", "/ocpi/2.2.1/sessions", [])
    wrong = [case["case"] for case in check(good.platform.id)["cases"] if not case["passed"]]
    assert wrong == [3, 4, 82, 83, 82, 84]


def test_writes_nothing_at_the_partners(good: Caller, stub: StubPartner) -> None:
    check(good.platform.id)
    assert {heard.method for heard in stub.heard} == {"GET", "DELETE"}
    assert [heard.path for heard in stub.heard if heard.method == "DELETE"] == ["/ocpi/versions"]


def test_a_platform_that_is_not_connected_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match="not connected"):
        check(10**9)
