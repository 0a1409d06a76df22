"""Locations, EVSEs and connectors of OCPI 2.2.1 (mod_locations §Object description and §Data types)."""

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, many, optional, required
from roaming.protocols.ocpi.kinds import (
    BOOLEAN,
    CLOCK,
    COUNTRY_CODE,
    INSTANT,
    LANGUAGE,
    OPEN_NAME,
    PARTY_ID,
    URL,
    ci_string,
    integer,
    matching,
    number,
    one_of,
    string,
)

POWER_TYPE = one_of("AC_1_PHASE", "AC_2_PHASE", "AC_2_PHASE_SPLIT", "AC_3_PHASE", "DC")
COUNTRY = matching(r"[A-Za-z]{2,3}", "a country of three letters (ISO 3166-1 alpha-3), like DEU")
CONNECTOR_FORMAT = one_of("SOCKET", "CABLE")
TOKEN_TYPE = one_of("AD_HOC_USER", "APP_USER", "OTHER", "RFID")
_STATUS = one_of("AVAILABLE", "BLOCKED", "CHARGING", "INOPERATIVE", "OUTOFORDER", "PLANNED", "REMOVED", "RESERVED", "UNKNOWN")
_PARKING_TYPE = one_of("ALONG_MOTORWAY", "PARKING_GARAGE", "PARKING_LOT", "ON_DRIVEWAY", "ON_STREET", "UNDERGROUND_GARAGE")
_SOURCE = one_of("NUCLEAR", "GENERAL_FOSSIL", "COAL", "GAS", "GENERAL_GREEN", "SOLAR", "WIND", "WATER")
# The specification says five to seven decimals; four are met, and place a car park well enough.
_LATITUDE = matching(r"-?(?:90(?:\.0{1,7})?|[0-8]?\d(?:\.\d{1,7})?)", "a latitude in degrees as a text, like 52.520008")
_LONGITUDE = matching(r"-?(?:180(?:\.0{1,7})?|(?:1[0-7]\d|\d{1,2})(?:\.\d{1,7})?)", "a longitude in degrees as a text, like 13.404954")

DISPLAY_TEXT = Shape(canonical.DisplayText, required("language", LANGUAGE), required("text", string(512)))
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
BUSINESS_DETAILS = Shape(
    canonical.BusinessDetails,
    required("name", string(100)),
    optional("website", URL),
    optional("logo", _IMAGE.kind),
)
ENERGY_MIX = Shape(
    canonical.EnergyMix,
    required("is_green_energy", BOOLEAN),
    optional("energy_sources", many(Shape(canonical.EnergySource, required("source", _SOURCE), required("percentage", number())).kind)),
    optional(
        "environ_impact", many(Shape(canonical.EnvironmentalImpact, required("category", OPEN_NAME), required("amount", number())).kind)
    ),
    optional("supplier_name", string(64)),
    optional("energy_product_name", string(64)),
)
_EXCEPTIONAL_PERIOD = Shape(canonical.ExceptionalPeriod, required("period_begin", INSTANT), required("period_end", INSTANT))
_REGULAR_HOURS = Shape(
    canonical.RegularHours,
    required("weekday", integer(1, 7)),
    required("period_begin", CLOCK),
    required("period_end", CLOCK),
)
_HOURS = Shape(
    canonical.Hours,
    required("twentyfourseven", BOOLEAN),
    optional("regular_hours", many(_REGULAR_HOURS.kind)),
    optional("exceptional_openings", many(_EXCEPTIONAL_PERIOD.kind)),
    optional("exceptional_closings", many(_EXCEPTIONAL_PERIOD.kind)),
)
PUBLISH_TOKEN_TYPE = Shape(
    canonical.PublishTokenType,
    optional("uid", ci_string(36)),
    optional("type", TOKEN_TYPE),
    optional("visual_number", string(64)),
    optional("issuer", string(64)),
    optional("group_id", ci_string(36)),
)
_STATUS_SCHEDULE = Shape(
    canonical.StatusSchedule,
    required("period_begin", INSTANT),
    optional("period_end", INSTANT),
    required("status", _STATUS),
)

CONNECTOR = Shape(
    canonical.Connector,
    required("id", ci_string(36)),
    required("standard", OPEN_NAME),
    required("format", CONNECTOR_FORMAT),
    required("power_type", POWER_TYPE),
    required("max_voltage", integer()),
    required("max_amperage", integer()),
    optional("max_electric_power", integer()),
    optional("tariff_ids", many(ci_string(36))),
    optional("terms_and_conditions", URL),
    required("last_updated", INSTANT),
)
EVSE = Shape(
    canonical.Evse,
    required("uid", ci_string(36)),
    optional("evse_id", ci_string(48)),
    required("status", _STATUS),
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
LOCATION = Shape(
    canonical.Location,
    required("country_code", COUNTRY_CODE),
    required("party_id", PARTY_ID),
    required("id", ci_string(36)),
    required("publish", BOOLEAN),
    optional("publish_allowed_to", many(PUBLISH_TOKEN_TYPE.kind)),
    optional("name", string(255)),
    required("address", string(255)),  # 45 before the errata of 2026
    required("city", string(45)),
    optional("postal_code", string(10)),
    optional("state", string(45)),
    required("country", COUNTRY),
    required("coordinates", GEO_LOCATION.kind),
    optional("related_locations", many(_ADDITIONAL_GEO_LOCATION.kind)),
    optional("parking_type", _PARKING_TYPE),
    optional("evses", many(EVSE.kind)),
    optional("directions", many(DISPLAY_TEXT.kind)),
    optional("operator", BUSINESS_DETAILS.kind),
    optional("suboperator", BUSINESS_DETAILS.kind),
    optional("owner", BUSINESS_DETAILS.kind, as_="owner_details"),
    optional("facilities", many(OPEN_NAME)),
    required("time_zone", string(255)),
    optional("opening_times", _HOURS.kind),
    optional("charging_when_closed", BOOLEAN),
    optional("images", many(_IMAGE.kind)),
    optional("energy_mix", ENERGY_MIX.kind),
    required("last_updated", INSTANT),
)

read_location, write_location, read_location_patch = LOCATION.read, LOCATION.write, LOCATION.read_patch
read_evse, write_evse, read_evse_patch = EVSE.read, EVSE.write, EVSE.read_patch
read_connector, write_connector, read_connector_patch = CONNECTOR.read, CONNECTOR.write, CONNECTOR.read_patch
