"""Locations of OCPI 2.3.0: parking places, accepted providers, plug-and-charge connectors, open enumerations (mod_locations)."""

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, many, optional, required
from roaming.protocols.ocpi.kinds import BOOLEAN, OPEN_NAME, ci_string, one_of, string
from roaming.protocols.ocpi.v2_2_1 import locations as older

# Open since 2.3.0: EMAID is the printed newcomer.
TOKEN_TYPE = OPEN_NAME

PARKING = Shape(
    canonical.Parking,
    required("id", ci_string(36)),
    required("vehicle_types", many(OPEN_NAME, at_least=1)),
    required("restricted_to_type", BOOLEAN),
    required("reservation_required", BOOLEAN),
)
EVSE_PARKING = Shape(
    canonical.EvseParking,
    required("parking_id", ci_string(36)),
    optional("evse_position", one_of("LEFT", "RIGHT", "CENTER")),
)
CONNECTOR = older.CONNECTOR.revised(optional("capabilities", many(OPEN_NAME)))
EVSE = older.EVSE.revised(
    required("connectors", many(CONNECTOR.kind, at_least=1)),
    optional("parking", many(EVSE_PARKING.kind)),
    optional("accepted_service_providers", many(string(50))),
)
_PUBLISH_TOKEN_TYPE = older.PUBLISH_TOKEN_TYPE.revised(optional("type", TOKEN_TYPE))
LOCATION = older.LOCATION.revised(
    optional("publish_allowed_to", many(_PUBLISH_TOKEN_TYPE.kind)),
    optional("parking_type", OPEN_NAME),
    optional("evses", many(EVSE.kind)),
    optional("parking_places", many(PARKING.kind)),
    optional("help_phone", ci_string(25)),
)

read_location, write_location, read_location_patch = LOCATION.read, LOCATION.write, LOCATION.read_patch
read_evse, write_evse, read_evse_patch = EVSE.read, EVSE.write, EVSE.read_patch
read_connector, write_connector, read_connector_patch = CONNECTOR.read, CONNECTOR.write, CONNECTOR.read_patch
