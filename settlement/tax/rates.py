"""PURE. Standard VAT rates by country and date, and the rate that a CDR's amounts speak of."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

_ALWAYS = date(2000, 1, 1)

# Alpha-2 country: rates in percent with the first day they hold, latest first.
_STANDARD: dict[str, tuple[tuple[date, Decimal], ...]] = {
    **{
        country: ((_ALWAYS, Decimal(rate)),)
        for country, rate in {
            "AT": "20",
            "BE": "21",
            "BG": "20",
            "CY": "19",
            "CZ": "21",
            "DE": "19",
            "DK": "25",
            "ES": "21",
            "FR": "20",
            "GB": "20",
            "GR": "24",
            "HR": "25",
            "HU": "27",
            "IE": "23",
            "IS": "24",
            "IT": "22",
            "LT": "21",
            "LU": "17",
            "LV": "21",
            "MT": "18",
            "NL": "21",
            "NO": "25",
            "PL": "23",
            "PT": "23",
            "SE": "25",
            "SI": "22",
        }.items()
    },
    "CH": ((date(2024, 1, 1), Decimal("8.1")), (_ALWAYS, Decimal("7.7"))),
    "EE": ((date(2025, 7, 1), Decimal("24")), (_ALWAYS, Decimal("22"))),
    "FI": ((date(2024, 9, 1), Decimal("25.5")), (_ALWAYS, Decimal("24"))),
    "LI": ((date(2024, 1, 1), Decimal("8.1")), (_ALWAYS, Decimal("7.7"))),
    "RO": ((date(2025, 8, 1), Decimal("21")), (_ALWAYS, Decimal("19"))),
    "SK": ((date(2025, 1, 1), Decimal("23")), (_ALWAYS, Decimal("20"))),
}

_ALPHA_3 = {
    "AUT": "AT",
    "BEL": "BE",
    "BGR": "BG",
    "CHE": "CH",
    "CYP": "CY",
    "CZE": "CZ",
    "DEU": "DE",
    "DNK": "DK",
    "ESP": "ES",
    "EST": "EE",
    "FIN": "FI",
    "FRA": "FR",
    "GBR": "GB",
    "GRC": "GR",
    "HRV": "HR",
    "HUN": "HU",
    "IRL": "IE",
    "ISL": "IS",
    "ITA": "IT",
    "LIE": "LI",
    "LTU": "LT",
    "LUX": "LU",
    "LVA": "LV",
    "MLT": "MT",
    "NLD": "NL",
    "NOR": "NO",
    "POL": "PL",
    "PRT": "PT",
    "ROU": "RO",
    "SVK": "SK",
    "SVN": "SI",
    "SWE": "SE",
}

_HALF_CENT = Decimal("0.005")
_LAST_DECIMAL = Decimal("0.0001")


def standard_rate(*, country: str, on: date) -> Decimal | None:
    """This function will return the standard rate in percent of a country (alpha-2 or alpha-3) on a day, or None where unknown."""
    for since, rate in _STANDARD.get(alpha_2(country), ()):
        if on >= since:
            return rate
    return None


def alpha_2(country: str) -> str:
    """This function will return the two letters of a country told by two or three, as it came where it is not known."""
    return _ALPHA_3.get(country.upper(), country.upper())


def rate_told(*, net: Decimal, vat: Decimal, named: Sequence[Decimal], country: str, on: date) -> Decimal:
    """This function will return the VAT rate in percent that a CDR's amounts speak of, so that equal supplies form one VAT group.

    The protocols carry amounts, not rates. Partners round the VAT of each CDR to the cent or send four decimals; dividing would give
    a rate of its own to every CDR. So rates that make sense are tried first: `named` in the CDR (its taxes, its tariffs), then the
    standard rate of the country; VAT in whole cents may be off by less than half a cent, finer amounts must fit to their last
    decimal. Then the whole percent, then the quotient with two decimals.
    """
    if not net or not vat:
        return Decimal(0)
    standard = standard_rate(country=country, on=on)
    quotient = vat / net * 100
    whole = quotient.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    in_cents = vat == vat.quantize(Decimal("0.01"))
    for rate in [*named, *([standard] if standard is not None else []), whole]:
        off = abs(net * rate / 100 - vat)
        if off < _HALF_CENT if in_cents else off <= _LAST_DECIMAL:
            return rate
    return quotient.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
