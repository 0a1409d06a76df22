"""What a partner's answer is, and how its addresses are joined."""

import json

import pytest

from roaming.protocols.ocpi.client import NotAnEnvelope, Refused, authorization, join_url, one_object, read_reply


def read(status: int, body: bytes, **headers: str) -> object:
    return read_reply(status=status, headers=headers, body=body)


class TestReadReply:
    def test_reads_an_envelope(self) -> None:
        reply = read_reply(
            status=200, headers={}, body=b'{"data": [1], "status_code": 1000, "status_message": "fine\\n", "timestamp": "x"}'
        )
        assert (reply.code, reply.data, reply.message, reply.is_success) == (1000, [1], "fine", True)

    def test_success_needs_both_layers(self) -> None:
        assert not read_reply(status=500, headers={}, body=b'{"status_code": 1000}').is_success
        assert not read_reply(status=200, headers={}, body=b'{"status_code": 2000}').is_success

    def test_a_list_may_lack_its_status_code(self) -> None:
        assert read_reply(status=200, headers={}, body=b'{"data": []}').code == 1000

    @pytest.mark.parametrize(
        "body", [b"", b"<html>", b"[]", b"{}", b'{"status_code": "1000"}', b'{"status_code": true}', b'{"status_code": 7}', b'{"a": NaN}']
    )
    def test_refuses_what_is_none(self, body: bytes) -> None:
        with pytest.raises(NotAnEnvelope):
            read(200, body)

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_refuses_redirects(self, status: int) -> None:
        with pytest.raises(NotAnEnvelope):
            read(status, b'{"status_code": 1000}')

    @pytest.mark.parametrize("status", [401, 403])
    def test_tells_a_refused_token_from_everything_else(self, status: int) -> None:
        with pytest.raises(Refused):
            read(status, b'{"status_code": 1000}')

    def test_cuts_a_long_message(self) -> None:
        body = json.dumps({"status_code": 2000, "status_message": "m" * 5000}).encode()
        assert len(read_reply(status=200, headers={}, body=body).message) == 255


class TestJoinUrl:
    @pytest.mark.parametrize("endpoint", ["https://a.example/x", "https://a.example/x/", "https://a.example/x//"])
    def test_puts_one_slash_at_the_joint(self, endpoint: str) -> None:
        assert join_url(endpoint, ("START_SESSION",)) == "https://a.example/x/START_SESSION"

    def test_encodes_each_part_by_itself(self) -> None:
        assert join_url("https://a.example/x", ("DE/1", "#NA", "a b*")) == "https://a.example/x/DE%2F1/%23NA/a%20b%2A"

    def test_keeps_the_endpoints_own_query(self) -> None:
        assert join_url("https://a.example/x?key=1", ("y",), {"type": "RFID"}) == "https://a.example/x/y?key=1&type=RFID"

    def test_leaves_an_endpoint_without_parts_as_it_is(self) -> None:
        assert join_url("https://a.example/x/") == "https://a.example/x/"


class TestAuthorization:
    def test_is_base64_from_version_two_two_on(self) -> None:
        assert authorization(token="secret", version="2.2.1") == "Token c2VjcmV0"
        assert authorization(token="secret", version="2.2.1", encoding="raw") == "Token secret"


def test_takes_an_object_out_of_a_list_of_one() -> None:
    assert (one_object([{"a": 1}]), one_object({"a": 1}), one_object([])) == ({"a": 1}, {"a": 1}, [])
