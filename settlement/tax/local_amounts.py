"""VAT in the currency of the country where it is due, at the contract rate of the period's end (Art. 91, 230 of Directive 2006/112/EC)."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from roaming import canonical
from settlement.terms.rates import NoRate, convert, rate_for

# Countries of the region that do not count in euro.
_CURRENCY = {
    "BG": "BGN",
    "CH": "CHF",
    "CZ": "CZK",
    "DK": "DKK",
    "GB": "GBP",
    "HU": "HUF",
    "IS": "ISK",
    "LI": "CHF",
    "NO": "NOK",
    "PL": "PLN",
    "RO": "RON",
    "SE": "SEK",
}
_BULGARIA_JOINS = date(2026, 1, 1)


class Local(NamedTuple):
    """An amount in the currency of a country, and the words that say how it was found."""

    amount: Decimal
    words: str


def currency_of(*, country: str, on: date) -> str:
    """This function will return the currency in which a country (alpha-2) counts its VAT on a day."""
    if country == "BG" and on >= _BULGARIA_JOINS:
        return "EUR"
    return _CURRENCY.get(country, "EUR")


def in_currency_of(*, country: str, amount: Decimal, currency: str, on: date) -> Local | None:
    """This function will return an amount of VAT in the currency of a country, or None where no rate was loaded for that day."""
    local = currency_of(country=country, on=on)
    if local == currency:
        return Local(canonical.round_money(amount, local), local)
    try:
        rate_from, rate_to = rate_for(currency=currency, on=on), rate_for(currency=local, on=on)
    except NoRate:
        return None
    converted = convert(amount=amount, rate_from=rate_from, rate_to=rate_to)
    return Local(converted, f"{local}, {rate_to.source} {min(rate_from.published_on, rate_to.published_on)}")
