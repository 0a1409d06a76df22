"""Sessions of OCPI 2.2.1 (mod_sessions §Object description) with the charging periods and token they share with CDRs (mod_cdrs)."""

from typing import Any

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, many, optional, read_value, required
from roaming.protocols.ocpi.kinds import BOOLEAN, COUNTRY_CODE, CURRENCY, INSTANT, PARTY_ID, ci_string, number, one_of, string
from roaming.protocols.ocpi.v2_2_1.locations import TOKEN_TYPE
from roaming.protocols.ocpi.v2_2_1.prices import PRICE

AUTH_METHOD = one_of("AUTH_REQUEST", "COMMAND", "WHITELIST")
# Hours and kWh below ten million: what the ledger's columns hold.
QUANTITY = number(10**7)
PROFILE_TYPE = one_of("CHEAP", "FAST", "GREEN", "REGULAR")

CDR_TOKEN = Shape(
    canonical.CdrToken,
    required("country_code", COUNTRY_CODE),
    required("party_id", PARTY_ID),
    required("uid", ci_string(36)),
    required("type", TOKEN_TYPE),
    required("contract_id", ci_string(36)),
)
_DIMENSION = Shape(
    canonical.Dimension,
    required(
        "type",
        one_of(
            "CURRENT",
            "ENERGY",
            "ENERGY_EXPORT",
            "ENERGY_IMPORT",
            "MAX_CURRENT",
            "MIN_CURRENT",
            "MAX_POWER",
            "MIN_POWER",
            "PARKING_TIME",
            "POWER",
            "RESERVATION_TIME",
            "STATE_OF_CHARGE",
            "TIME",
        ),
    ),
    required("volume", number()),
)
CHARGING_PERIOD = Shape(
    canonical.ChargingPeriod,
    required("start_date_time", INSTANT),
    required("dimensions", many(_DIMENSION.kind)),
    optional("tariff_id", ci_string(36)),
)
SESSION = Shape(
    canonical.Session,
    required("country_code", COUNTRY_CODE),
    required("party_id", PARTY_ID),
    required("id", ci_string(36)),
    required("start_date_time", INSTANT),
    optional("end_date_time", INSTANT),
    required("kwh", QUANTITY),
    required("cdr_token", CDR_TOKEN.kind),
    required("auth_method", AUTH_METHOD),
    optional("authorization_reference", ci_string(36)),
    required("location_id", ci_string(36)),
    required("evse_uid", ci_string(36)),
    required("connector_id", ci_string(36)),
    optional("meter_id", string(255)),
    required("currency", CURRENCY),
    optional("charging_periods", many(CHARGING_PERIOD.kind)),
    optional("total_cost", PRICE.kind),
    # The text of the specification says RESERVED, its enumeration RESERVATION (ocpi §11 #3).
    required("status", one_of("ACTIVE", "COMPLETED", "INVALID", "PENDING", "RESERVATION", also={"RESERVED": "RESERVATION"})),
    required("last_updated", INSTANT),
)
CHARGING_PREFERENCES = Shape(
    canonical.ChargingPreferences,
    required("profile_type", PROFILE_TYPE),
    optional("departure_time", INSTANT),
    optional("energy_need", QUANTITY),
    optional("discharge_allowed", BOOLEAN),
)
# The answer to charging preferences is a bare word (mod_sessions §ChargingPreferencesResponse).
CHARGING_PREFERENCES_RESPONSE = one_of(
    "ACCEPTED", "DEPARTURE_REQUIRED", "ENERGY_NEED_REQUIRED", "NOT_POSSIBLE", "PROFILE_TYPE_NOT_SUPPORTED"
)


def read_preferences_answer(data: Any) -> str:
    """This function will read a ChargingPreferencesResponse; it raises BadFields."""
    answer: str = read_value(name="data", kind=CHARGING_PREFERENCES_RESPONSE, value=data)
    return answer


read_session, write_session, read_session_patch = SESSION.read, SESSION.write, SESSION.read_patch
read_charging_preferences, write_charging_preferences = CHARGING_PREFERENCES.read, CHARGING_PREFERENCES.write
