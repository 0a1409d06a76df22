"""JSON Schemas of OICP 2.3 messages, written from the tables of the specification (oicp §1.3, §3.1) and from nothing of ours.

Members that the tables call optional may be absent or null; members they do not name are let through, as the protocol wants.
"""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

Schema = dict[str, Any]


def text(longest: int, shortest: int = 0) -> Schema:
    return {"type": "string", "minLength": shortest, "maxLength": longest}


def like(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def one_of(*words: str) -> Schema:
    return {"enum": list(words)}


def many(item: Schema, *, least: int = 0, most: int | None = None) -> Schema:
    return {"type": "array", "items": item, "minItems": least, **({} if most is None else {"maxItems": most})}


def either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def members(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, **more: Any) -> Schema:
    told = {name: either(schema, {"type": "null"}) for name, schema in (optional or {}).items()}
    return {"type": "object", "required": list(required), "properties": {**required, **told}, **more}


def number(least: float | None = None, most: float | None = None) -> Schema:
    return {"type": "number", **({} if least is None else {"minimum": least}), **({} if most is None else {"maximum": most})}


BOOLEAN: Schema = {"type": "boolean"}
OPERATOR = like(r"(([A-Za-z]{2}\*?[A-Za-z0-9]{3})|(\+?[0-9]{1,3}\*[0-9]{3}))")
PROVIDER = like(r"([A-Za-z]{2}\-?[A-Za-z0-9]{3}|[A-Za-z]{2}[\*|-]?[A-Za-z0-9]{3})")
EVSE = like(r"(([A-Z]{2}\*?[A-Z0-9]{3}\*?E[A-Z0-9\*]{1,30})|(\+?[0-9]{1,3}\*[0-9]{3}\*[0-9\*]{1,32}))")
CONTRACT = like(
    r"(([A-Za-z]{2}\-?[A-Za-z0-9]{3}\-?C[A-Za-z0-9]{8}\-?[\d|A-Za-z])"
    r"|([A-Za-z]{2}[\*|\-]?[A-Za-z0-9]{3}[\*|\-]?[A-Za-z0-9]{6}[\*|\-]?[\d|X]))"
)
SESSION = like(r"[A-Za-z0-9]{8}(-[A-Za-z0-9]{4}){3}-[A-Za-z0-9]{12}")
UID = like(r"([0-9A-F]{8,8}|[0-9A-F]{14,14}|[0-9A-F]{20,20})")
INSTANT = like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
PHONE = like(r"\+[0-9]{5,15}")
PRODUCT, PARTNER_SESSION = text(50), text(250)
CURRENCY, COUNTRY = like("[A-Z]{3}"), like("[A-Z]{3}")
CODE = like("00[0129]|01[789]|02[12]|10[12356]|110|12[012]|200|210|300|310|320|400|501|510|60[1-4]|700")
STATUS = members({"Code": CODE}, {"Description": text(200), "AdditionalInfo": text(1000)})
PARTNERS = {"CPOPartnerSessionID": PARTNER_SESSION, "EMPPartnerSessionID": PARTNER_SESSION}
POINT = like(r"-?1?\d{1,2}\.\d{1,6}")
SEXAGESIMAL = like(r"-?1?\d{1,2}°[ ]?\d{1,2}'[ ]?\d{1,2}\.\d+''")


def _identification(*allowed: str) -> Schema:
    """Exactly one member, of those that have a place here."""
    kinds = {
        "RFIDMifareFamilyIdentification": members({"UID": UID}),
        "RFIDIdentification": members(
            {"UID": UID, "RFID": one_of("mifareCls", "mifareDes", "calypso", "nfc", "mifareFamily")},
            {"EvcoID": CONTRACT, "PrintedNumber": text(150), "ExpiryDate": INSTANT},
        ),
        "QRCodeIdentification": members({"EvcoID": CONTRACT}, {"PIN": text(20)}),
        "PlugAndChargeIdentification": members({"EvcoID": CONTRACT}),
        "RemoteIdentification": members({"EvcoID": CONTRACT}),
    }
    null: Schema = {"type": "null"}
    return {
        "oneOf": [
            members({name: kinds[name]}, None) | {"properties": {name: kinds[name], **{other: null for other in kinds if other != name}}}
            for name in allowed
        ]
    }


_CARD = "RFIDMifareFamilyIdentification"
_STARTING = _identification(_CARD, "QRCodeIdentification", "PlugAndChargeIdentification")
_ANY = _identification(_CARD, "RFIDIdentification", "QRCodeIdentification", "PlugAndChargeIdentification", "RemoteIdentification")
_REMOTE = _identification("RemoteIdentification")

ACKNOWLEDGEMENT = members({"Result": BOOLEAN, "StatusCode": STATUS}, {"SessionID": SESSION, **PARTNERS})
_AUTHORIZATION = {"SessionID": SESSION, **PARTNERS, "ProviderID": PROVIDER}
AUTHORIZATION_START = members(
    {"AuthorizationStatus": one_of("Authorized", "NotAuthorized"), "StatusCode": STATUS},
    {**_AUTHORIZATION, "AuthorizationStopIdentifications": many(_ANY)},
)
AUTHORIZATION_STOP = members({"AuthorizationStatus": one_of("Authorized", "NotAuthorized"), "StatusCode": STATUS}, _AUTHORIZATION)
AUTHORIZE_START = members(
    {"SessionID": SESSION, "OperatorID": OPERATOR, "Identification": _STARTING},
    {**PARTNERS, "EvseID": EVSE, "PartnerProductID": PRODUCT},
)
AUTHORIZE_STOP = members({"SessionID": SESSION, "OperatorID": OPERATOR, "Identification": _STARTING}, {**PARTNERS, "EvseID": EVSE})
_REMOTE_START = {"SessionID": SESSION, "ProviderID": PROVIDER, "EvseID": EVSE, "Identification": _REMOTE}
REMOTE_START = members(_REMOTE_START, {**PARTNERS, "PartnerProductID": PRODUCT})
RESERVATION_START = members(
    _REMOTE_START, {**PARTNERS, "PartnerProductID": PRODUCT, "Duration": {"type": "integer", "minimum": 1, "maximum": 99}}
)
REMOTE_STOP = members({"SessionID": SESSION, "ProviderID": PROVIDER, "EvseID": EVSE}, PARTNERS)

_SIGNED = members({"SignedMeteringValue": text(3000)}, {"MeteringStatus": one_of("Start", "Progress", "End")})
_CALIBRATION = members(
    {},
    {
        "CalibrationLawCertificateID": text(100),
        "PublicKey": text(1000),
        "MeteringSignatureUrl": text(200),
        "MeteringSignatureEncodingFormat": text(50),
        "SignedMeteringValuesVerificationInstruction": text(400),
    },
)
_METER = members({"meterValues": many(number())})
CHARGE_DETAIL_RECORD = members(
    {
        "SessionID": SESSION,
        "EvseID": EVSE,
        "Identification": _ANY,
        "ChargingStart": INSTANT,
        "ChargingEnd": INSTANT,
        "SessionStart": INSTANT,
        "SessionEnd": INSTANT,
        "ConsumedEnergy": number(0, 1000),
    },
    {
        **PARTNERS,
        "PartnerProductID": PRODUCT,
        "MeterValueStart": number(),
        "MeterValueEnd": number(),
        "MeterValueInBetween": _METER,
        "SignedMeteringValues": many(_SIGNED, most=10),
        "CalibrationLawVerificationInfo": _CALIBRATION,
        "HubOperatorID": OPERATOR,
        "HubProviderID": PROVIDER,
    },
)
_NOTICE = {"SessionID": SESSION, "EvseID": EVSE}
_BESIDE = {**PARTNERS, "Identification": _ANY, "OperatorID": OPERATOR, "PartnerProductID": PRODUCT, "SessionStart": INSTANT}
NOTIFICATION: Schema = {
    "oneOf": [
        members({"Type": one_of("Start"), **_NOTICE, "ChargingStart": INSTANT}, {**_BESIDE, "MeterValueStart": number()}),
        members(
            {"Type": one_of("Progress"), **_NOTICE, "ChargingStart": INSTANT, "EventOccurred": INSTANT},
            {**_BESIDE, "ChargingDuration": number(0), "ConsumedEnergyProgress": number(0), "MeterValueInBetween": _METER},
            anyOf=[{"required": ["ChargingDuration"]}, {"required": ["ConsumedEnergyProgress"]}],
        ),
        members(
            {"Type": one_of("End"), **_NOTICE, "ChargingEnd": INSTANT},
            {**_BESIDE, "ChargingStart": INSTANT, "SessionEnd": INSTANT, "ConsumedEnergy": number(0), "PenaltyTimeStart": INSTANT},
        ),
        members(
            {
                "Type": one_of("Error"),
                **_NOTICE,
                "ErrorType": one_of("ConnectorError", "CriticalError", "Connector Error", "Critical Error"),
            },
            {**_BESIDE, "ErrorAdditionalInfo": text(250)},
        ),
    ]
}

_WORDS = many(members({"lang": like(r"[a-z]{2,3}(?:-[A-Z]{2,3}(?:-[a-zA-Z]{4})?)?(?:-x-[a-zA-Z0-9]{1,8})?"), "value": text(150)}))
_POSITION: Schema = {
    "oneOf": [
        members({"Google": members({"Coordinates": like(r"-?1?\d{1,2}\.\d{1,6}\s*\,?\s*-?1?\d{1,2}\.\d{1,6}")})}),
        members({"DecimalDegree": members({"Longitude": POINT, "Latitude": POINT})}),
        members({"DegreeMinuteSeconds": members({"Longitude": SEXAGESIMAL, "Latitude": SEXAGESIMAL})}),
    ]
}
_PERIODS = many(members({"begin": like(r"\d\d:\d\d"), "end": like(r"\d\d:\d\d")}), least=1)
_DAYS = one_of("Everyday", "Workdays", "Weekend", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOURS = many(either(members({"Period": _PERIODS, "on": _DAYS}), members({"Periods": _PERIODS, "on": _DAYS})))
_PLUGS = one_of(
    "Small Paddle Inductive", "Large Paddle Inductive", "AVCON Connector", "Tesla Connector", "NEMA 5-20", "Type E French Standard",
    "Type F Schuko", "Type G British Standard", "Type J Swiss Standard", "Type 1 Connector (Cable Attached)", "Type 2 Outlet",
    "Type 2 Connector (Cable Attached)", "Type 3 Outlet", "IEC 60309 Single Phase", "IEC 60309 Three Phase",
    "CCS Combo 2 Plug (Cable Attached)", "CCS Combo 1 Plug (Cable Attached)", "CHAdeMO",
)  # fmt: skip
_ADDRESS = members(
    {"Country": COUNTRY, "City": text(50, 1), "Street": text(100, 2), "PostalCode": text(10), "HouseNum": text(10)},
    {
        "Floor": text(5),
        "Region": text(50),
        "ParkingFacility": BOOLEAN,
        "ParkingSpot": text(5),
        "TimeZone": like(r"[U][T][C][+,-][0-9][0-9][:][0-9][0-9]"),
    },
)
_FACILITY = members(
    {"PowerType": one_of("AC_1_PHASE", "AC_3_PHASE", "DC"), "Power": number(0, 999)},
    {
        "Voltage": {"type": "integer", "maximum": 999},
        "Amperage": {"type": "integer", "maximum": 99},
        "ChargingModes": many(one_of("Mode_1", "Mode_2", "Mode_3", "Mode_4", "CHAdeMO")),
    },
)
_EVSE_MEMBERS = {
    "EvseID": EVSE,
    "ChargingStationNames": {**_WORDS, "minItems": 1},
    "Address": _ADDRESS,
    "GeoCoordinates": _POSITION,
    "Plugs": many(_PLUGS, least=1),
    "ChargingFacilities": many(_FACILITY, least=1),
    "RenewableEnergy": BOOLEAN,
    "CalibrationLawDataAvailability": one_of("Local", "External", "Not Available"),
    "AuthenticationModes": many(
        one_of("NFC RFID Classic", "NFC RFID DESFire", "PnC", "REMOTE", "Direct Payment", "No Authentication Required"), least=1
    ),
    "PaymentOptions": either(many(one_of("Direct", "Contract"), least=1), {"const": ["No Payment"]}),
    "ValueAddedServices": many(
        one_of(
            "Reservation", "DynamicPricing", "ParkingSensors", "MaximumPowerCharging", "PredictiveChargePointUsage", "ChargingPlans",
            "RoofProvided", "None",
        ), least=1,
    ),
    "Accessibility": one_of("Free publicly accessible", "Restricted access", "Paying publicly accessible", "Test Station"),
    "HotlinePhoneNumber": PHONE,
    "IsOpen24Hours": BOOLEAN,
    "IsHubjectCompatible": BOOLEAN,
    "DynamicInfoAvailable": one_of("true", "false", "auto"),
}  # fmt: skip
EVSE_RECORD = members(
    {**_EVSE_MEMBERS, "OperatorID": OPERATOR, "OperatorName": text(100), "lastUpdate": INSTANT},
    {
        "ChargingPoolID": like(r"([A-Za-z]{2}\*?[A-Za-z0-9]{3}\*?P[A-Za-z0-9\*]{1,30})"),
        "ChargingStationID": text(50),
        "SubOperatorName": text(100),
        "HardwareManufacturer": text(50),
        "AccessibilityLocation": one_of("OnStreet", "ParkingLot", "ParkingGarage", "UndergroundParkingGarage"),
        "OpeningTimes": _HOURS,
        "ClearinghouseID": text(20),
        "deltaType": one_of("insert", "update", "delete"),
    },
)


def _page(item: Schema) -> Schema:
    count: Schema = {"type": "integer", "minimum": 0}
    counts = dict.fromkeys(("number", "size", "totalElements", "totalPages", "numberOfElements"), count)
    return members({"content": many(item), "first": BOOLEAN, "last": BOOLEAN, "StatusCode": STATUS, **counts})


_STATUS_RECORDS = many(
    members({"EvseID": EVSE, "EvseStatus": one_of("Available", "Reserved", "Occupied", "OutOfService", "EvseNotFound", "Unknown")})
)
_OPERATORS = many(members({"OperatorID": OPERATOR, "EvseStatusRecord": _STATUS_RECORDS}, {"OperatorName": text(100)}))
STATUSES: Schema = either(
    members({"EvseStatuses": members({"OperatorEvseStatus": _OPERATORS}), "StatusCode": STATUS}),
    members({"EVSEStatusRecords": members({"EvseStatusRecord": _STATUS_RECORDS}), "StatusCode": STATUS}),
)
_UNIT = one_of("HOUR", "KILOWATT_HOUR", "MINUTE")
_ADDITIONAL = members(
    {
        "AdditionalReference": one_of("START FEE", "FIXED FEE", "PARKING FEE", "MINIMUM FEE", "MAXIMUM FEE"),
        "AdditionalReferenceUnit": _UNIT,
        "PricePerAdditionalReferenceUnit": number(0),
    }
)
_PRODUCT = members(
    {
        "ProductID": PRODUCT,
        "ReferenceUnit": _UNIT,
        "ProductPriceCurrency": CURRENCY,
        "PricePerReferenceUnit": number(0),
        "MaximumProductChargingPower": number(0),
        "IsValid24hours": BOOLEAN,
        "ProductAvailabilityTimes": _HOURS,
    },
    {"AdditionalReferences": many(_ADDITIONAL)},
)
_FOR = either(PROVIDER, one_of("*"))
_PRODUCTS = members(
    {
        "OperatorID": OPERATOR,
        "ProviderID": _FOR,
        "PricingDefaultPrice": number(0),
        "PricingDefaultPriceCurrency": CURRENCY,
        "PricingDefaultReferenceUnit": _UNIT,
        "PricingProductDataRecords": many(_PRODUCT),
    },
    {"OperatorName": text(100)},
)
_EVSE_PRICES = many(members({"EvseID": EVSE, "ProviderID": _FOR, "EvseIDProductList": many(PRODUCT)}))
PRODUCTS = members({"PricingProductData": many(_PRODUCTS), "StatusCode": STATUS})
EVSE_PRICING = members(
    {"EVSEPricing": many(members({"OperatorID": OPERATOR, "EVSEPricing": _EVSE_PRICES}, {"OperatorName": text(100)})), "StatusCode": STATUS}
)
_CARDS = many(members({"ProviderID": PROVIDER, "AuthenticationDataRecord": many(members({"Identification": _ANY}))}))
CARDS = members({"AuthenticationData": members({"ProviderAuthenticationData": _CARDS}), "StatusCode": STATUS})

# What the hub sends to partners, and what it answers, by the end of the path.
SENT = {
    "authorize/start": AUTHORIZE_START,
    "authorize/stop": AUTHORIZE_STOP,
    "authorize-remote/start": REMOTE_START,
    "authorize-remote/stop": REMOTE_STOP,
    "reservation-start-request": RESERVATION_START,
    "reservation-stop-request": REMOTE_STOP,
    "charge-detail-record": CHARGE_DETAIL_RECORD,
    "charging-notifications": NOTIFICATION,
}
ANSWERED = {
    "authorize/start": AUTHORIZATION_START,
    "authorize/stop": AUTHORIZATION_STOP,
    "get-charge-detail-records-request": _page(CHARGE_DETAIL_RECORD),
    "evsepull/v23/*/data-records": _page(EVSE_RECORD),
    "evsepull/v21/*/status-records": STATUSES,
    "status-records-by-id": STATUSES,
    "status-records-by-operator-id": STATUSES,
    "authdata/v21/*/pull-request": CARDS,
    "dynamicpricing/v10/providers/*/pricing-products": PRODUCTS,
    "dynamicpricing/v10/providers/*/evse-pricing": EVSE_PRICING,
}


_OF_SENT = {ending: Draft202012Validator(schema) for ending, schema in SENT.items()}
_OF_ANSWERED = {ending: Draft202012Validator(schema) for ending, schema in ANSWERED.items()}
_ACKNOWLEDGED = Draft202012Validator(ACKNOWLEDGEMENT)


def check_sent(path: str, body: Any) -> None:
    """This function will raise ValidationError where a message of the hub to a partner is not as the specification has it."""
    for ending, validator in _OF_SENT.items():
        if path.endswith(ending):
            validator.validate(body)


def check_answer(path: str, http: int, body: Any) -> None:
    """This function will raise ValidationError where an answer of the hub is not as the specification has it."""
    if http != 200:
        return
    told = path.partition("?")[0]
    for ending, validator in _OF_ANSWERED.items():
        first, _, last = ending.rpartition("/*/")
        if told.endswith(last) and told.startswith(first):
            validator.validate(body)
            return
    _ACKNOWLEDGED.validate(body)
