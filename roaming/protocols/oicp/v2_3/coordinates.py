"""Coordinates in OICP's three forms, all texts; one is read, any is written (oicp §3.1)."""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from roaming.canonical import Open
from roaming.protocols.wire.kinds import Kind, number, unfit
from roaming.protocols.wire.shapes import Shape, required

GOOGLE, DECIMAL, SEXAGESIMAL = "Google", "DecimalDegree", "DegreeMinuteSeconds"
_MICRO = Decimal("0.000001")
_DEGREE = re.compile(r"-?1?\d{1,2}\.\d{1,6}", re.ASCII)
_GOOGLE = re.compile(r"(-?1?\d{1,2}\.\d{1,6})\s*,?\s*(-?1?\d{1,2}\.\d{1,6})", re.ASCII)
_DMS = re.compile(r"(-?)(1?\d{1,2})°\s?(\d{1,2})'\s?(\d{1,2}\.\d+)''", re.ASCII)
_EXPECTED = "exactly one of Google, DecimalDegree, DegreeMinuteSeconds, in degrees with at most 6 decimals"


class Coordinates(Open, frozen=True, kw_only=True):
    """A point in degrees; `written` is the object as it came."""

    latitude: Decimal
    longitude: Decimal
    written: dict[str, Any]


class SearchCenter(Open, frozen=True, kw_only=True):
    """A point and a radius in km."""

    point: Coordinates
    radius: Decimal


def _read(value: Any) -> Coordinates:
    if type(value) is not dict:
        raise unfit(_EXPECTED)
    told = {name: inner for name, inner in value.items() if name in (GOOGLE, DECIMAL, SEXAGESIMAL) and inner is not None}
    if len(told) != 1:
        raise unfit(_EXPECTED)
    ((form, inner),) = told.items()
    latitude, longitude = _read_google(inner) if form == GOOGLE else _read_pair(form, inner)
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise unfit("a latitude up to 90 and a longitude up to 180 degrees")
    return Coordinates(latitude=latitude, longitude=longitude, written=told)


def _read_google(inner: Any) -> tuple[Decimal, Decimal]:
    text = inner.get("Coordinates", inner.get("Coordinatea")) if type(inner) is dict else inner
    match = _GOOGLE.fullmatch(text.strip()) if type(text) is str else None
    if match is None:
        raise unfit("coordinates like 52.480495 13.356465")
    return Decimal(match[1]), Decimal(match[2])


def _read_pair(form: str, inner: Any) -> tuple[Decimal, Decimal]:
    if type(inner) is not dict:
        raise unfit(_EXPECTED)
    read = _read_degree if form == DECIMAL else _read_sexagesimal
    return read(inner.get("Latitude")), read(inner.get("Longitude"))


def _read_degree(text: Any) -> Decimal:
    if type(text) is not str or not _DEGREE.fullmatch(text):
        raise unfit("degrees as text like 52.480495")
    return Decimal(text)


def _read_sexagesimal(text: Any) -> Decimal:
    match = _DMS.fullmatch(text) if type(text) is str else None
    if match is None:
        raise unfit("degrees, minutes and seconds like 52°28'49.782''")
    degrees = Decimal(match[2]) + Decimal(match[3]) / 60 + Decimal(match[4]) / 3600
    return -degrees if match[1] else degrees


def point(latitude: Decimal, longitude: Decimal) -> Coordinates:
    """This function will make a point, written in decimal degrees."""
    made = Coordinates(latitude=latitude, longitude=longitude, written={})
    return Coordinates(latitude=latitude, longitude=longitude, written=write_as(made, DECIMAL))


def write_as(coordinates: Coordinates, form: str) -> dict[str, Any]:
    """This function will write a point in the form asked for; in the form it came in, as it came."""
    if form in coordinates.written and not (form == GOOGLE and type(coordinates.written[form]) is not dict):
        return coordinates.written
    if form == SEXAGESIMAL:
        return {form: {"Longitude": _sexagesimal(coordinates.longitude), "Latitude": _sexagesimal(coordinates.latitude)}}
    latitude, longitude = degrees(coordinates.latitude), degrees(coordinates.longitude)
    if form == GOOGLE:
        return {form: {"Coordinates": f"{latitude} {longitude}"}}
    return {form: {"Longitude": longitude, "Latitude": latitude}}


def degrees(value: Decimal) -> str:
    """This function will write degrees with one to six decimals."""
    text = format(value.quantize(_MICRO, rounding=ROUND_HALF_UP), "f").rstrip("0")
    return text + "0" if text.endswith(".") else text


def _sexagesimal(value: Decimal) -> str:
    # In ten-thousandths of a second, so that 59.99999 becomes a minute and not 60 seconds.
    units = int((abs(value) * 36_000_000).to_integral_value(rounding=ROUND_HALF_UP))
    minutes, rest = divmod(units, 600_000)
    whole, minute = divmod(minutes, 60)
    return f"{'-' if value < 0 else ''}{whole}°{minute}'{rest // 10_000}.{rest % 10_000:04}''"


COORDINATES = Kind(_read, lambda coordinates: coordinates.written)
SEARCH_CENTER = Shape(
    SearchCenter, required("GeoCoordinates", COORDINATES, as_="point"), required("Radius", number(10**5, lowest=0), as_="radius")
)
