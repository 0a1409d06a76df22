"""Canonical locations as EVSE records of OICP (oicp §6.1, direction ←): what OCPI lacks comes from the operator's defaults."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from roaming import canonical
from roaming.protocols.oicp.bridge.vocabulary import ENERGY_OF_SOURCE, PLACE_OF_PARKING, WEEKDAYS, modes_of, plug_of
from roaming.protocols.oicp.identifiers import EVSE_ID, operator_of_evse
from roaming.protocols.oicp.v2_3.coordinates import degrees
from roaming.protocols.wire.loss import LossReport

_EVSE_ID = re.compile(EVSE_ID)
_HOUSE = re.compile(r"^(?P<street>.*\S)[\s,]+(?P<number>\d\S{0,9})$")
_POWER_TYPES = {"AC_2_PHASE": "AC_1_PHASE", "AC_2_PHASE_SPLIT": "AC_1_PHASE"}
_MOST_AMPERES, _MOST_VOLTS, _MOST_KW = 99, 999, 999


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """What OICP demands and OCPI does not tell, per operator: filled in at onboarding, in the platform's profile under `oicp.defaults`."""

    hotline: str = "+490000000"
    calibration: str = "Not Available"
    accessibility: str = "Free publicly accessible"
    language: str = "en"
    payment_options: tuple[str, ...] = ("Contract",)
    house_number: str = "-"
    postal_code: str = "-"


class NotPublishable(Exception):
    """The EVSE cannot be told in OICP; the message says why, for the operator's data-quality report."""


def read_defaults(profile: Mapping[str, Any]) -> Defaults:
    """This function will read an operator's defaults; what is not told or not of its kind is the house's."""
    try:
        return msgspec.convert(profile.get("oicp", {}).get("defaults", {}), Defaults)
    except msgspec.ValidationError:
        return Defaults()


def write_record(
    location: canonical.Location, evse: canonical.Evse, *, owner_keys: frozenset[str], defaults: Defaults, at: datetime, report: LossReport
) -> dict[str, Any]:
    """This function will write one EVSE as OICP has it; it raises NotPublishable."""
    evse_id = _checked_id(evse, owner_keys)
    plugs = [(plug, connector) for connector in evse.connectors if (plug := plug_of(connector.standard, connector.format))]
    if not plugs:
        raise NotPublishable("OICP has no plug for any of its connectors")
    if not location.publish:
        raise NotPublishable("the location is not for publication")
    if evse.status in ("REMOVED", "PLANNED"):
        raise NotPublishable(f"the EVSE is {evse.status}")
    hours = location.opening_times
    is_open = hours is None or hours.twentyfourseven
    mix = location.energy_mix
    if mix is None:
        report.guessed("RenewableEnergy", "false")
    record: dict[str, Any] = {
        "EvseID": evse_id,
        "ChargingStationNames": [{"lang": defaults.language, "value": (location.name or location.address)[:150]}],
        "Address": _address(location, evse, defaults, at, report),
        "GeoCoordinates": _coordinates(evse.coordinates or location.coordinates),
        "Plugs": [plug for plug, _ in plugs],
        "ChargingFacilities": [_facility(connector, report) for _, connector in plugs],
        "RenewableEnergy": bool(mix and mix.is_green_energy),
        "CalibrationLawDataAvailability": defaults.calibration,
        "AuthenticationModes": modes_of(evse.capabilities),
        "PaymentOptions": list(defaults.payment_options),
        "ValueAddedServices": _services(evse),
        "Accessibility": "Restricted access" if "CUSTOMERS" in evse.parking_restrictions else defaults.accessibility,
        "HotlinePhoneNumber": _phone(location, defaults, report),
        "IsOpen24Hours": is_open or not (hours and hours.regular_hours),
        "IsHubjectCompatible": True,
        "DynamicInfoAvailable": "true",
    }
    if not record["IsOpen24Hours"] and hours is not None:
        record["OpeningTimes"] = _opening_times(hours)
    if place := PLACE_OF_PARKING.get(location.parking_type or ""):
        record["AccessibilityLocation"] = place
    if location.suboperator:
        record["SubOperatorName"] = location.suboperator.name[:100]
    if mix and (sources := [one for one in mix.energy_sources if one.source in ENERGY_OF_SOURCE]):
        record["EnergySource"] = [{"Energy": ENERGY_OF_SOURCE[one.source], "Percentage": one.percentage} for one in sources]
    if pool := _pool_id(location):
        record["ChargingPoolID"] = pool
    return record


