"""The kinds of single values, each at its limit and one beyond."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roaming.protocols.ocpi.dialect import encode
from roaming.protocols.ocpi.intake import MAX_DECIMALS, read_json
from roaming.protocols.ocpi.kinds import (
    COUNTRY_CODE,
    CURRENCY,
    DATE,
    INSTANT,
    PARTY_ID,
    URL,
    Kind,
    Unfit,
    ci_string,
    integer,
    number,
    opaque,
    read_instant,
    string,
    write_instant,
)

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


def refuses(kind: Kind, value: Any) -> bool:
    try:
        kind.read(value)
    except Unfit:
        return True
    return False


class TestInstant:
    @pytest.mark.parametrize(
        "text",
        [
            "2026-10-01T12:00:00Z",
            "2026-10-01T12:00:00z",
            "2026-10-01T12:00:00",
            "2026-10-01 12:00:00",
            "2026-10-01T12:00:00+00:00",
            "2026-10-01T12:00:00.000Z",
            "2026-10-01T12:00:00.000000+0000",
            "2026-10-1T12:00:00Z",
        ],
    )
    def test_reads_every_spelling_of_noon(self, text: str) -> None:
        assert read_instant(text) == NOON

    def test_reads_the_agreed_sign_for_no_time(self) -> None:
        assert read_instant("1970-1-1T00:00:00Z") == datetime(1970, 1, 1, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text",
        [
            "2026-10-01T12:00:00+02:00",
            "2026-10-01T12:00:00-00:30",
            "2026-10-01",
            "2026-W40-4T12:00:00Z",
            "2026-02-30T12:00:00Z",
            "2026-10-01T24:00:00Z",
            "2026-10-01T12:00Z",
            "1969-12-31T23:59:59Z",
            "2200-01-01T00:00:00Z",
            "٢٠٢٦-10-01T12:00:00Z",
            "",
        ],
    )
    def test_refuses(self, text: str) -> None:
        assert refuses(INSTANT, text)

    def test_says_that_other_offsets_are_not_allowed(self) -> None:
        with pytest.raises(Unfit) as refusal:
            read_instant("2026-10-01T12:00:00+02:00")
        assert "other offsets are not allowed" in refusal.value.problems[0][1]

    @pytest.mark.parametrize("value", [None, 0, 1790000000, True, ["2026-10-01T12:00:00Z"]])
    def test_refuses_what_is_no_text(self, value: Any) -> None:
        assert refuses(INSTANT, value)

    def test_writes_milliseconds_only_where_there_are_any(self) -> None:
        assert write_instant(NOON) == "2026-10-01T12:00:00Z"
        assert write_instant(NOON.replace(microsecond=5999)) == "2026-10-01T12:00:00.005Z"

    @given(st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31)))
    def test_reads_what_it_wrote_to_the_millisecond(self, moment: datetime) -> None:
        instant = moment.replace(tzinfo=UTC, microsecond=moment.microsecond // 1000 * 1000)
        assert read_instant(write_instant(instant)) == instant
        assert len(write_instant(instant)) <= 25


class TestTexts:
    def test_ci_string_takes_its_length_and_no_more(self) -> None:
        assert ci_string(3).read("a#*") == "a#*"
        assert refuses(ci_string(3), "abcd")
        assert refuses(ci_string(3), "")

    @pytest.mark.parametrize("text", ["ä", "a\n", "a\x7f", "\u202e1"])
    def test_ci_string_is_printable_ascii(self, text: str) -> None:
        assert refuses(ci_string(9), text)

    @pytest.mark.parametrize("text", ["", "Über den Hof", "中文", "a\u00a0b", "🚗"])
    def test_string_is_printable_in_every_script(self, text: str) -> None:
        assert string(20).read(text) == text

    @pytest.mark.parametrize("text", ["a\nb", "a\tb", "\x00", "\u202eevil", "\x85"])
    def test_string_has_no_control_characters(self, text: str) -> None:
        assert refuses(string(20), text)

    def test_string_counts_characters_and_not_bytes(self) -> None:
        assert string(3).read("äöü") == "äöü"
        assert refuses(string(3), "äöüä")

    def test_signed_data_keeps_its_line_breaks(self) -> None:
        assert opaque(5).read("a\nb\tc") == "a\nb\tc"

    @pytest.mark.parametrize(
        "address", ["https://alfa.example/x?y=1", "http://127.0.0.1:8000/", "www.alfa.example/terms", "HTTPS://A.example"]
    )
    def test_address(self, address: str) -> None:
        assert URL.read(address) == address

    @pytest.mark.parametrize(
        "address", ["javascript:alert(1)", "data:text/html,x", "https://a b", "https://ä.example", "", "https://a/" + "x" * 250]
    )
    def test_no_address(self, address: str) -> None:
        assert refuses(URL, address)

    def test_names_of_parties_and_currencies(self) -> None:
        assert COUNTRY_CODE.read("de") == "de"
        assert PARTY_ID.read("a1F") == "a1F"
        assert refuses(COUNTRY_CODE, "DEU")
        assert refuses(PARTY_ID, "AL")
        assert refuses(CURRENCY, "eur")

    def test_dates_exist(self) -> None:
        assert DATE.read("2028-02-29") == "2028-02-29"
        assert refuses(DATE, "2026-02-29")
        assert refuses(DATE, "20260228")


class TestNumbers:
    def test_integers_and_decimals_are_exact_numbers(self) -> None:
        assert number().read(3) == Decimal(3)
        assert number().read(Decimal("0.10")) == Decimal("0.10")

    @pytest.mark.parametrize("value", ["3", True, None, [3], Decimal(100), -100])
    def test_refuses_other_values_and_those_at_the_limit(self, value: Any) -> None:
        assert refuses(number(100), value)

    def test_writes_no_exponent(self) -> None:
        write = number().write
        assert write is not None
        assert encode([write(Decimal("1E+2")), write(Decimal("1E-9")), write(Decimal("1.50"))]) == b"[100,0.000000001,1.50]"

    @given(st.integers(-(10**9), 10**9), st.integers(0, MAX_DECIMALS))
    def test_reads_back_what_it_wrote(self, digits: int, decimals: int) -> None:
        kind, value = number(), Decimal(digits).scaleb(-decimals)
        assert kind.write is not None
        assert number().read(read_json(b"[%b]" % encode(kind.write(value)))[0]) == value

    def test_a_whole_number_may_be_written_with_a_point(self) -> None:
        assert integer().read(Decimal("230.0")) == 230
        assert refuses(integer(), Decimal("230.5"))
        assert refuses(integer(1, 7), 0)
        assert refuses(integer(1, 7), 8)
        assert refuses(integer(), True)
