"""How money, energy, instants, names and states read on a screen: in the admin, and in the portal through its template tags.

Amounts are strings made from Decimal, never floats; instants are UTC and say so. Everything a partner sent is escaped (`format_html`).
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec
from django.utils.html import format_html
from django.utils.safestring import SafeString

from roaming import canonical
from roaming.canonical.money import exponent, round_money

NOTHING = "–"
_MINUS = "\u2212"
# Colour follows meaning; the word itself always stands in the chip, for those who see no colour.
_TONES = {
    "good": {"CONNECTED", "ALLOWED", "ACCEPTED", "delivered", "issued", "cleared", "released", "COMPLETED", "AVAILABLE", "valid"},
    "info": {"approved", "ACTIVE", "CHARGING", "credit", "late", "RESERVED", "open"},
    "wait": {"PLANNED", "draft", "waiting", "PENDING", "flag", "RESERVATION"},
    "warn": {"OFFLINE", "held", "parked", "TIMEOUT", "UNREACHABLE", "hold", "locked", "OUTOFORDER", "INOPERATIVE"},
    "bad": {"SUSPENDED", "rejected", "INVALID", "BLOCKED", "EXPIRED", "NOT_ALLOWED", "NO_CREDIT", "BAD_ANSWER", "void", "invalid"},
}


def number(value: Decimal | int, *, decimals: int) -> str:
    """This function will write a number with thousands apart and a fixed number of decimals, rounded half away from zero."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return f"{abs(rounded):,f}" if rounded >= 0 else f"{_MINUS}{abs(rounded):,f}"


def money(amount: Decimal | None, currency: str) -> str:
    """This function will write an amount in the decimals of its currency: 1,234.50 EUR, 1,235 JPY."""
    if amount is None:
        return NOTHING
    return f"{number(round_money(amount, currency), decimals=exponent(currency))} {currency}"


def exact_money(amount: Decimal | None, currency: str) -> str:
    """This function will write an amount with every decimal that counts, at least those of its currency: 0.1234 EUR, 12.50 EUR."""
    if amount is None:
        return NOTHING
    told = max(exponent(currency), -int(Decimal(amount).normalize().as_tuple().exponent))
    return f"{number(amount, decimals=told)} {currency}"


def energy(kwh: Decimal | None, *, decimals: int = 3) -> str:
    """This function will write an energy in kWh."""
    return NOTHING if kwh is None else f"{number(kwh, decimals=decimals)} kWh"


def duration(hours: Decimal) -> str:
    """This function will write hours as hours and minutes: 1 h 05 min; 0.01 h is 0 h 01 min."""
    minutes = int((hours * 60).to_integral_value(rounding=ROUND_HALF_UP))
    return f"{minutes // 60} h {minutes % 60:02d} min"


def instant(at: datetime | None) -> str:
    """This function will write an instant in UTC, to the minute."""
    return NOTHING if at is None else f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def instant_to_the_second(at: datetime | None) -> str:
    """This function will write an instant in UTC, to the second."""
    return NOTHING if at is None else f"{at.astimezone(UTC):%-d %b %Y, %H:%M:%S} UTC"


def moment(at: datetime | None) -> SafeString | str:
    """This function will render an instant in two short lines, for the columns of lists."""
    return NOTHING if at is None else two_lines(day(at.astimezone(UTC).date()), f"{at.astimezone(UTC):%H:%M:%S} UTC")


def day(on: date | None) -> str:
    """This function will write a day."""
    return NOTHING if on is None else f"{on:%-d %b %Y}"


def masked(secret: str) -> str:
    """This function will hide a card's or contract's number but for its last four characters."""
    return NOTHING if not secret else f"•••• {secret[-4:]}" if len(secret) > 7 else "••••"


def party_name(party: Any) -> str:
    """This function will name a party as people do, falling back to its id: Alfa Charging, or DE-ALF."""
    return NOTHING if party is None else party.name or str(party.key)


def tone(state: str) -> str:
    """This function will return the colour word of a state."""
    return next((name for name, states in _TONES.items() if state in states), "plain")


def chip(state: str, label: str = "") -> SafeString:
    """This function will render a state as a coloured word."""
    return format_html('<span class="chip chip-{}">{}</span>', tone(state), label or state)


def figure(text: str) -> SafeString:
    """This function will render a figure so that columns of them line up."""
    return format_html('<span class="figure{}">{}</span>', " negative" if text.startswith(_MINUS) else "", text)


def two_lines(first: str, second: str) -> SafeString:
    """This function will render what something is called, and below it, smaller, how machines call it."""
    return format_html('<span class="first-line">{}</span><span class="second-line">{}</span>', first, second)


def party_cell(party: Any) -> SafeString | str:
    """This function will render a party's name above its id."""
    if party is None:
        return NOTHING
    return two_lines(party.name, str(party.key)) if party.name else str(party.key)


def link(url: str, text: str) -> SafeString:
    """This function will render a link."""
    return format_html('<a class="link" href="{}">{}</a>', url, text)


def pretty_json(document: bytes | memoryview | Mapping[str, Any] | list[Any] | None) -> SafeString:
    """This function will render JSON indented; bytes that are no JSON are shown as the text they are."""
    if document is None:
        return format_html("<p>{}</p>", NOTHING)
    if isinstance(document, bytes | memoryview):
        try:
            text = msgspec.json.format(bytes(document), indent=2).decode()  # numbers stay as they were written
        except (msgspec.DecodeError, UnicodeDecodeError):
            text = bytes(document).decode("utf-8", "replace")
    else:
        text = json.dumps(document, indent=2, ensure_ascii=False, default=str)
    return format_html('<pre class="document">{}</pre>', text)


class CdrPlace(canonical.messages.Open, frozen=True, kw_only=True):
    """Of a stored CDR, where it was."""

    cdr_location: canonical.CdrLocation


def place_of(body: bytes | memoryview) -> canonical.CdrLocation:
    """This function will read where a stored CDR was, and nothing else of it."""
    return canonical.messages.decode(body, CdrPlace).cdr_location
