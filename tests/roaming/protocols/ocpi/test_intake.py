"""What a body may be, and what it may not: tried at each limit and one beyond."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roaming.protocols.ocpi.intake import EncodedBody, NotJson, WrongContentType, check_headers, read_json
from roaming.protocols.wire import intake

_REFUSED = {
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "negative Infinity": b'{"a": -Infinity}',
    "a number beyond all columns": b'{"a": 1e999}',
    "the same as an upper case exponent": b'{"a": 1E400}',
    "a number of a thousand decimals": b'{"a": 1e-999}',
    "a key twice": b'{"id": "1", "id": "2"}',
    "a key twice, once with a blank before its colon": b'{"id" :1,"id":2}',
    "a key twice, once escaped": b'{"id":1,"\\u0069d":2}',
    "a key twice behind a text that looks like one": b'{"id":1,"id":2,"x":"\\u0022:"}',
    "a key twice in an object inside a list": b'{"a":[{"b":1,"b":1}]}',
    "a hundred thousand open brackets": b"[" * 100_000,
    "fifty thousand objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "NUL in a text": b'{"a": "\\u0000"}',
    "NUL in a key": b'{"a\\u0000": 1}',
    "a raw control character": b'{"a": "\x00"}',
    "a lone high surrogate": b'{"a": "\\ud800"}',
    "a lone low surrogate": b'{"a": "\\udc00x"}',
    "an integer of 19 digits": b'{"a": 1234567890123456789}',
    "an integer of four thousand digits": b'{"a": ' + b"9" * 4000 + b"}",
    "an integer of five thousand digits": b'{"a": ' + b"9" * 5000 + b"}",
    "bytes that are no UTF-8": b'{"a": "\xff"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "nothing": b"",
    "half an object": b'{"a": 1',
    "an object and more": b'{"a": 1} x',
    "a leading zero": b'{"a": 01}',
    "single quotes": b"{'a': 1}",
}


class TestReadJson:
    @pytest.mark.parametrize("body", _REFUSED.values(), ids=_REFUSED.keys())
    def test_refuses(self, body: bytes) -> None:
        with pytest.raises(NotJson):
            read_json(body)

    def test_keeps_numbers_exact(self) -> None:
        assert read_json(b'{"a": 0.1, "b": 1.50, "c": 7, "d": -2e2}') == {
            "a": Decimal("0.1"),
            "b": Decimal("1.50"),
            "c": 7,
            "d": Decimal(-200),
        }
        assert str(read_json(b'{"b": 1.50}')["b"]) == "1.50"

    def test_takes_an_integer_of_18_digits(self) -> None:
        assert read_json(b'{"a": -999999999999999999}') == {"a": -999_999_999_999_999_999}

    def test_takes_32_levels_and_refuses_33(self) -> None:
        assert read_json(b"[" * 32 + b"1" + b"]" * 32)
        with pytest.raises(NotJson, match="32 levels"):
            read_json(b"[" * 33 + b"1" + b"]" * 33)

    def test_takes_512_members_and_refuses_513(self) -> None:
        def members(count: int) -> bytes:
            return json.dumps({f"m{number}": number for number in range(count)}).encode()

        assert len(read_json(members(512))) == 512
        with pytest.raises(NotJson, match="512 members"):
            read_json(members(513))

    def test_takes_100_000_values_and_refuses_one_more(self) -> None:
        assert len(read_json(b"[" + b",".join([b"1"] * 100_000) + b"]")) == 100_000
        with pytest.raises(NotJson, match="100000 values"):
            read_json(b"[" + b",".join([b"1"] * 100_001) + b"]")

    def test_takes_long_digits_inside_a_text(self) -> None:
        assert read_json(b'{"uid": "12345678901234567890123"}') == {"uid": "12345678901234567890123"}

    def test_takes_escaped_texts_that_look_like_members(self) -> None:
        assert read_json(rb'{"a": "he said \"b\": \"c\"", "d": ":e"}') == {"a": 'he said "b": "c"', "d": ":e"}

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6), inner, max_size=4)
            ),
            max_leaves=20,
        ),
        st.booleans(),
        st.sampled_from([None, 1]),
    )
    def test_reads_what_others_wrote_whichever_reader_it_takes(self, value: Any, ascii_only: bool, indent: int | None) -> None:
        body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
        assert read_json(body) == value
        assert intake._read_strictly(body, intake.MAX_VALUES) == value


class TestCheckHeaders:
    @pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
    def test_refuses_an_encoded_body(self, encoding: str) -> None:
        with pytest.raises(EncodedBody):
            check_headers(headers={"content-encoding": encoding}, has_body=True)

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
    def test_refuses_a_body_of_another_type(self, kind: str) -> None:
        with pytest.raises(WrongContentType):
            check_headers(headers={"content-type": kind}, has_body=True)

    def test_tolerates_any_type_where_there_is_no_body(self) -> None:
        check_headers(headers={"content-type": "text/html"}, has_body=False)

    @pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON", ""])
    def test_takes_json(self, kind: str) -> None:
        check_headers(headers={"content-type": kind, "content-encoding": "identity"}, has_body=True)
