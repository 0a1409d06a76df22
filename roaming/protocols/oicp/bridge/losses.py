"""What a crossing between OICP 2.3 and OCPI keeps, changes and loses, field by field: the source of docs/translation.md (oicp §6).

Grades: L lossless, ~ lossy, D needs a default or the hub's own knowledge, X impossible. A test takes an OICP record over the bridge and
back and compares what is missing then with what this table says.
"""

from typing import NamedTuple


class Row(NamedTuple):
    """One field: its name in both protocols, its grade in each direction, and why."""

    oicp: str
    ocpi: str
    to_ocpi: str
    to_oicp: str
    note: str = ""


EVSE_DATA = (
    Row("EvseID", "evse.evse_id", "L", "~", "an EVSE without a valid evse_id is not told in OICP, and reported"),
    Row("ChargingPoolID", "location.id", "~", "D", "separators are dropped; an id that is not alphanumeric has no pool"),
    Row("ChargingStationID", "", "X", "X", "groups EVSEs of one location where there is no pool"),
    Row("ChargingStationNames", "location.name", "~", "D", "the first language; 150 characters back"),
    Row("HardwareManufacturer", "", "X", "X"),
    Row("ChargingStationImage", "", "X", "X", "OCPI demands category and type of a picture"),
    Row("SubOperatorName", "suboperator.name", "L", "L"),
    Row("Address", "address, city, postal_code, country", "~", "~", "the house number is split off again by its last word"),
    Row("GeoCoordinates", "coordinates", "L", "~", "six decimals in OICP, seven in OCPI"),
    Row("GeoChargingPointEntrance", "", "X", "X"),
    Row("Plugs", "connectors[].standard, format", "~", "~", "paddles and AVCON have no standard; GBT, CHAOJI, MCS have no plug"),
    Row("ChargingFacilities", "connectors[].power_type, max_*", "~", "~", "whole kW; above 99 A or 999 V the member is left out"),
    Row("DynamicPowerLevel", "", "X", "X"),
    Row("RenewableEnergy", "energy_mix.is_green_energy", "L", "D", "false where there is no mix"),
    Row("EnergySource", "energy_mix.energy_sources", "~", "~", "geothermal, biomass and petroleum become general sources"),
    Row("EnvironmentalImpact", "energy_mix.environ_impact", "L", "X"),
    Row("CalibrationLawDataAvailability", "", "X", "D", "the operator's default"),
    Row("AuthenticationModes", "evse.capabilities", "~", "~", "Classic and DESFire are one capability; PnC has none in 2.2.1"),
    Row("PaymentOptions", "", "X", "D", "the operator's default"),
    Row("ValueAddedServices", "evse.capabilities, tariff_ids", "~", "~", "Reservation and DynamicPricing only"),
    Row("Accessibility", "publish, parking_restrictions", "~", "D", "Restricted becomes CUSTOMERS, Test Station is not published"),
    Row("AccessibilityLocation", "parking_type", "L", "~"),
    Row("HotlinePhoneNumber", "help_phone", "L", "D", "2.3.0 only; in 2.2.1 and 2.1.1 lost, and the operator's default back"),
    Row("AdditionalInfo", "", "X", "X"),
    Row("ChargingStationLocationReference", "directions", "L", "X"),
    Row("IsOpen24Hours", "opening_times.twentyfourseven", "L", "L"),
    Row("OpeningTimes", "opening_times.regular_hours", "~", "~", "groups of days become weekdays; exceptions have no form"),
    Row("MaxCapacity", "", "X", "X"),
    Row("HubOperatorID", "", "X", "X"),
    Row("ClearinghouseID", "", "X", "X"),
    Row("IsHubjectCompatible", "", "X", "D", "true: what is told may be used"),
    Row("DynamicInfoAvailable", "", "X", "D", "true: OCPI operators tell their status"),
)
STATUS = (
    Row("Available", "AVAILABLE", "L", "L"),
    Row("Occupied", "CHARGING; BLOCKED", "~", "~", "OICP does not tell a charging car from a blocked place"),
    Row("Reserved", "RESERVED", "L", "L"),
    Row("OutOfService", "OUTOFORDER; INOPERATIVE", "~", "~"),
    Row("Unknown", "UNKNOWN; PLANNED", "L", "~"),
    Row("EvseNotFound", "REMOVED", "~", "~"),
)
CARDS = (
    Row(
        "RFIDMifareFamilyIdentification.UID",
        "token.uid, type RFID",
        "D",
        "L",
        "contract_id is a pseudonym; uids of other lengths are X back",
    ),
    Row("RFIDIdentification", "token with contract_id, visual_number", "~", "~", "the kind of card is lost; expiry becomes valid=false"),
    Row("QRCodeIdentification", "", "X", "X", "OCPI has no PIN"),
    Row("PlugAndChargeIdentification", "token, type EMAID", "~", "~"),
    Row("RemoteIdentification", "token, type APP_USER, in commands", "~", "~", "the check digit is computed where it is missing"),
    Row("(online provider)", "whitelist NEVER", "D", "D", "an offline provider's cards are ALLOWED"),
)
CDRS = (
    Row("SessionID", "id, session_id, authorization_reference", "L", "D", "from the reference, else one that is the same at every repeat"),
    Row("SessionStart, SessionEnd", "start_date_time, end_date_time", "~", "L", "the offset is lost in OCPI and put back from the zone"),
    Row("ChargingStart, ChargingEnd", "charging_periods", "L", "~", "three periods: parked, charging, parked"),
    Row("ConsumedEnergy", "total_energy", "L", "~", "three decimals"),
    Row("Identification", "cdr_token", "D", "D", "from the stored authorisation"),
    Row("EvseID", "cdr_location", "D", "~", "the place as it was at session start"),
    Row("PartnerProductID", "tariffs[].id", "~", "~"),
    Row("", "total_cost, total_*_cost, currency", "D", "X", "priced by the hub from the products in force at session start"),
    Row("MeterValueStart, MeterValueEnd", "", "X", "X"),
    Row("SignedMeteringValues", "signed_data.signed_values", "~", "~", "never cut: more than 10, or longer than 3000, are left out"),
    Row("", "credit, credit_reference_id", "X", "X", "settled by statement"),
    Row("", "remark, invoice_reference_id", "X", "X"),
)
PRICES = (
    Row(
        "ReferenceUnit, PricePerReferenceUnit", "ENERGY or TIME component", "L", "~", "one price of one dimension; else no product is told"
    ),
    Row("ProductAvailabilityTimes", "restrictions", "L", "~", "hours and weekdays; bands of energy, power, duration or date are X"),
    Row("START FEE, FIXED FEE", "FLAT", "L", "L"),
    Row("PARKING FEE", "PARKING_TIME", "~", "L", "when it applies stands in the offer"),
    Row("MINIMUM FEE, MAXIMUM FEE", "min_price, max_price", "L", "L"),
    Row("MaximumProductChargingPower", "", "X", "D", "the strongest EVSE that the tariff is for"),
    Row("ProviderID", "audience of the tariff", "L", "L", "rendered per receiver"),
    Row(
        "EvseIDProductList",
        "connectors[].tariff_ids",
        "~",
        "~",
        "per provider in both directions: who has products of its own sees them in its copy of the location",
    ),
    Row("", "vat, step_size, tariff_alt_text", "X", "X", "a step size above 1 is no product"),
)
NOTIFICATIONS = (
    Row("Start", "session ACTIVE", "~", "~", "meter value lost"),
    Row("Progress", "kwh, charging_periods", "~", "~", "at most every five minutes back"),
    Row("End", "kwh; the session stays ACTIVE until its CDR", "~", "L"),
    Row("Error", "INVALID where critical", "~", "X"),
)
TABLES = {
    "EVSE data and locations": EVSE_DATA,
    "Status": STATUS,
    "Cards and tokens": CARDS,
    "Charging notifications and sessions": NOTIFICATIONS,
    "Charge detail records": CDRS,
    "Pricing products and tariffs": PRICES,
}


def write_tables() -> str:
    """This function will write docs/translation.md."""
    lines = [
        "# What a crossing between OICP and OCPI keeps",
        "",
        "Generated from `roaming/protocols/oicp/bridge/losses.py` by `manage.py write_documents`. OCPI means 2.2.1 and 2.3.0; what 2.1.1",
        "cannot say besides is noted by its own loss report.",
        "",
        "L: lossless. ~: lossy. D: needs a default, or what the hub knows. X: impossible.",
    ]
    for title, rows in TABLES.items():
        lines += ["", f"## {title}", "", "| OICP 2.3 | OCPI | OICP → OCPI | OCPI → OICP | Note |", "|---|---|---|---|---|"]
        lines += [f"| {row.oicp or '–'} | {row.ocpi or '–'} | {row.to_ocpi} | {row.to_oicp} | {row.note} |" for row in rows]
    return "\n".join(lines) + "\n"
