"""Where a session is: the place as a CDR tells it, taken when the session starts (oicp §6.9: OICP's CDR has none)."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from roaming import canonical
from roaming.locations.evse_queries import FoundEvse, find_evse
from roaming.locations.queries import find_own_location
from roaming.protocols.oicp.identifiers import evse_key


def find_place(*, evse_id: str, owner_row: int, owner: canonical.PartyId) -> canonical.CdrLocation | None:
    """This function will return the place of an EVSE as it is now; None where the hub has no data of it."""
    found = find_evse(evse_key=evse_key(evse_id), owner=owner_row)
    return place_of(found, owner=owner) if found else None


def place_of(found: FoundEvse, *, owner: canonical.PartyId) -> canonical.CdrLocation | None:
    """This function will return the place of a known EVSE."""
    location = find_own_location(owner=owner, location_id=found.location_id) if found.location_id else None
    if location is None:
        return None
    evse = next((evse for evse in location.evses if evse.uid.upper() == found.evse_uid.upper()), None)
    if evse is None or not evse.connectors:
        return None
    connector = max(evse.connectors, key=lambda one: (one.max_electric_power or one.max_voltage * one.max_amperage, one.id))
    return canonical.CdrLocation(
        id=location.id,
        name=location.name,
        address=location.address,
        city=location.city,
        postal_code=location.postal_code,
        state=location.state,
        country=location.country,
        coordinates=location.coordinates,
        evse_uid=evse.uid,
        evse_id=evse.evse_id or found.evse_id,
        connector_id=connector.id,
        connector_standard=connector.standard,
        connector_format=connector.format,
        connector_power_type=connector.power_type,
    )


def kept(place: canonical.CdrLocation | None) -> dict[str, Any] | None:
    """This function will return a place as a session keeps it."""
    return canonical.to_builtins(place) if place is not None else None


def read_place(kept_place: dict[str, Any] | None) -> canonical.CdrLocation | None:
    """This function will read a place that a session kept."""
    return msgspec.convert(kept_place, canonical.CdrLocation) if kept_place else None


def zone_of(*, owner: canonical.PartyId, location_id: str, default: str = "Europe/Berlin") -> str:
    """This function will return the time zone of a location, IANA."""
    location = find_own_location(owner=owner, location_id=location_id)
    return location.time_zone if location else default


def in_zone(at: datetime, zone: str) -> datetime:
    """This function will return an instant with the offset that its charge point's clock had."""
    try:
        return at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return at
