"""`{% load figures %}`: money, energy, instants, names and states, in the language and the zone of the person who reads.

The figures are those of roaming/figures.py, so a page and the admin agree; marks and month names follow the language. An instant is
shown in the reader's zone, with UTC when one points at it.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.template.context import RequestContext
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from hub.directory.countries import country_name
from hub.portal.check_words import say_remark
from hub.state_words import STATE_WORDS
from roaming import figures

register = template.Library()

_GERMAN_MARKS = str.maketrans(",.", ".,")

register.filter("masked", figures.masked)
register.filter("country", country_name)
register.filter("party_name", figures.party_name)
register.filter("party", figures.party_cell)


def localized(text: str) -> str:
    """This function will write a figure with the marks of the page's language: 1,234.50 is 1.234,50 in German."""
    return text.translate(_GERMAN_MARKS) if (get_language() or "").startswith("de") else text


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """This function will write an amount in the decimals of its currency."""
    return localized(figures.money(amount, currency))


@register.filter
def exact_money(amount: Decimal | None, currency: str) -> str:
    """This function will write an amount with every decimal that counts."""
    return localized(figures.exact_money(amount, currency))


@register.filter
def energy(value: Decimal | None) -> str:
    """This function will write an energy in kWh with three decimals."""
    return localized(figures.energy(value))


@register.filter
def kwh(value: Any) -> str:
    """This function will write an energy for a summary, with one decimal."""
    return localized(figures.energy(value, decimals=1))


@register.filter
def duration(hours: Decimal) -> str:
    """This function will write hours as hours and minutes."""
    return figures.duration(hours)


@register.filter
def count(value: int | None) -> str:
    """This function will write a whole number with thousands apart."""
    return figures.NOTHING if value is None else localized(figures.number(value, decimals=0))


@register.filter
def percent(value: Any) -> str:
    """This function will write a VAT rate: 19 %, 8.1 %."""
    text = localized(figures.number(value, decimals=2).rstrip("0").rstrip("."))
    return f"{text} %"


@register.filter
def share(value: Decimal) -> str:
    """This function will write a share in per cent with three decimals: 99.987 %."""
    return f"{localized(figures.number(value, decimals=3))} %"


@register.filter
def day(on: date | None) -> str:
    """This function will write a day."""
    return figures.NOTHING if on is None else date_format(on, "j M Y")


@register.filter
def month(on: date | None) -> str:
    """This function will write a month."""
    return figures.NOTHING if on is None else date_format(on, "F Y")


@register.filter
def instant(at: datetime | None) -> SafeString | str:
    """This function will write an instant in the reader's zone, to the minute."""
    return _instant(at, "j M Y, H:i")


@register.filter
def instant_to_the_second(at: datetime | None) -> SafeString | str:
    """This function will write an instant in the reader's zone, to the second."""
    return _instant(at, "j M Y, H:i:s")


@register.filter
def second(at: datetime) -> int:
    """This function will return the whole second of an instant, counted from 1970, for addresses."""
    return int(at.timestamp())


def _instant(at: datetime | None, pattern: str) -> SafeString | str:
    if at is None:
        return figures.NOTHING
    here = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{} UTC">{} {}</time>',
        f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        date_format(at.astimezone(UTC), pattern, use_l10n=False),
        date_format(here, pattern),
        here.tzname(),
    )


@register.filter
def words(state: str) -> str:
    """This function will say a state or a role in the language of the page."""
    return str(STATE_WORDS.get(str(state), state))


@register.simple_tag
def chip(state: str, label: str = "") -> SafeString:
    """This function will render a state as a coloured word, in the language of the page."""
    word = str(label or state)
    return figures.chip(state, str(STATE_WORDS.get(word, word)))


@register.simple_tag
def remark(code: str, message: str) -> SafeString | str:
    """This function will say what a check said, in the language of the page."""
    return say_remark(code=code, message=message)


@register.simple_tag(takes_context=True)
def here(context: RequestContext, name: str) -> str:
    """This function will mark the navigation's link of the page one is on."""
    match = getattr(context.get("request"), "resolver_match", None)
    return "page" if match is not None and match.view_name.startswith(name) else "false"
