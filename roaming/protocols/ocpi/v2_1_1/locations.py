"""Locations of OCPI 2.1.1 (mod_locations): owners stand in the URL only, connectors name one tariff, hours are either-or."""

from collections.abc import Mapping
from typing import Any

import msgspec

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, many, optional, required
from roaming.protocols.ocpi.kinds import BOOLEAN, INSTANT, OPEN_NAME, URL, ci_string, integer, matching, number, one_of, string

POWER_TYPE = one_of("AC_1_PHASE", "AC_3_PHASE", "DC")
CONNECTOR_FORMAT = one_of("SOCKET", "CABLE")
COUNTRY = matching(r"[A-Za-z]{2,3}", "a country of three letters (ISO 3166-1 alpha-3), like DEU")
STATUS = one_of("AVAILABLE", "BLOCKED", "CHARGING", "INOPERATIVE", "OUTOFORDER", "PLANNED", "REMOVED", "RESERVED", "UNKNOWN")
# The owner is told by the URL or the connection: readers put it in, writers leave it out.
NOBODY = "ZZ", "ZZZ"
_TYPES = one_of("ON_STREET", "PARKING_GARAGE", "UNDERGROUND_GARAGE", "PARKING_LOT", "OTHER", "UNKNOWN")
_LATITUDE = matching(r"-?(?:90(?:\.0{1,7})?|[0-8]?\d(?:\.\d{1,7})?)", "a latitude in degrees as a text, like 52.520008")
_LONGITUDE = matching(r"-?(?:180(?:\.0{1,7})?|(?:1[0-7]\d|\d{1,2})(?:\.\d{1,7})?)", "a longitude in degrees as a text, like 13.404954")
_CLOCK = matching(r"([01]\d|2[0-3]):[0-5]\d", "a time of day like 08:30")

DISPLAY_TEXT = Shape(
    canonical.DisplayText,
    required("language", matching(r"[A-Za-z]{2}", "a language of two letters, like en")),
    required("text", string(512)),
)
GEO_LOCATION = Shape(canonical.GeoLocation, required("latitude", _LATITUDE), required("longitude", _LONGITUDE))
_ADDITIONAL_GEO_LOCATION = Shape(
    canonical.AdditionalGeoLocation,
    required("latitude", _LATITUDE),
    required("longitude", _LONGITUDE),
    optional("name", DISPLAY_TEXT.kind),
)
_IMAGE = Shape(
    canonical.Image,
    required("url", URL),
    optional("thumbnail", URL),
    required("category", OPEN_NAME),
    required("type", ci_string(4)),
    optional("width", integer(0, 99_999)),
    optional("height", integer(0, 99_999)),
)
BUSINESS_DETAILS = Shape(canonical.BusinessDetails, required("name", string(100)), optional("website", URL), optional("logo", _IMAGE.kind))
# 2.1.1 calls the category of an environmental impact `source`.
_IMPACT = Shape(canonical.EnvironmentalImpact, required("source", OPEN_NAME, as_="category"), required("amount", number()))
ENERGY_MIX = Shape(
    canonical.EnergyMix,
    required("is_green_energy", BOOLEAN),
    optional("energy_sources", many(Shape(canonical.EnergySource, required("source", OPEN_NAME), required("percentage", number())).kind)),
    optional("environ_impact", many(_IMPACT.kind)),
    optional("supplier_name", string(64)),
    optional("energy_product_name", string(64)),
)
_SPAN = Shape(canonical.ExceptionalPeriod, required("period_begin", INSTANT), required("period_end", INSTANT))
_REGULAR = Shape(
    canonical.RegularHours, required("weekday", integer(1, 7)), required("period_begin", _CLOCK), required("period_end", _CLOCK)
)


def _build_hours(**values: Any) -> canonical.Hours:
    return canonical.Hours(**({"twentyfourseven": False} | values))


def _take_hours(hours: canonical.Hours) -> Mapping[str, Any]:
    # Either the one or the other (2.1.1, Hours: "choice: one of two").
    values = {"exceptional_openings": hours.exceptional_openings, "exceptional_closings": hours.exceptional_closings}
    return values | ({"twentyfourseven": True} if hours.twentyfourseven else {"regular_hours": hours.regular_hours})


_HOURS = Shape(
    canonical.Hours,
    optional("regular_hours", many(_REGULAR.kind)),
    optional("twentyfourseven", BOOLEAN),
    optional("exceptional_openings", many(_SPAN.kind)),
    optional("exceptional_closings", many(_SPAN.kind)),
    build=_build_hours,
    take=_take_hours,
)
_STATUS_SCHEDULE = Shape(
    canonical.StatusSchedule, required("period_begin", INSTANT), optional("period_end", INSTANT), required("status", STATUS)
)


def _build_connector(*, tariff_id: str | None = None, **values: Any) -> canonical.Connector:
    return canonical.Connector(tariff_ids=(tariff_id,) if tariff_id else (), **values)