def _checked_id(evse: canonical.Evse, owner_keys: frozenset[str]) -> str:
    evse_id = evse.evse_id or ""
    if not evse_id:
        raise NotPublishable("evse_id: not told")
    if not _EVSE_ID.fullmatch(evse_id):
        raise NotPublishable(f"evse_id: {evse_id[:48]} is no EvseID like DE*ALF*E0001 (upper case)")
    if operator_of_evse(evse_id) not in owner_keys:
        raise NotPublishable(f"evse_id: {evse_id} does not begin with the operator's id")
    return evse_id


def _address(location: canonical.Location, evse: canonical.Evse, defaults: Defaults, at: datetime, report: LossReport) -> dict[str, Any]:
    match = _HOUSE.match(location.address)
    street, number = (match["street"], match["number"]) if match else (location.address, defaults.house_number)
    if match is None:
        report.guessed("Address.HouseNum", number)
    if not location.postal_code:
        report.guessed("Address.PostalCode", defaults.postal_code)
    address = {
        "Country": location.country,
        "City": location.city[:50] or "-",
        "Street": street[:100].ljust(2, "_"),
        "PostalCode": (location.postal_code or defaults.postal_code)[:10],
        "HouseNum": number[:10],
        "TimeZone": _offset(location.time_zone, at),
    }
    if evse.floor_level:
        address["Floor"] = evse.floor_level[:5]
    if evse.physical_reference:
        address["ParkingSpot"] = evse.physical_reference[:5]
    if location.state:
        address["Region"] = location.state[:50]
    return address


def _offset(zone: str, at: datetime) -> str:
    try:
        seconds = int((at.astimezone(ZoneInfo(zone)).utcoffset() or at - at).total_seconds())
    except (ZoneInfoNotFoundError, ValueError):
        seconds = 0
    sign = "-" if seconds < 0 else "+"
    return f"UTC{sign}{abs(seconds) // 3600:02}:{abs(seconds) % 3600 // 60:02}"


def _coordinates(point: canonical.GeoLocation) -> dict[str, Any]:
    return {"DecimalDegree": {"Longitude": degrees(Decimal(point.longitude)), "Latitude": degrees(Decimal(point.latitude))}}


def _facility(connector: canonical.Connector, report: LossReport) -> dict[str, Any]:
    phases = 3 if connector.power_type == "AC_3_PHASE" else 1
    watts = connector.max_electric_power or connector.max_voltage * connector.max_amperage * phases
    kilowatts = min(int((Decimal(watts) / 1000).quantize(Decimal(1), rounding=ROUND_HALF_UP)), _MOST_KW)
    power_type = _POWER_TYPES.get(connector.power_type, connector.power_type)
    facility: dict[str, Any] = {"PowerType": power_type, "Power": kilowatts, "ChargingModes": _modes(connector)}
    if connector.max_voltage <= _MOST_VOLTS:
        facility["Voltage"] = connector.max_voltage
    else:
        report.dropped("max_voltage", connector.max_voltage)
    if connector.max_amperage <= _MOST_AMPERES:
        facility["Amperage"] = connector.max_amperage
    else:
        report.dropped("max_amperage", connector.max_amperage)
    return facility


def _modes(connector: canonical.Connector) -> list[str]:
    if connector.standard == "CHADEMO":
        return ["CHAdeMO"]
    return ["Mode_4"] if connector.power_type == "DC" else ["Mode_3"]


def _services(evse: canonical.Evse) -> list[str]:
    services = ["Reservation"] if "RESERVABLE" in evse.capabilities else []
    if any(connector.tariff_ids for connector in evse.connectors):
        services.append("DynamicPricing")
    return services or ["None"]


def _phone(location: canonical.Location, defaults: Defaults, report: LossReport) -> str:
    told = re.sub(r"[^+0-9]", "", location.help_phone or "")
    if re.fullmatch(r"\+[0-9]{5,15}", told):
        return told
    report.guessed("HotlinePhoneNumber", defaults.hotline)
    return defaults.hotline


def _opening_times(hours: canonical.Hours) -> list[dict[str, Any]]:
    return [
        {
            "Period": [{"begin": one.period_begin, "end": "24:00" if one.period_end == "23:59" else one.period_end}],
            "on": WEEKDAYS[one.weekday - 1],
        }
        for one in hours.regular_hours
    ]


def _pool_id(location: canonical.Location) -> str | None:
    bare = re.sub(r"[^A-Za-z0-9]", "", location.id)
    return f"{location.country_code}*{location.party_id}*P{bare[:30]}" if bare == location.id and len(bare) <= 30 else None
