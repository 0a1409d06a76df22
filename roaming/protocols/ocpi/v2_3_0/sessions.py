"""Sessions of OCPI 2.3.0: prices with named taxes, open token types (mod_sessions, mod_cdrs)."""

from roaming.protocols.ocpi.dialect import many, optional, required
from roaming.protocols.ocpi.v2_2_1 import sessions as older
from roaming.protocols.ocpi.v2_3_0.locations import TOKEN_TYPE
from roaming.protocols.ocpi.v2_3_0.prices import PRICE

CDR_TOKEN = older.CDR_TOKEN.revised(required("type", TOKEN_TYPE))
CHARGING_PERIOD = older.CHARGING_PERIOD
SESSION = older.SESSION.revised(
    required("cdr_token", CDR_TOKEN.kind),
    optional("charging_periods", many(CHARGING_PERIOD.kind)),
    optional("total_cost", PRICE.kind),
)

read_session, write_session, read_session_patch = SESSION.read, SESSION.write, SESSION.read_patch
read_charging_preferences, write_charging_preferences = older.read_charging_preferences, older.write_charging_preferences
