"""GET hubclientinfo: who else is here, as far as the caller may know."""

import pytest

from tests.builders.parties import a_party, an_agreement
from tests.wire import caller
from tests.wire.caller import Caller

pytestmark = pytest.mark.django_db

URL = "/ocpi/2.2.1/hubclientinfo"


class TestGet:
    def test_lists_partners_by_agreement_and_nobody_else(self, alfa: Caller, beta: Caller) -> None:
        caller.provider("FR-GAM")
        caller.operator("FR-OMI")
        an_agreement(operator=a_party("DE-ALF"), provider=a_party("NL-BET"))
        assert [(info["country_code"], info["party_id"], info["role"]) for info in alfa.call("GET", URL).data] == [("NL", "BET", "EMSP")]
        assert [(info["country_code"], info["party_id"], info["role"]) for info in beta.call("GET", URL).data] == [("DE", "ALF", "CPO")]

    def test_says_how_each_is(self, alfa: Caller, beta: Caller, everyone_roams: None) -> None:
        [info] = alfa.call("GET", URL).data
        assert info["status"] == "CONNECTED"
        assert info["last_updated"].endswith("Z")
        beta.platform.status = "OFFLINE"
        beta.platform.save()
        assert alfa.call("GET", URL).data[0]["status"] == "OFFLINE"
        beta.platform.is_locked = True
        beta.platform.save()
        assert alfa.call("GET", URL).data[0]["status"] == "SUSPENDED"

    def test_is_paged(self, alfa: Caller, everyone_roams: None) -> None:
        for key in ("FR-GAM", "NL-BET", "PL-DEL"):
            caller.provider(key)
        first = alfa.call("GET", f"{URL}?limit=2")
        assert (len(first.data), first.headers["X-Total-Count"], first.headers["X-Limit"]) == (2, "3", "200")
        assert "offset=2" in first.headers["Link"]
        last = alfa.call("GET", f"{URL}?limit=2&offset=2")
        assert [info["party_id"] for info in last.data] == ["DEL"]
        assert "Link" not in last.headers

    def test_filters_by_date(self, alfa: Caller, beta: Caller, everyone_roams: None) -> None:
        assert alfa.call("GET", f"{URL}?date_from=2198-01-01T00:00:00Z").data == []
        assert len(alfa.call("GET", f"{URL}?date_to=2198-01-01T00:00:00Z").data) == 1
        assert alfa.call("GET", f"{URL}?date_from=soon").status == (200, 2001)

    def test_has_no_routing_headers(self, alfa: Caller) -> None:
        headers = alfa.call("GET", URL).headers
        assert not [name for name in headers if name.lower().startswith("ocpi-")]


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
def test_other_methods_are_405(alfa: Caller, method: str) -> None:
    assert alfa.call(method, URL, {}).status == (405, 2000)
