"""CDRs of OCPI 2.2.1 (mod_cdrs §Object description and §Data types)."""

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, many, optional, required
from roaming.protocols.ocpi.kinds import BOOLEAN, COUNTRY_CODE, CURRENCY, INSTANT, OPEN_NAME, PARTY_ID, ci_string, integer, opaque, string
from roaming.protocols.ocpi.v2_2_1.locations import CONNECTOR_FORMAT, COUNTRY, GEO_LOCATION, POWER_TYPE
from roaming.protocols.ocpi.v2_2_1.prices import PRICE
from roaming.protocols.ocpi.v2_2_1.sessions import AUTH_METHOD, CDR_TOKEN, CHARGING_PERIOD, QUANTITY
from roaming.protocols.ocpi.v2_2_1.tariffs import TARIFF

CDR_LOCATION = Shape(
    canonical.CdrLocation,
    required("id", ci_string(36)),
    optional("name", string(255)),
    required("address", string(255)),
    required("city", string(45)),
    optional("postal_code", string(10)),
    optional("state", string(45)),
    required("country", COUNTRY),
    required("coordinates", GEO_LOCATION.kind),
    required("evse_uid", ci_string(36)),
    required("evse_id", ci_string(48)),
    required("connector_id", ci_string(36)),
    required("connector_standard", OPEN_NAME),
    required("connector_format", CONNECTOR_FORMAT),
    required("connector_power_type", POWER_TYPE),
)
_SIGNED_VALUE = Shape(
    canonical.SignedValue,
    required("nature", ci_string(32)),
    required("plain_data", opaque(5000)),  # 512 in older prints
    required("signed_data", opaque(5000)),
)
SIGNED_DATA = Shape(
    canonical.SignedData,
    required("encoding_method", ci_string(36)),
    optional("encoding_method_version", integer()),
    optional("public_key", opaque(512)),
    required("signed_values", many(_SIGNED_VALUE.kind, at_least=1)),
    optional("url", opaque(512)),
)
CDR = Shape(
    canonical.Cdr,
    required("country_code", COUNTRY_CODE),
    required("party_id", PARTY_ID),
    required("id", ci_string(39)),
    required("start_date_time", INSTANT),
    required("end_date_time", INSTANT),
    optional("session_id", ci_string(36)),
    required("cdr_token", CDR_TOKEN.kind),
    required("auth_method", AUTH_METHOD),
    optional("authorization_reference", ci_string(36)),
    required("cdr_location", CDR_LOCATION.kind),
    optional("meter_id", string(255)),
    required("currency", CURRENCY),
    optional("tariffs", many(TARIFF.kind)),
    required("charging_periods", many(CHARGING_PERIOD.kind, at_least=1)),
    optional("signed_data", SIGNED_DATA.kind),
    required("total_cost", PRICE.kind),
    optional("total_fixed_cost", PRICE.kind),
    required("total_energy", QUANTITY),
    optional("total_energy_cost", PRICE.kind),
    required("total_time", QUANTITY),
    optional("total_time_cost", PRICE.kind),
    optional("total_parking_time", QUANTITY),
    optional("total_parking_cost", PRICE.kind),
    optional("total_reservation_cost", PRICE.kind),
    optional("remark", string(255)),
    optional("invoice_reference_id", ci_string(39)),
    optional("credit", BOOLEAN),
    optional("credit_reference_id", ci_string(39)),
    optional("home_charging_compensation", BOOLEAN),
    required("last_updated", INSTANT),
)

read_cdr, write_cdr = CDR.read, CDR.write
