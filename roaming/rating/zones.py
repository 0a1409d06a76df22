"""The local time of a place whose sender did not tell it (OCPI 2.1.1 leaves time_zone optional; prices depend on it)."""

from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global


@cache
def zone_of_country(country: str) -> str | None:
    """This function will return the IANA zone of a country (alpha-2 or alpha-3), or None where the country has several.

    In Europe the mainland counts (Spain's and Portugal's islands are where few charge points stand).
    """
    territories = [country.upper(), *get_global("territory_aliases").get(country.upper(), [])]
    zones = sorted(zone for zone, territory in get_global("zone_territories").items() if territory in territories)
    known = [zone for zone in zones if zone in available_timezones()]
    mainland = [zone for zone in known if zone.startswith("Europe/")] or known
    return mainland[0] if len(known) == 1 or (mainland and mainland[0].startswith("Europe/")) else None
