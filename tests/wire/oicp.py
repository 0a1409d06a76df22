"""Our own example messages of OICP 2.3, as plain JSON values; keywords replace members (None: left out)."""

from decimal import Decimal
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")

SESSION_ID = "7f3c1c2e-5a0b-4c39-9a31-0d6a1b2c3d4e"


def _with(message: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    message.update(over)
    return {name: value for name, value in message.items() if value is not None}


def mifare(uid: str = "04A1B2C3D4E5F6") -> dict[str, Any]:
    """A card by its uid alone."""
    return {"RFIDMifareFamilyIdentification": {"UID": uid}}


def plug_and_charge(contract_id: str = "NL-BET-C12345678-9") -> dict[str, Any]:
    """A car by its contract."""
    return {"PlugAndChargeIdentification": {"EvcoID": contract_id}}


def remote(contract_id: str = "NL-BET-C12345678-9") -> dict[str, Any]:
    """A driver with an app."""
    return {"RemoteIdentification": {"EvcoID": contract_id}}


def authorize_start(**over: Any) -> dict[str, Any]:
    """DE*ALF asks about a card."""
    return _with({"OperatorID": "DE*ALF", "EvseID": "DE*ALF*E0001", "Identification": mifare(), "PartnerProductID": "AC3"}, over)


def authorize_stop(session_id: str, **over: Any) -> dict[str, Any]:
    """DE*ALF asks whether a card may stop."""
    return _with({"SessionID": session_id, "OperatorID": "DE*ALF", "EvseID": "DE*ALF*E0001", "Identification": mifare()}, over)


def remote_start(**over: Any) -> dict[str, Any]:
    """NL-BET starts a session at DE*ALF*E0001."""
    return _with({"ProviderID": "NL-BET", "EvseID": "DE*ALF*E0001", "Identification": remote(), "PartnerProductID": "AC3"}, over)


def remote_stop(session_id: str, **over: Any) -> dict[str, Any]:
    """NL-BET stops it."""
    return _with({"SessionID": session_id, "ProviderID": "NL-BET", "EvseID": "DE*ALF*E0001"}, over)


def a_cdr(session_id: str = SESSION_ID, **over: Any) -> dict[str, Any]:
    """12.345 kWh in 45 minutes, 10 minutes parked on."""
    return _with(
        {
            "SessionID": session_id,
            "EvseID": "DE*ALF*E0001",
            "Identification": mifare(),
            "PartnerProductID": "AC3",
            "SessionStart": "2026-10-05T09:00:00+02:00",
            "ChargingStart": "2026-10-05T09:00:00+02:00",
            "ChargingEnd": "2026-10-05T09:45:00+02:00",
            "SessionEnd": "2026-10-05T09:55:00+02:00",
            "ConsumedEnergy": Decimal("12.345"),
            "MeterValueStart": Decimal("100.000"),
            "MeterValueEnd": Decimal("112.345"),
        },
        over,
    )


def an_evse(number: int = 1, **over: Any) -> dict[str, Any]:
    """An EVSE of DE*ALF in Berlin with one Type 2 outlet of 22 kW."""
    return _with(
        {
            "EvseID": f"DE*ALF*E{number:04d}",
            "ChargingPoolID": f"DE*ALF*P{number:04d}",
            "ChargingStationID": f"station {number}",
            "ChargingStationNames": [{"lang": "de", "value": f"Am Kanal {number}"}],
            "Address": {
                "Country": "DEU",
                "City": "Berlin",
                "Street": "Kanalweg",
                "PostalCode": "10115",
                "HouseNum": str(number),
                "TimeZone": "UTC+01:00",
            },
            "GeoCoordinates": {"DecimalDegree": {"Longitude": "13.356465", "Latitude": "52.480495"}},
            "Plugs": ["Type 2 Outlet"],
            "ChargingFacilities": [{"PowerType": "AC_3_PHASE", "Power": 22, "Voltage": 230, "Amperage": 32, "ChargingModes": ["Mode_3"]}],
            "RenewableEnergy": True,
            "CalibrationLawDataAvailability": "Local",
            "AuthenticationModes": ["NFC RFID Classic", "REMOTE"],
            "PaymentOptions": ["Contract"],
            "ValueAddedServices": ["Reservation"],
            "Accessibility": "Free publicly accessible",
            "HotlinePhoneNumber": "+4930123456",
            "IsOpen24Hours": True,
            "IsHubjectCompatible": True,
            "DynamicInfoAvailable": "auto",
        },
        over,
    )


def evse_push(*records: dict[str, Any], action: str = "fullLoad", operator: str = "DE*ALF") -> dict[str, Any]:
    """A push of EVSE data."""
    return {
        "ActionType": action,
        "OperatorEvseData": {"OperatorID": operator, "OperatorName": "Alfa", "EvseDataRecord": list(records)},
    }


def status_push(*statuses: tuple[str, str], action: str = "fullLoad", operator: str = "DE*ALF") -> dict[str, Any]:
    """A push of statuses as (EvseID, status)."""
    records = [{"EvseID": evse_id, "EvseStatus": status} for evse_id, status in statuses]
    return {"ActionType": action, "OperatorEvseStatus": {"OperatorID": operator, "OperatorName": "Alfa", "EvseStatusRecord": records}}


def card_push(*identifications: dict[str, Any], action: str = "fullLoad", provider: str = "NL-BET") -> dict[str, Any]:
    """A push of cards."""
    records = [{"Identification": identification} for identification in identifications]
    return {"ActionType": action, "ProviderAuthenticationData": {"ProviderID": provider, "AuthenticationDataRecord": records}}


def a_product(product_id: str = "AC3", price: str = "0.39", **over: Any) -> dict[str, Any]:
    """A price per kWh at any hour."""
    return _with(
        {
            "ProductID": product_id,
            "ReferenceUnit": "KILOWATT_HOUR",
            "ProductPriceCurrency": "EUR",
            "PricePerReferenceUnit": Decimal(price),
            "MaximumProductChargingPower": 22,
            "IsValid24hours": True,
            "ProductAvailabilityTimes": [{"Periods": [{"begin": "00:00", "end": "24:00"}], "on": "Everyday"}],
        },
        over,
    )


def product_push(*products: dict[str, Any], action: str = "fullLoad", provider: str = "*") -> dict[str, Any]:
    """A push of products with a default price."""
    return {
        "ActionType": action,
        "PricingProductData": {
            "OperatorID": "DE*ALF",
            "OperatorName": "Alfa",
            "ProviderID": provider,
            "PricingDefaultPrice": 0,
            "PricingDefaultPriceCurrency": "EUR",
            "PricingDefaultReferenceUnit": "KILOWATT_HOUR",
            "PricingProductDataRecords": list(products),
        },
    }


def evse_pricing_push(*prices: tuple[str, list[str]], action: str = "fullLoad", provider: str = "*") -> dict[str, Any]:
    """Which products apply where, as (EvseID, products)."""
    return {
        "ActionType": action,
        "EVSEPricing": [{"EvseID": evse_id, "ProviderID": provider, "EvseIDProductList": products} for evse_id, products in prices],
    }


def notification(kind: str, session_id: str, **over: Any) -> dict[str, Any]:
    """A notification of one type."""
    told: dict[str, dict[str, Any]] = {
        "Start": {"ChargingStart": "2026-10-05T09:00:00+02:00"},
        "Progress": {
            "ChargingStart": "2026-10-05T09:00:00+02:00",
            "EventOccurred": "2026-10-05T09:10:00+02:00",
            "ConsumedEnergyProgress": Decimal("2.5"),
        },
        "End": {"ChargingEnd": "2026-10-05T09:45:00+02:00", "ConsumedEnergy": Decimal("12.345")},
        "Error": {"ErrorType": "ConnectorError"},
    }
    message = {"Type": kind, "SessionID": session_id, "EvseID": "DE*ALF*E0001", "OperatorID": "DE*ALF", **told[kind]}
    return _with(message, over)


def as_bytes(message: Any) -> bytes:
    """The message as a partner would send it; decimals keep their zeros."""
    return _ENCODER.encode(message)
