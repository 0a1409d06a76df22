"""What the hub knows of the places where a batch of CDRs charged, read once per location and not once per CDR."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from roaming import canonical
from roaming.models import Location
from settlement.control.evidence import Place

_PHASES = {"AC_3_PHASE": 3, "AC_2_PHASE": 2, "AC_2_PHASE_SPLIT": 2}


class _Connector(NamedTuple):
    standard: str
    power_type: str
    watts: int  # volts × amperes × phases
    told_watts: int  # max_electric_power where told, else the product


class _Evse(NamedTuple):
    status: str
    changed_at: datetime | None
    watts: int
    signs: bool
    connectors: dict[str, _Connector]


class Site(NamedTuple):
    """A location as control needs it; EVSEs by uid and by id, upper case."""

    zone: str
    country: str
    latitude: float | None
    longitude: float | None
    publish: bool
    watts: int
    evses: dict[str, _Evse]


def read_sites(*, wanted: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Site]:
    """This function will read the locations named by owner and id (upper case)."""
    keys = {key for key in wanted if key[1]}
    known = Location.objects.filter(owner__in={owner for owner, _ in keys}, location_key__in={key for _, key in keys})
    sites: dict[tuple[int, str], Site] = {}
    # PostgreSQL sorts NULL last: the location told to everybody wins over one told to a single provider.
    for owner, key, document in known.order_by("audience_id").values_list("owner_id", "location_key", "document"):
        sites[owner, key] = _site(document)
    return sites


def place_of(*, location: canonical.CdrLocation, site: Site | None) -> Place | None:
    """This function will say what the hub knows of the place that a CDR names; None where it was never told the location."""
    if site is None:
        return None
    evse = site.evses.get(location.evse_uid.upper()) or site.evses.get(location.evse_id.upper())
    connector = evse.connectors.get(location.connector_id.upper()) if evse else None
    return Place(
        knows_evse=evse is not None,
        power_watts=(evse.watts if evse else 0) or site.watts or None,
        connector_watts=connector.watts or None if connector else None,
        connector_standard=connector.standard if connector else "",
        connector_power_type=connector.power_type if connector else "",
        evse_status=evse.status if evse else "",
        evse_changed_at=evse.changed_at if evse else None,
        declares_signed_data=bool(evse and evse.signs),
        zone=site.zone,
        country=site.country,
        latitude=site.latitude,
        longitude=site.longitude,
        is_public=site.publish,
    )


def _site(document: dict[str, Any]) -> Site:
    evses: dict[str, _Evse] = {}
    for told in document.get("evses", ()):
        evse = _evse(told)
        for name in filter(None, (told.get("uid"), told.get("evse_id"))):
            evses[name.upper()] = evse
    coordinates = document.get("coordinates") or {}
    return Site(
        zone=document.get("time_zone") or "",
        country=document.get("country") or "",
        latitude=degrees(coordinates.get("latitude")),
        longitude=degrees(coordinates.get("longitude")),
        publish=bool(document.get("publish", True)),
        watts=max((evse.watts for evse in evses.values()), default=0),
        evses=evses,
    )


def _evse(told: dict[str, Any]) -> _Evse:
    connectors = {str(connector.get("id", "")).upper(): _connector(connector) for connector in told.get("connectors", ())}
    changed = told.get("last_updated")
    bag = told.get("extensions") or {}
    return _Evse(
        status=told.get("status") or "",
        changed_at=datetime.fromisoformat(changed) if changed else None,
        watts=max((connector.told_watts for connector in connectors.values()), default=0),
        # OICP names it CalibrationLawDataAvailability; OCPI has no field, partners put one of their own beside.
        signs=any("calibration" in name.lower() and value not in (None, False, "", "Not Available") for name, value in bag.items()),
        connectors=connectors,
    )


def _connector(told: dict[str, Any]) -> _Connector:
    power_type = told.get("power_type") or ""
    product = int(told.get("max_voltage") or 0) * int(told.get("max_amperage") or 0) * _PHASES.get(power_type, 1)
    return _Connector(told.get("standard") or "", power_type, product, int(told.get("max_electric_power") or 0) or product)


def degrees(text: str | None) -> float | None:
    """This function will read a coordinate; None where it is missing or no number."""
    try:
        return float(text) if text else None
    except ValueError:
        return None
