"""The local time of a place that OICP tells as a fixed offset, if at all: the zone of its country (oicp §6.1, TimeZone)."""

from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global


@cache
def zone_at(*, country: str, offset: str | None) -> str:
    """This function will return the IANA zone of a country (alpha-3); without one a fixed zone of the offset, else UTC."""
    territories = {country.upper(), *get_global("territory_aliases").get(country.upper(), [])}
    zones = sorted(
        zone for zone, territory in get_global("zone_territories").items() if territory in territories and zone in available_timezones()
    )
    mainland = [zone for zone in zones if zone.startswith("Europe/")]
    if mainland:
        return mainland[0]
    if len(zones) == 1:
        return zones[0]
    if offset and offset[3] in "+-" and offset.endswith(":00"):
        hours = int(offset[4:6])
        return f"Etc/GMT{'-' if offset[3] == '+' else '+'}{hours}" if hours else "UTC"
    return zones[0] if zones else "UTC"
