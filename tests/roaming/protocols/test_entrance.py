"""The path of a partner's request as it was sent."""

import pytest
from django.test import RequestFactory

from roaming.protocols.entrance import one_slash_each, raw_path
from roaming.protocols.ocpi.paths import split_joint


class TestRawPath:
    @pytest.mark.parametrize("name", ["RAW_URI", "REQUEST_URI", "HTTP_X_RAW_PATH"])
    def test_is_what_the_server_or_the_lane_tells(self, name: str) -> None:
        request = RequestFactory().get("/ocpi/a%2Fb")
        request.META[name] = "/ocpi/a%2Fb?x=1"
        assert raw_path(request) == "/ocpi/a%2Fb"

    def test_takes_a_whole_address_too(self) -> None:
        request = RequestFactory().get("/ocpi/a%2Fb", RAW_URI="http://hub.example/ocpi/a%2Fb")
        assert raw_path(request) == "/ocpi/a%2Fb"

    @pytest.mark.parametrize("told", ["/ocpi/elsewhere", "/admin/", "/ocpi/a%2Fc", "\u00e4", ""])
    def test_is_not_believed_where_it_leads_elsewhere(self, told: str) -> None:
        assert raw_path(RequestFactory().get("/ocpi/a b", RAW_URI=told)) == "/ocpi/a%20b"

    def test_without_a_hint_is_the_decoded_path_encoded_again(self) -> None:
        assert raw_path(RequestFactory().get("/ocpi/%23NA/%C3%A4*")) == "/ocpi/%23NA/%C3%A4*"


class TestJoints:
    @pytest.mark.parametrize(
        ("path", "joined"),
        [
            ("/ocpi//versions/", "/ocpi/versions"),
            ("/", "/"),
            ("//", "/"),
            ("/a///b//", "/a/b"),
        ],
    )
    def test_hold_one_slash_each(self, path: str, joined: str) -> None:
        assert one_slash_each(path) == joined

    @pytest.mark.parametrize(
        ("path", "joined"),
        [
            ("/ocpi/2.2.1/receiver/commandsSTART_SESSION", "/ocpi/2.2.1/receiver/commands/START_SESSION"),
            ("/ocpi/2.2.1/receiver/commands/START_SESSION", "/ocpi/2.2.1/receiver/commands/START_SESSION"),
            ("/ocpi/2.2.1/sender/tokens04A2/authorize", "/ocpi/2.2.1/sender/tokens/04A2/authorize"),
            ("/ocpi/2.2.1/sender/tokens", "/ocpi/2.2.1/sender/tokens"),
            ("/ocpi/versions", "/ocpi/versions"),
        ],
    )
    def test_a_missing_slash_behind_a_module_is_put_in(self, path: str, joined: str) -> None:
        assert split_joint(path) == joined