def _take_connector(connector: canonical.Connector) -> Mapping[str, Any]:
    return {name: getattr(connector, name) for name in connector.__struct_fields__} | {"tariff_id": next(iter(connector.tariff_ids), None)}


CONNECTOR = Shape(
    canonical.Connector,
    required("id", ci_string(36)),
    required("standard", OPEN_NAME),
    required("format", CONNECTOR_FORMAT),
    required("power_type", POWER_TYPE),
    required("voltage", integer(), as_="max_voltage"),
    required("amperage", integer(), as_="max_amperage"),
    optional("tariff_id", ci_string(36)),
    optional("terms_and_conditions", URL),
    required("last_updated", INSTANT),
    build=_build_connector,
    take=_take_connector,
)
EVSE = Shape(
    canonical.Evse,
    required("uid", ci_string(39)),
    optional("evse_id", ci_string(48)),
    required("status", STATUS),
    optional("status_schedule", many(_STATUS_SCHEDULE.kind)),
    optional("capabilities", many(OPEN_NAME)),
    required("connectors", many(CONNECTOR.kind, at_least=1)),
    optional("floor_level", string(4)),
    optional("coordinates", GEO_LOCATION.kind),
    optional("physical_reference", string(16)),
    optional("directions", many(DISPLAY_TEXT.kind)),
    optional("parking_restrictions", many(OPEN_NAME)),
    optional("images", many(_IMAGE.kind)),
    required("last_updated", INSTANT),
)


def _build_location(*, type: str | None = None, **values: Any) -> canonical.Location:
    parking_type = None if type in (None, "OTHER", "UNKNOWN") else type
    # A 2.1.1 location has no word for "unpublished": what is pushed is meant to be shown.
    unsaid: dict[str, Any] = {
        "country_code": NOBODY[0],
        "party_id": NOBODY[1],
        "publish": True,
        "time_zone": "",
        "parking_type": parking_type,
    }
    return canonical.Location(**(unsaid | values))


def _take_location(location: canonical.Location) -> Mapping[str, Any]:
    kind = location.parking_type if location.parking_type in _TYPE_NAMES else "OTHER" if location.parking_type else "UNKNOWN"
    values = {name: getattr(location, name) for name in location.__struct_fields__}
    return values | {"type": kind, "time_zone": location.time_zone or None}


_TYPE_NAMES = ("ON_STREET", "PARKING_GARAGE", "UNDERGROUND_GARAGE", "PARKING_LOT")
LOCATION = Shape(
    canonical.Location,
    required("id", ci_string(39)),
    required("type", _TYPES),
    optional("name", string(255)),
    required("address", string(255)),
    required("city", string(45)),
    required("postal_code", string(10)),
    required("country", COUNTRY),
    required("coordinates", GEO_LOCATION.kind),
    optional("related_locations", many(_ADDITIONAL_GEO_LOCATION.kind)),
    optional("evses", many(EVSE.kind)),
    optional("directions", many(DISPLAY_TEXT.kind)),
    optional("operator", BUSINESS_DETAILS.kind),
    optional("suboperator", BUSINESS_DETAILS.kind),
    optional("owner", BUSINESS_DETAILS.kind, as_="owner_details"),
    optional("facilities", many(OPEN_NAME)),
    optional("time_zone", string(255)),
    optional("opening_times", _HOURS.kind),
    optional("charging_when_closed", BOOLEAN),
    optional("images", many(_IMAGE.kind)),
    optional("energy_mix", ENERGY_MIX.kind),
    required("last_updated", INSTANT),
    build=_build_location,
    take=_take_location,
)

write_location, read_location_patch = LOCATION.write, LOCATION.read_patch
read_evse, write_evse, read_evse_patch = EVSE.read, EVSE.write, EVSE.read_patch
read_connector, write_connector, read_connector_patch = CONNECTOR.read, CONNECTOR.write, CONNECTOR.read_patch


def read_location(body: Any, *, owner: canonical.PartyId) -> canonical.Location:
    """This function will read a location and put its owner in, whom the URL or the connection names; it raises BadFields."""
    return msgspec.structs.replace(LOCATION.read(body), country_code=owner.country_code, party_id=owner.party_id)


def turn_location_patch(changes: dict[str, Any]) -> dict[str, Any]:
    """This function will give the changed fields of a location their canonical names: `type` is a parking type."""
    if "type" in changes:
        told = changes.pop("type")
        changes["parking_type"] = None if told in (None, "OTHER", "UNKNOWN") else told
    return changes


def turn_connector_patch(changes: dict[str, Any]) -> dict[str, Any]:
    """This function will give the changed fields of a connector their canonical names: one tariff is a list of one."""
    if "tariff_id" in changes:
        told = changes.pop("tariff_id")
        changes["tariff_ids"] = [told] if told else []
    return changes
