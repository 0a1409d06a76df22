"""GET versions, GET version details, and every address that is none."""

import pytest
from django.conf import settings

from roaming.parties.lock import lock_platform
from tests.builders.canonical_messages import NOW
from tests.wire.caller import Caller, send

pytestmark = pytest.mark.django_db


class TestVersions:
    def test_lists_what_works_and_nothing_else(self, alfa: Caller) -> None:
        reply = alfa.call("GET", "/ocpi/versions")
        assert reply.status == (200, 1000)
        assert reply.data == [
            {"version": "2.3.0", "url": f"{settings.HUB_PUBLIC_URL}/ocpi/2.3.0"},
            {"version": "2.2.1", "url": f"{settings.HUB_PUBLIC_URL}/ocpi/2.2.1"},
            {"version": "2.1.1", "url": f"{settings.HUB_PUBLIC_URL}/ocpi/2.1.1/emsp"},
        ]
        assert reply.headers["Content-Type"] == "application/json"

    @pytest.mark.parametrize("name", ["X-Request-ID", "X-Correlation-ID"])
    @pytest.mark.parametrize("value", [None, "", "a b", "x" * 129, "\u00e4", "a\x00b"])
    def test_replaces_an_id_that_could_not_stand_in_a_log(self, alfa: Caller, name: str, value: str | None) -> None:
        given = alfa.call("GET", "/ocpi/versions", headers={name: value}).headers[name]
        assert len(given) == 36
        assert given != value

    def test_a_locked_platform_is_kept_out(self, alfa: Caller) -> None:
        lock_platform(platform=alfa.platform, at=NOW)
        assert alfa.call("GET", "/ocpi/versions").status == (403, 2000)

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def test_offers_no_other_method(self, alfa: Caller, method: str) -> None:
        reply = alfa.call(method, "/ocpi/versions", {})
        assert reply.status == (405, 2000)
        assert "GET" in reply.headers["Allow"]


class TestVersionDetails:
    def test_every_address_is_one_of_the_hub(self, alfa: Caller) -> None:
        for endpoint in alfa.call("GET", "/ocpi/2.2.1").data["endpoints"]:
            assert endpoint["url"].startswith(f"{settings.HUB_PUBLIC_URL}/ocpi/2.2.1/")

    @pytest.mark.parametrize("version", ["2.0", "2.2", "9.9", "%2F", "versions2"])
    def test_a_version_that_is_not_spoken_is_not_there(self, alfa: Caller, version: str) -> None:
        assert alfa.call("GET", f"/ocpi/{version}").status == (404, 2000)


class TestNowhere:
    @pytest.mark.parametrize(
        "path", ["/ocpi", "/ocpi/", "/ocpi/2.2.1/nowhere", "/ocpi/2.2.1/sender/nowhere/x", "/ocpi/%00", "/ocpi/a/b/c/d/e/f"]
    )
    def test_says_404_to_partners_and_401_to_strangers(self, alfa: Caller, path: str) -> None:
        assert alfa.call("GET", path).status == (404, 2000)
        assert send("GET", path, b"", {}).status == (401, 2000)
