"""The kinds of a single OICP value. Instants keep their text: offset and fraction go out as they came in (oicp §1.1)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from roaming.protocols.oicp.identifiers import EVCO_ID, EVSE_ID, OPERATOR_ID, PROVIDER_ID, SESSION_ID, UID
from roaming.protocols.wire.kinds import Kind, matching, unfit
from roaming.protocols.wire.shapes import S, Shape


class Moment(msgspec.Struct, frozen=True):
    """An instant and the text that told it."""

    text: str
    at: datetime


class Spelled(Shape[S]):
    """A shape that also reads other spellings of its members; it writes the first (oicp §3.4)."""

    def __init__(self, kind: type[S], *fields: Any, also: Mapping[str, str]) -> None:
        super().__init__(kind, *fields)
        self._also = also

    def _read(self, body: Any) -> S:
        return super()._read(respell(body, self._also))


def respell(body: Any, also: Mapping[str, str]) -> Any:
    """This function will return the object with members of another spelling under their right names, where those are not there."""
    if type(body) is not dict or not any(other in body for other in also):
        return body
    named = {name: value for name, value in body.items() if name not in also}
    for other, name in also.items():
        if body.get(other) is not None and named.get(name) is None:
            named[name] = body[other]
    return named


def read_moment(value: Any) -> Moment:
    """This function will read an ISO 8601 date and time with an offset or `Z`; it raises Unfit."""
    if type(value) is str and (match := _MOMENT.fullmatch(value)):
        try:
            at = datetime.fromisoformat(f"{match[1]}T{match[2]}{(match[3] or '')[:7]}{'+00:00' if match[4] in 'Zz' else match[4]}")
        except ValueError:
            raise unfit("a date and time that exists") from None
        if 1970 <= at.year < 2200:
            return Moment(value, at.astimezone(UTC))
    raise unfit("a date and time with offset like 2026-10-01T12:00:00+02:00, between 1970 and 2199")


def moment_of(at: datetime, *, like: datetime | None = None) -> Moment:
    """This function will write an instant, in the offset of `like` where that is told, else in UTC with `Z`."""
    zone = like.tzinfo if like is not None else UTC
    local = at.astimezone(zone)
    text = local.isoformat(timespec="milliseconds" if at.microsecond else "seconds")
    return Moment(text.replace("+00:00", "Z"), at.astimezone(UTC))


def upper(pattern: str, expected: str) -> Kind:
    """This function will return a kind of texts that are raised to upper case before they must match."""
    match = re.compile(pattern).fullmatch

    def read(value: Any) -> str:
        if type(value) is str and match(value.upper()):
            return value.upper()
        raise unfit(expected)

    return Kind(read)


def text(longest: int, *, shortest: int = 0) -> Kind:
    """This function will return the kind of texts of so many characters."""
    expected = f"a text of {shortest} to {longest} characters"

    def read(value: Any) -> str:
        if type(value) is str and shortest <= len(value) <= longest and "\0" not in value:
            return value
        raise unfit(expected)

    return Kind(read)


_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

MOMENT = Kind(read_moment, lambda moment: moment.text)
SESSION_IDS = matching(SESSION_ID, "a session id like b2688855-7f00-0002-6d8e-48d883f6abb6")
EVSE_IDS = matching(EVSE_ID, "an EvseID like DE*ALF*E0001")
EVCO_IDS = matching(EVCO_ID, "an EvcoID like DE-ALF-C12345678-4")
OPERATOR_IDS = matching(OPERATOR_ID, "an OperatorID like DE*ALF")
PROVIDER_IDS = matching(PROVIDER_ID, "a ProviderID like NL-BET")
ANY_PROVIDER = matching(rf"\*|{PROVIDER_ID}", "a ProviderID like NL-BET, or *")
UIDS = upper(UID, "a UID of 8, 14 or 20 hex digits")
PRODUCT = text(50)
PARTNER_SESSION = text(250)
COUNTRY = matching(r"[A-Z]{3}", "a country of three capital letters (ISO 3166-1 alpha-3)")
CURRENCIES = matching(r"[A-Z]{3}", "a currency of three capital letters, like EUR")
PHONE = matching(r"\+[0-9]{5,15}", "a phone number like +49301234567")
