"""The kinds of a single OCPI value: how each is read from plain JSON and written back (OCPI 2.2.1, types.asciidoc).

Reading is tolerant where running partner stacks differ and nothing is lost by it; writing is strict.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

# `#NA` stands for a required text that truly cannot exist (OCPI 2.2.1, types §CiString note); it is an ordinary text to every kind.
NOT_AVAILABLE = "#NA"

_YEARS = range(1970, 2200)


class Unfit(Exception):
    """A value is not of its kind. `problems` are (path below the value, what was expected)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__(problems)
        self.problems = problems


class Kind(NamedTuple):
    """One kind of value: `read` returns the canonical value or raises Unfit, `write` the JSON value."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any] | None = None  # None: written as it is


def unfit(expected: str) -> Unfit:
    """This function will return the refusal of a value that should have been `expected`."""
    return Unfit([("", expected)])


def ci_string(longest: int) -> Kind:
    """This function will return the kind CiString: 1 to `longest` printable ASCII characters, kept as sent, compared without case."""
    expected = f"a text of 1 to {longest} printable ASCII characters"

    def read(value: Any) -> str:
        if type(value) is str and 0 < len(value) <= longest and value.isascii() and value.isprintable():
            return value
        raise unfit(expected)

    return Kind(read)


def string(longest: int) -> Kind:
    """This function will return the kind string: at most `longest` characters of printable UTF-8."""
    expected = f"a text of at most {longest} characters without control characters"

    def read(value: Any) -> str:
        if type(value) is str and len(value) <= longest and (value.isprintable() or _CONTROL.search(value) is None):
            return value
        raise unfit(expected)

    return Kind(read)


def opaque(longest: int) -> Kind:
    """This function will return a kind for texts that are relayed byte-exact, line breaks included (signed meter data)."""
    expected = f"a text of at most {longest} characters"

    def read(value: Any) -> str:
        if type(value) is str and len(value) <= longest:
            return value
        raise unfit(expected)

    return Kind(read)


def matching(pattern: str, expected: str) -> Kind:
    """This function will return a kind of texts that match `pattern` wholly; `expected` is what a refusal says."""
    match = re.compile(pattern).fullmatch

    def read(value: Any) -> str:
        if type(value) is str and match(value):
            return value
        raise unfit(expected)

    return Kind(read)


def one_of(*names: str, also: dict[str, str] | None = None) -> Kind:
    """This function will return a closed enumeration. `also` maps other spellings met in the field to the right one."""
    allowed = {name: name for name in names} | (also or {})
    expected = f"one of {', '.join(names)}"

    def read(value: Any) -> str:
        if type(value) is str and value in allowed:
            return allowed[value]
        raise unfit(expected)

    return Kind(read)


def number(limit: int = 10**10, *, lowest: int | None = None) -> Kind:
    """This function will return an exact number with an absolute value below `limit`, as Decimal; written as a JSON number."""
    expected = f"a number of less than {len(str(limit)) - 1} digits before the point"
    if lowest is not None:
        expected += f", not below {lowest}"

    def read(value: Any) -> Decimal:
        if type(value) is int:
            value = Decimal(value)
        if type(value) is Decimal and -limit < value < limit and (lowest is None or value >= lowest):
            return value
        raise unfit(expected)

    return Kind(read, _write_number)


def integer(lowest: int = 0, highest: int = 2**31 - 1) -> Kind:
    """This function will return a whole number; `230.0` is one too."""
    expected = f"a whole number from {lowest} to {highest}"

    def read(value: Any) -> int:
        if type(value) is Decimal and value == value.to_integral_value():
            value = int(value)
        if type(value) is int and lowest <= value <= highest:
            return value
        raise unfit(expected)

    return Kind(read)


def _read_boolean(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise unfit("true or false")


def read_instant(value: Any) -> datetime:
    """This function will read an OCPI DateTime as an instant in UTC; it raises Unfit.

    RFC 3339 in UTC: `Z`, `+00:00` or no zone at all; fractions of a second up to nine digits (six are kept). Another offset is
    refused (OCPI 2.2.1, types §DateTime: "SHALL be in UTC"). A blank for the `T` and days without a leading zero are met and read.
    """
    if type(value) is str:
        if match := _INSTANT.fullmatch(value):
            year, month, day, hour, minute, second, fraction = match.groups()
            try:
                instant = datetime(
                    int(year),
                    int(month),
                    int(day),
                    int(hour),
                    int(minute),
                    int(second),
                    int(f"{fraction:0<6.6}") if fraction else 0,
                    UTC,
                )
            except ValueError:
                raise unfit("a date and time that exists") from None
            if instant.year in _YEARS:
                return instant
        elif _OFFSET.search(value):
            raise unfit("an instant in UTC, like 2026-10-01T12:00:00Z (other offsets are not allowed)")
    raise unfit("an instant like 2026-10-01T12:00:00Z between 1970 and 2199")


def write_instant(instant: datetime) -> str:
    """This function will write an instant with `Z` and at most milliseconds (DateTime is string(25))."""
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return instant.isoformat(timespec="milliseconds" if instant.microsecond else "seconds")[:-6] + "Z"  # in place of +00:00


def _write_number(value: Decimal) -> Decimal | msgspec.Raw:
    # 1E+2 is JSON too, but not every reader's.
    exponent = value.as_tuple().exponent
    return value if isinstance(exponent, int) and -6 <= exponent <= 0 else msgspec.Raw(format(value, "f").encode())


def _read_date(value: Any) -> str:
    if type(value) is str and _DATE.fullmatch(value):
        try:
            date.fromisoformat(value)
        except ValueError:
            raise unfit("a date that exists") from None
        return value
    raise unfit("a date like 2026-10-01")


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_INSTANT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|[+-]00:?00)?", re.ASCII)
_OFFSET = re.compile(r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?[+-]\d\d(?::?\d\d)?$", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

BOOLEAN = Kind(_read_boolean)
INSTANT = Kind(read_instant, write_instant)
DATE = Kind(_read_date)
CLOCK = matching(r"([01]\d|2[0-3]):[0-5]\d", "a time of day like 08:30")
COUNTRY_CODE = matching(r"[A-Za-z]{2}", "a country code of two letters")
PARTY_ID = matching(r"[A-Za-z0-9]{3}", "a party id of three letters or digits")
CURRENCY = matching(r"[A-Z]{3}", "a currency of three capital letters, like EUR")
LANGUAGE = matching(r"[A-Za-z]{2}", "a language of two letters, like en")
# Other schemes would be links that a person's browser runs.
URL = matching(r"(?:[Hh][Tt][Tt][Pp][Ss]?://|(?![^/?#]*:))[\x21-\x7e]{1,247}", "an address of at most 255 characters, http or https")
# Open since 2.3.0 (OpenEnum): a value that we do not know is the partner's business, and is kept.
OPEN_NAME = matching(r"[A-Za-z0-9_.\-]{1,64}", "a name of letters, digits and underscores")
