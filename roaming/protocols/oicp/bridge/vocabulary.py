"""The words of EVSE data in both protocols, side by side (oicp §6.1, §6.2). What has no partner is named in the loss table."""

from collections.abc import Mapping

# Plug: (standard, format); both ways where not noted.
STANDARD_OF_PLUG: Mapping[str, tuple[str, str]] = {
    "Tesla Connector": ("TESLA_S", "CABLE"),
    "NEMA 5-20": ("NEMA_5_20", "SOCKET"),
    "Type E French Standard": ("DOMESTIC_E", "SOCKET"),
    "Type F Schuko": ("DOMESTIC_F", "SOCKET"),
    "Type G British Standard": ("DOMESTIC_G", "SOCKET"),
    "Type J Swiss Standard": ("DOMESTIC_J", "SOCKET"),
    "Type 1 Connector (Cable Attached)": ("IEC_62196_T1", "CABLE"),
    "Type 2 Outlet": ("IEC_62196_T2", "SOCKET"),
    "Type 2 Connector (Cable Attached)": ("IEC_62196_T2", "CABLE"),
    "Type 3 Outlet": ("IEC_62196_T3C", "SOCKET"),
    "IEC 60309 Single Phase": ("IEC_60309_2_single_16", "SOCKET"),
    "IEC 60309 Three Phase": ("IEC_60309_2_three_32", "SOCKET"),
    "CCS Combo 2 Plug (Cable Attached)": ("IEC_62196_T2_COMBO", "CABLE"),
    "CCS Combo 1 Plug (Cable Attached)": ("IEC_62196_T1_COMBO", "CABLE"),
    "CHAdeMO": ("CHADEMO", "CABLE"),
}
NO_STANDARD = ("Small Paddle Inductive", "Large Paddle Inductive", "AVCON Connector")
_BACK = {value: plug for plug, value in STANDARD_OF_PLUG.items()}
_BY_STANDARD: Mapping[str, str] = {
    **{standard: plug for plug, (standard, _) in STANDARD_OF_PLUG.items() if not standard.startswith("IEC_62196_T2")},
    "IEC_62196_T2_COMBO": "CCS Combo 2 Plug (Cable Attached)",
    "IEC_62196_T3A": "Type 3 Outlet",
    "IEC_60309_2_three_16": "IEC 60309 Three Phase",
    "IEC_60309_2_three_64": "IEC 60309 Three Phase",
    "TESLA_R": "Tesla Connector",
}


def plug_of(standard: str, form: str) -> str | None:
    """This function will return the plug of a connector, or None where OICP has none (GBT_*, CHAOJI, MCS, most DOMESTIC_*)."""
    return _BACK.get((standard, form)) or _BY_STANDARD.get(standard)


STATUS_OF_OICP: Mapping[str, str] = {
    "Available": "AVAILABLE",
    "Occupied": "CHARGING",
    "Reserved": "RESERVED",
    "OutOfService": "OUTOFORDER",
    "Unknown": "UNKNOWN",
    "EvseNotFound": "REMOVED",
}
STATUS_OF_OCPI: Mapping[str, str] = {
    "AVAILABLE": "Available",
    "CHARGING": "Occupied",
    "BLOCKED": "Occupied",
    "RESERVED": "Reserved",
    "INOPERATIVE": "OutOfService",
    "OUTOFORDER": "OutOfService",
    "UNKNOWN": "Unknown",
    "PLANNED": "Unknown",
    "REMOVED": "EvseNotFound",
}
CAPABILITY_OF_MODE: Mapping[str, str] = {
    "NFC RFID Classic": "RFID_READER",
    "NFC RFID DESFire": "RFID_READER",
    "REMOTE": "REMOTE_START_STOP_CAPABLE",
    "Direct Payment": "CREDIT_CARD_PAYABLE",
}
_CARD_PAYABLE = ("CREDIT_CARD_PAYABLE", "DEBIT_CARD_PAYABLE", "CONTACTLESS_CARD_SUPPORT", "CHIP_CARD_SUPPORT", "PED_TERMINAL")


def modes_of(capabilities: tuple[str, ...]) -> list[str]:
    """This function will return the authentication modes that capabilities stand for; REMOTE where they name none."""
    modes = ["NFC RFID Classic", "NFC RFID DESFire"] if "RFID_READER" in capabilities else []
    if "REMOTE_START_STOP_CAPABLE" in capabilities:
        modes.append("REMOTE")
    if any(capability in capabilities for capability in _CARD_PAYABLE):
        modes.append("Direct Payment")
    return modes or ["REMOTE"]


PARKING_OF_PLACE: Mapping[str, str] = {
    "OnStreet": "ON_STREET",
    "ParkingLot": "PARKING_LOT",
    "ParkingGarage": "PARKING_GARAGE",
    "UndergroundParkingGarage": "UNDERGROUND_GARAGE",
}
PLACE_OF_PARKING: Mapping[str, str] = {
    **{parking: place for place, parking in PARKING_OF_PLACE.items()},
    "ALONG_MOTORWAY": "ParkingLot",
}
SOURCE_OF_ENERGY: Mapping[str, str] = {
    "Solar": "SOLAR",
    "Wind": "WIND",
    "HydroPower": "WATER",
    "GeothermalEnergy": "GENERAL_GREEN",
    "Biomass": "GENERAL_GREEN",
    "Coal": "COAL",
    "NuclearEnergy": "NUCLEAR",
    "Petroleum": "GENERAL_FOSSIL",
    "NaturalGas": "GAS",
}
ENERGY_OF_SOURCE: Mapping[str, str] = {
    "SOLAR": "Solar",
    "WIND": "Wind",
    "WATER": "HydroPower",
    "COAL": "Coal",
    "NUCLEAR": "NuclearEnergy",
    "GAS": "NaturalGas",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAYS_OF: Mapping[str, tuple[int, ...]] = {
    "Everyday": (1, 2, 3, 4, 5, 6, 7),
    "Workdays": (1, 2, 3, 4, 5),
    "Weekend": (6, 7),
    **{day: (number,) for number, day in enumerate(WEEKDAYS, start=1)},
}
