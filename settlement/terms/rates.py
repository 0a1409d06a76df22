"""Exchange rates: loaded from the European Central Bank's files, never edited, and read by the day they were published.

The ECB calls its euro reference rates informational; the rulebook makes them the contract rate (finance §2.6). It publishes on TARGET
days only: a day without a rate uses the latest one before, at most five days old.
"""

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import NamedTuple

from django.db import transaction

from roaming import canonical
from settlement.terms.models import ExchangeRate
from settlement.terms.xml_file import NotXml, local_name, read_xml

SOURCE = "ECB"
EURO = "EUR"
OLDEST_DAYS = 5
_EXACT = Context(prec=40)
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")


class NotARateFile(ValueError):
    """The file is none of the ECB's XML or CSV files of euro reference rates; the message says what is wrong."""


class RateContradicts(Exception):
    """The file tells another rate than one that is stored: what a run may have used is never changed."""


class NoRate(Exception):
    """No rate was published for the currency on that day or in the five days before."""


class Told(NamedTuple):
    """One rate of a file: units of `currency` for one euro."""

    published_on: date
    currency: str
    per_euro: Decimal


class Loaded(NamedTuple):
    """What a file brought: rates that were new, rates in the file, and the latest day in it."""

    new: int
    rates: int
    latest: date


class Rate(NamedTuple):
    """A rate as a run uses it."""

    currency: str
    per_euro: Decimal
    published_on: date
    source: str


def load_rates(*, content: bytes) -> Loaded:
    """This function will store the rates of an ECB file (XML, or CSV with a column per currency); loading it again changes nothing.

    It raises NotARateFile, and RateContradicts before anything is written.
    """
    told = read_rates(content=content)
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        known = {
            (row.published_on, row.currency): row.per_euro
            for row in ExchangeRate.objects.filter(source=SOURCE, published_on__in={rate.published_on for rate in told})
        }
        for rate in told:
            stored = known.get((rate.published_on, rate.currency))
            if stored is not None and stored != rate.per_euro:
                raise RateContradicts(f"{rate.currency} on {rate.published_on} is stored as {stored}, the file says {rate.per_euro}")
        new = [rate for rate in told if (rate.published_on, rate.currency) not in known]
        ExchangeRate.objects.bulk_create(
            (ExchangeRate(source=SOURCE, file_sha256=digest, **rate._asdict()) for rate in new), batch_size=2000, ignore_conflicts=True
        )
    return Loaded(new=len(new), rates=len(told), latest=max(rate.published_on for rate in told))


def read_rates(*, content: bytes) -> list[Told]:
    """This function will read every rate of a file, in its order; it raises NotARateFile."""
    rates = list(_read_csv(content) if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else _read_xml(content))
    if not rates:
        raise NotARateFile("the file holds no rate")
    return rates


def rate_for(*, currency: str, on: date) -> Rate:
    """This function will return the rate published on a day, or the latest in the five days before; it raises NoRate."""
    if currency == EURO:
        return Rate(EURO, Decimal(1), on, SOURCE)
    found = (
        ExchangeRate.objects.filter(currency=currency, published_on__lte=on, published_on__gte=on - timedelta(days=OLDEST_DAYS))
        .order_by("-published_on", "source")
        .first()
    )
    if found is None:
        raise NoRate(f"no rate of {currency} for {on}: none was published in the {OLDEST_DAYS} days before (manage.py load_rates --file …)")
    return Rate(currency, found.per_euro, found.published_on, found.source)


def convert(*, amount: Decimal, rate_from: Rate, rate_to: Rate) -> Decimal:
    """This function will convert an amount through the euro, with one rounding at the end, half away from zero."""
    exact = _EXACT.divide(_EXACT.multiply(amount, rate_to.per_euro), rate_from.per_euro)
    return exact.quantize(Decimal(1).scaleb(-canonical.exponent(rate_to.currency)), rounding=ROUND_HALF_UP)


def _read_xml(content: bytes) -> Iterator[Told]:
    try:
        root = read_xml(content=content)
    except NotXml as wrong:
        raise NotARateFile(str(wrong)) from wrong
    for day in root.iter():
        if local_name(day) == "Cube" and "time" in day.attrib:
            published_on = _day(day.attrib["time"])
            for cube in day:
                yield _told(published_on, cube.attrib.get("currency", ""), cube.attrib.get("rate", ""))


def _read_csv(content: bytes) -> Iterator[Told]:
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), skipinitialspace=True))
    except (UnicodeDecodeError, csv.Error) as wrong:
        raise NotARateFile(f"the file is neither XML nor CSV: {wrong}") from wrong
    if not rows or not rows[0] or rows[0][0].strip() != "Date":
        raise NotARateFile("the file is neither XML nor CSV that begins with a column Date")
    currencies = [name.strip() for name in rows[0][1:]]
    for row in rows[1:]:
        if not any(cell.strip() for cell in row):
            continue
        published_on = _day(row[0].strip())
        for currency, cell in zip(currencies, row[1:], strict=False):
            if currency and cell.strip() not in ("", "N/A"):
                yield _told(published_on, currency, cell.strip())


def _day(text: str) -> date:
    for read in (date.fromisoformat, _day_in_words):
        try:
            return read(text)
        except ValueError:
            continue
    raise NotARateFile(f"{text!r} is not a day")


def _day_in_words(text: str) -> date:
    # The daily CSV writes 30 October 2026.
    day, month, year = text.split()
    return date(int(year), _MONTHS.index(month.lower()) + 1, int(day))


def _told(published_on: date, currency: str, rate: str) -> Told:
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise NotARateFile(f"{published_on}: {currency!r} is not a currency")
    try:
        per_euro = Decimal(rate)
    except InvalidOperation as wrong:
        raise NotARateFile(f"{published_on}: rate {rate!r} of {currency} is not a number") from wrong
    if not per_euro.is_finite() or not 0 < per_euro < 10**10 or per_euro != round(per_euro, 8):
        raise NotARateFile(f"{published_on}: {rate} is no rate of {currency}")
    return Told(published_on, currency, per_euro)
