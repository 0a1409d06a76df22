"""EvseDataRecord, its push and its pull (oicp §1.3, no. 10 and 12)."""

from decimal import Decimal
from typing import Any

from roaming.canonical import Open
from roaming.protocols.oicp.v2_3.coordinates import COORDINATES, SEARCH_CENTER, Coordinates, SearchCenter
from roaming.protocols.oicp.v2_3.kinds import COUNTRY, EVSE_IDS, MOMENT, OPERATOR_IDS, PHONE, PROVIDER_IDS, Moment, Spelled, respell, text
from roaming.protocols.wire.kinds import BOOLEAN, Kind, Unfit, integer, matching, number, one_of, unfit
from roaming.protocols.wire.shapes import Shape, many, optional, required

PLUGS = (
    "Small Paddle Inductive",
    "Large Paddle Inductive",
    "AVCON Connector",
    "Tesla Connector",
    "NEMA 5-20",
    "Type E French Standard",
    "Type F Schuko",
    "Type G British Standard",
    "Type J Swiss Standard",
    "Type 1 Connector (Cable Attached)",
    "Type 2 Outlet",
    "Type 2 Connector (Cable Attached)",
    "Type 3 Outlet",
    "IEC 60309 Single Phase",
    "IEC 60309 Three Phase",
    "CCS Combo 2 Plug (Cable Attached)",
    "CCS Combo 1 Plug (Cable Attached)",
    "CHAdeMO",
)
AUTHENTICATION_MODES = ("NFC RFID Classic", "NFC RFID DESFire", "PnC", "REMOTE", "Direct Payment", "No Authentication Required")
ACCESSIBILITY = ("Free publicly accessible", "Restricted access", "Paying publicly accessible", "Test Station")
CALIBRATION = ("Local", "External", "Not Available")
FULL_LOAD, UPDATE, INSERT, DELETE = "fullLoad", "update", "insert", "delete"
ACTION = one_of(FULL_LOAD, UPDATE, INSERT, DELETE)


class InfoText(Open, frozen=True, kw_only=True):
    """A text in one language."""

    lang: str
    value: str


class Address(Open, frozen=True, kw_only=True):
    """Where it stands."""

    country: str
    city: str
    street: str
    postal_code: str
    house_number: str
    floor: str | None = None
    region: str | None = None
    parking_facility: bool | None = None
    parking_spot: str | None = None
    time_zone: str | None = None


class ChargingFacility(Open, frozen=True, kw_only=True):
    """What comes out: V, A, kW."""

    power_type: str
    power: Decimal
    voltage: int | None = None
    amperage: int | None = None
    modes: tuple[str, ...] = ()


class OpeningPeriod(Open, frozen=True, kw_only=True):
    """From, to, in local time."""

    begin: str
    end: str


class OpeningTimes(Open, frozen=True, kw_only=True):
    """On which days."""

    periods: tuple[OpeningPeriod, ...]
    on: str


class EnergySourceShare(Open, frozen=True, kw_only=True):
    """One source and its percentage."""

    energy: str
    percentage: Decimal | None = None


class Impact(Open, frozen=True, kw_only=True):
    """g/kWh."""

    co2: Decimal | None = None
    nuclear_waste: Decimal | None = None


class EvseDataRecord(Open, frozen=True, kw_only=True):
    """One EVSE as OICP describes it."""

    evse_id: str
    names: tuple[InfoText, ...]
    address: Address
    coordinates: Coordinates
    plugs: tuple[str, ...]
    facilities: tuple[ChargingFacility, ...]
    renewable_energy: bool
    calibration: str
    authentication_modes: tuple[str, ...]
    payment_options: tuple[str, ...]
    value_added_services: tuple[str, ...]
    accessibility: str
    hotline: str
    is_open_24_hours: bool
    is_compatible: bool
    dynamic_info: str
    pool_id: str | None = None
    station_id: str | None = None
    manufacturer: str | None = None
    image: str | None = None
    sub_operator: str | None = None
    dynamic_power: bool | None = None
    energy_sources: tuple[EnergySourceShare, ...] = ()
    impact: Impact | None = None
    max_capacity: int | None = None
    accessibility_location: str | None = None
    additional_info: tuple[InfoText, ...] = ()
    location_reference: tuple[InfoText, ...] = ()
    entrance: Coordinates | None = None
    opening_times: tuple[OpeningTimes, ...] = ()
    hub_operator_id: str | None = None
    clearinghouse_id: str | None = None


class EvseDataPush(Open, frozen=True, kw_only=True):
    """A push: what to do with which records of whom. `raw` are the records as they came, in the same order."""

    action: str
    operator_id: str
    operator_name: str
    records: tuple[EvseDataRecord, ...]
    raw: tuple[dict[str, Any], ...] = ()


class EvseDataPull(Open, frozen=True, kw_only=True):
    """Which EVSEs a provider asks for."""

    provider_id: str
    format: str
    center: SearchCenter | None = None
    last_call: Moment | None = None
    country_codes: tuple[str, ...] = ()
    operator_ids: tuple[str, ...] = ()
    authentication_modes: tuple[str, ...] = ()
    accessibility: tuple[str, ...] = ()
    calibration: tuple[str, ...] = ()
    renewable_energy: bool | None = None
    is_compatible: bool | None = None
    is_open_24_hours: bool | None = None


