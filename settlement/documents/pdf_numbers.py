"""Numbers and dates on paper as the reader writes them. Amounts come as text and stay exact: only their marks change."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

_ENGLISH = Locale("en", "GB")
_locale: ContextVar[Locale] = ContextVar("locale", default=_ENGLISH)


@contextmanager
def written_for(*, language: str, country: str) -> Iterator[None]:
    """This function will let everything inside write for a reader: `language` of two letters (none: English), of a country."""
    token = _locale.set(_locale_of(language, country))
    try:
        yield
    finally:
        _locale.reset(token)


def figure(amount: str, *, decimals: int | None = None) -> str:
    """This function will write an amount for people: 1,234.50, -1,234.50 in English; with `decimals` places where told."""
    group, point = _marks(_locale.get())
    sign, digits = ("-", amount[1:]) if amount.startswith("-") else ("", amount)
    whole, _, fraction = digits.partition(".")
    if decimals is not None:
        fraction = fraction.ljust(decimals, "0")
    grouped = f"{int(whole):,}".replace(",", group)
    return f"{sign}{grouped}" + (f"{point}{fraction}" if fraction else "")


def day(of: date) -> str:
    """This function will write a day in words: 3 November 2026."""
    return format_date(of, format="long", locale=_locale.get())


@cache
def _marks(locale: Locale) -> tuple[str, str]:
    symbols = locale.number_symbols["latn"]
    return symbols["group"].replace("\u202f", "\xa0"), symbols["decimal"]  # the narrow space is in no font of ours


@cache
def _locale_of(language: str, country: str) -> Locale:
    if not language or language == "en":
        return _ENGLISH
    for parts in ((language, country), (language,)):
        try:
            return Locale(*parts)
        except UnknownLocaleError:
            continue
    return _ENGLISH