_INFO = Shape(
    InfoText, required("lang", matching(r"[A-Za-z]{2,3}(-[A-Za-z0-9-]+)?", "a language like de"), as_="lang"), required("value", text(150))
)
_ADDRESS = Shape(
    Address,
    required("Country", COUNTRY, as_="country"),
    required("City", text(50, shortest=1), as_="city"),
    required("Street", text(100, shortest=2), as_="street"),
    required("PostalCode", text(10), as_="postal_code"),
    required("HouseNum", text(10), as_="house_number"),
    optional("Floor", text(5), as_="floor"),
    optional("Region", text(50), as_="region"),
    optional("ParkingFacility", BOOLEAN, as_="parking_facility"),
    optional("ParkingSpot", text(5), as_="parking_spot"),
    optional("TimeZone", matching(r"UTC[+,-][0-9]{2}:[0-9]{2}", "an offset like UTC+01:00"), as_="time_zone"),
)
_FACILITY = Spelled(
    ChargingFacility,
    required("PowerType", one_of("AC_1_PHASE", "AC_3_PHASE", "DC"), as_="power_type"),
    required("Power", number(1000, lowest=0), as_="power"),
    optional("Voltage", integer(0, 999), as_="voltage"),
    optional("Amperage", integer(0, 99), as_="amperage"),
    optional("ChargingModes", many(one_of("Mode_1", "Mode_2", "Mode_3", "Mode_4", "CHAdeMO")), as_="modes"),
    also={"power": "Power", "powertype": "PowerType"},
)
_CLOCK = matching(r"(?:[01]\d|2[0-4]):[0-5]\d", "a time of day like 08:30")
_PERIOD = Shape(OpeningPeriod, required("begin", _CLOCK), required("end", _CLOCK))
DAYS = ("Everyday", "Workdays", "Weekend", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
OPENING_TIMES = Spelled(
    OpeningTimes,
    required("Period", many(_PERIOD.kind), as_="periods"),
    required("on", one_of(*DAYS)),
    also={"Periods": "Period", "On": "on", "period": "Period"},
)
_ENERGY = Shape(
    EnergySourceShare,
    required(
        "Energy",
        one_of("Solar", "Wind", "HydroPower", "GeothermalEnergy", "Biomass", "Coal", "NuclearEnergy", "Petroleum", "NaturalGas"),
        as_="energy",
    ),
    optional("Percentage", number(101, lowest=0), as_="percentage"),
)
_IMPACT = Shape(
    Impact,
    optional("CO2Emission", number(10**6, lowest=0), as_="co2"),
    optional("NuclearWaste", number(10**6, lowest=0), as_="nuclear_waste"),
)
_PAYMENTS = many(one_of("No Payment", "Direct", "Contract"), at_least=1)


def _read_payments(value: Any) -> Any:
    payments = _PAYMENTS.read(value)
    if "No Payment" in payments and len(payments) > 1:
        raise unfit("`No Payment` alone, or others")
    return payments


_POOL_ID = matching(r"[A-Za-z]{2}\*?[A-Za-z0-9]{3}\*?P[A-Za-z0-9*]{1,30}", "a ChargingPoolID like DE*ALF*P0001")
_SERVICES = (
    *("Reservation", "DynamicPricing", "ParkingSensors", "MaximumPowerCharging"),
    *("PredictiveChargePointUsage", "ChargingPlans", "RoofProvided", "None"),
)


class _Records(Spelled[EvseDataRecord]):
    """The shape of a record, with what holds between its members."""

    def _read(self, body: Any) -> EvseDataRecord:
        record = super()._read(body)
        if not record.is_open_24_hours and not record.opening_times:
            raise Unfit([("OpeningTimes", "opening times, where IsOpen24Hours is false")])
        return record


EVSE_DATA_RECORD = _Records(
    EvseDataRecord,
    required("EvseID", EVSE_IDS, as_="evse_id"),
    optional("ChargingPoolID", _POOL_ID, as_="pool_id"),
    optional("ChargingStationID", text(50), as_="station_id"),
    required("ChargingStationNames", many(_INFO.kind, at_least=1), as_="names"),
    optional("HardwareManufacturer", text(50), as_="manufacturer"),
    optional("ChargingStationImage", text(200), as_="image"),
    optional("SubOperatorName", text(100), as_="sub_operator"),
    required("Address", _ADDRESS.kind, as_="address"),
    required("GeoCoordinates", COORDINATES, as_="coordinates"),
    required("Plugs", many(one_of(*PLUGS), at_least=1), as_="plugs"),
    optional("DynamicPowerLevel", BOOLEAN, as_="dynamic_power"),
    required("ChargingFacilities", many(_FACILITY.kind, at_least=1), as_="facilities"),
    required("RenewableEnergy", BOOLEAN, as_="renewable_energy"),
    optional("EnergySource", many(_ENERGY.kind), as_="energy_sources"),
    optional("EnvironmentalImpact", _IMPACT.kind, as_="impact"),
    required("CalibrationLawDataAvailability", one_of(*CALIBRATION), as_="calibration"),
    required("AuthenticationModes", many(one_of(*AUTHENTICATION_MODES), at_least=1), as_="authentication_modes"),
    optional("MaxCapacity", integer(0, 10**6), as_="max_capacity"),
    required("PaymentOptions", Kind(_read_payments, _PAYMENTS.write), as_="payment_options"),
    required("ValueAddedServices", many(one_of(*_SERVICES), at_least=1), as_="value_added_services"),
    required("Accessibility", one_of(*ACCESSIBILITY), as_="accessibility"),
    optional(
        "AccessibilityLocation",
        one_of("OnStreet", "ParkingLot", "ParkingGarage", "UndergroundParkingGarage"),
        as_="accessibility_location",
    ),
    required("HotlinePhoneNumber", PHONE, as_="hotline"),
    optional("AdditionalInfo", many(_INFO.kind), as_="additional_info"),
    optional("ChargingStationLocationReference", many(_INFO.kind), as_="location_reference"),
    optional("GeoChargingPointEntrance", COORDINATES, as_="entrance"),
    required("IsOpen24Hours", BOOLEAN, as_="is_open_24_hours"),
    optional("OpeningTimes", many(OPENING_TIMES.kind), as_="opening_times"),
    optional("HubOperatorID", OPERATOR_IDS, as_="hub_operator_id"),
    optional("ClearinghouseID", text(20), as_="clearinghouse_id"),
    required("IsHubjectCompatible", BOOLEAN, as_="is_compatible"),
    required("DynamicInfoAvailable", one_of("true", "false", "auto"), as_="dynamic_info"),
    also={"ChargingStationId": "ChargingStationID", "ChargingPoolId": "ChargingPoolID", "HubOperatorId": "HubOperatorID"},
)


def keyed(kind: Kind, wire: str) -> Kind:
    """This function will return the kind of an object of which only one member counts."""

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise unfit("an object")
        if value.get(wire) is None:
            raise Unfit([(wire, "a value (required)")])
        return kind.read(value[wire])

    return Kind(read)


class _OperatorData(Open, frozen=True, kw_only=True):
    operator_id: str
    operator_name: str
    records: tuple[Any, ...]


class _Push(Open, frozen=True, kw_only=True):
    action: str
    data: Any


_RAW_LIST = Kind(lambda value: tuple(value) if type(value) is list else _not_a_list())


def _not_a_list() -> tuple[Any, ...]:
    raise unfit("a list")


def _push_shape(record: Kind) -> Shape[_Push]:
    data = Shape(
        _OperatorData,
        required("OperatorID", OPERATOR_IDS, as_="operator_id"),
        required("OperatorName", text(100), as_="operator_name"),
        required("EvseDataRecord", many(record), as_="records"),
    )
    return Shape(_Push, required("ActionType", ACTION, as_="action"), required("OperatorEvseData", data.kind, as_="data"))


_ID_ONLY = keyed(EVSE_IDS, "EvseID")
_PUSH, _PUSH_OF_DELETION = _push_shape(EVSE_DATA_RECORD.kind), _push_shape(_ID_ONLY)


def read_push(body: Any) -> EvseDataPush:
    """This function will read PushEvseData; of a deletion only the ids count. It raises BadFields."""
    is_deletion = type(body) is dict and body.get("ActionType") == DELETE
    push = (_PUSH_OF_DELETION if is_deletion else _PUSH).read(body)
    raw = tuple(body["OperatorEvseData"]["EvseDataRecord"])
    records = () if is_deletion else push.data.records
    return EvseDataPush(
        action=push.action, operator_id=push.data.operator_id, operator_name=push.data.operator_name, records=records, raw=raw
    )


PULL = Shape(
    EvseDataPull,
    required("ProviderID", PROVIDER_IDS, as_="provider_id"),
    required("GeoCoordinatesResponseFormat", one_of("Google", "DegreeMinuteSeconds", "DecimalDegree"), as_="format"),
    optional("SearchCenter", SEARCH_CENTER.kind, as_="center"),
    optional("LastCall", MOMENT, as_="last_call"),
    optional("CountryCodes", many(COUNTRY), as_="country_codes"),
    optional("OperatorIds", many(OPERATOR_IDS), as_="operator_ids"),
    optional("AuthenticationModes", many(one_of(*AUTHENTICATION_MODES)), as_="authentication_modes"),
    optional("Accessibility", many(one_of(*ACCESSIBILITY)), as_="accessibility"),
    optional("CalibrationLawDataAvailability", many(one_of(*CALIBRATION)), as_="calibration"),
    optional("RenewableEnergy", BOOLEAN, as_="renewable_energy"),
    optional("IsHubjectCompatible", BOOLEAN, as_="is_compatible"),
    optional("IsOpen24Hours", BOOLEAN, as_="is_open_24_hours"),
)


def read_pull(body: Any) -> EvseDataPull:
    """This function will read PullEvseData; it raises BadFields."""
    return PULL.read(respell(body, {"OperatorIDs": "OperatorIds"}))
