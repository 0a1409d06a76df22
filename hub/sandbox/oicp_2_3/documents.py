"""What the simulated partners know, as messages of OICP 2.3. PURE."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hub.sandbox.companies import Company
from hub.sandbox.line import ChargeRecord, SessionReport
from hub.sandbox.prices import Tariff
from hub.sandbox.world import Card, Charger, OperatorPlan, Site

Document = dict[str, Any]

# Members that OICP limits and a fast charger exceeds are left out (oicp §6.1: they are optional).
_MOST_AMPERES, _MOST_VOLTS = 99, 999
_PLUGS = {
    ("IEC_62196_T2", "SOCKET"): "Type 2 Outlet",
    ("IEC_62196_T2_COMBO", "CABLE"): "CCS Combo 2 Plug (Cable Attached)",
}
_STATUSES = {"AVAILABLE": "Available", "CHARGING": "Occupied", "OUTOFORDER": "OutOfService"}
_METER_START = Decimal("1000.000")
_HOURS = [{"Periods": [{"begin": "00:00", "end": "24:00"}], "on": "Everyday"}]


def operator_id(company: Company) -> str:
    """This function will write a company as an operator: DE*ALF."""
    return f"{company.country_code}*{company.party_id}"


def provider_id(company: Company) -> str:
    """This function will write a company as a provider: NL-BET."""
    return f"{company.country_code}-{company.party_id}"


def write_evse(plan: OperatorPlan, site: Site, charger: Charger) -> Document:
    """This function will write one charger as an EVSE record."""
    country = plan.company.country
    street, _, number = site.address.rpartition(" ")
    facility: Document = {"PowerType": charger.power_type, "Power": charger.power_kw}
    if charger.voltage <= _MOST_VOLTS:
        facility["Voltage"] = charger.voltage
    if charger.amperage <= _MOST_AMPERES:
        facility["Amperage"] = charger.amperage
    return {
        "EvseID": charger.evse_id,
        # The hub names the location after its pool, without separators: the same id as the site's.
        "ChargingPoolID": f"{site.id[:2]}*{site.id[2:5]}*{site.id[5:]}",
        "ChargingStationNames": [{"lang": country.language, "value": site.name[:150]}],
        "Address": {"Country": country.alpha3, "City": site.city, "Street": street, "PostalCode": site.postal_code, "HouseNum": number},
        "GeoCoordinates": {"DecimalDegree": {"Longitude": site.longitude, "Latitude": site.latitude}},
        "Plugs": [_PLUGS[(charger.standard, charger.format)]],
        "ChargingFacilities": [facility],
        "RenewableEnergy": True,
        "CalibrationLawDataAvailability": "Local",
        "AuthenticationModes": ["NFC RFID Classic", "REMOTE"],
        "PaymentOptions": ["Contract"],
        "ValueAddedServices": ["DynamicPricing"],
        "Accessibility": "Free publicly accessible",
        "HotlinePhoneNumber": "+4940555000",
        "IsOpen24Hours": True,
        "IsHubjectCompatible": True,
        "DynamicInfoAvailable": "true",
    }


def write_evse_push(plan: OperatorPlan, site: Site, *, action: str) -> Document:
    """This function will write a push of one site's chargers."""
    records = [write_evse(plan, site, charger) for charger in site.chargers]
    data = {"OperatorID": operator_id(plan.company), "OperatorName": plan.company.name, "EvseDataRecord": records}
    return {"ActionType": action, "OperatorEvseData": data}


def write_status_push(company: Company, chargers: Sequence[Charger], *, statuses: Mapping[str, str]) -> Document:
    """This function will write a push of statuses; `statuses` by the charger's uid."""
    records = [{"EvseID": charger.evse_id, "EvseStatus": _STATUSES.get(statuses[charger.uid], "Unknown")} for charger in chargers]
    told = {"OperatorID": operator_id(company), "OperatorName": company.name, "EvseStatusRecord": records}
    return {"ActionType": "update", "OperatorEvseStatus": told}


def write_product_push(company: Company, tariffs: Sequence[Tariff]) -> Document:
    """This function will write every offer as a pricing product for all providers, before VAT."""
    return {
        "ActionType": "fullLoad",
        "PricingProductData": {
            "OperatorID": operator_id(company),
            "OperatorName": company.name,
            "ProviderID": "*",
            "PricingDefaultPrice": tariffs[0].energy_price,
            "PricingDefaultPriceCurrency": tariffs[0].currency,
            "PricingDefaultReferenceUnit": "KILOWATT_HOUR",
            "PricingProductDataRecords": [_product(tariff) for tariff in tariffs],
        },
    }


def _product(tariff: Tariff) -> Document:
    fees = [("START FEE", tariff.start_fee)] if tariff.start_fee else []
    fees += [("PARKING FEE", tariff.parking_price)] if tariff.parking_price else []
    return {
        "ProductID": tariff.id,
        "ReferenceUnit": "KILOWATT_HOUR",
        "ProductPriceCurrency": tariff.currency,
        "PricePerReferenceUnit": tariff.energy_price,
        "MaximumProductChargingPower": 350,
        "IsValid24hours": True,
        "ProductAvailabilityTimes": _HOURS,
        "AdditionalReferences": [
            {"AdditionalReference": name, "AdditionalReferenceUnit": "HOUR", "PricePerAdditionalReferenceUnit": price}
            for name, price in fees
        ],
    }


def write_evse_pricing_push(plan: OperatorPlan) -> Document:
    """This function will write which product applies at which charger, for all providers."""
    chargers = [charger for site in plan.sites for charger in site.chargers]
    prices = [{"EvseID": charger.evse_id, "ProviderID": "*", "EvseIDProductList": [charger.tariff_id]} for charger in chargers]
    return {"ActionType": "fullLoad", "EVSEPricing": prices}


def write_card_push(company: Company, cards: Sequence[Card]) -> Document:
    """This function will write a provider's cards; one that is not good for a charge is not uploaded: who is, may charge."""
    records = [{"Identification": _uploaded(card)} for card in cards if card.verdict == "ALLOWED"]
    data = {"ProviderID": provider_id(company), "ProviderName": company.name, "AuthenticationDataRecord": records}
    return {"ActionType": "fullLoad", "ProviderAuthenticationData": data}


def _uploaded(card: Card) -> Document:
    medium = {"UID": card.uid, "EvcoID": card.contract_id, "RFID": "mifareFamily", "PrintedNumber": card.visual_number}
    return {"RFIDIdentification": medium}


def write_authorize_start(company: Company, card: Card, charger: Charger) -> Document:
    """This function will write the question whether a card may charge."""
    return {
        "SessionID": None,
        "OperatorID": operator_id(company),
        "EvseID": charger.evse_id,
        "Identification": {"RFIDMifareFamilyIdentification": {"UID": card.uid}},
    }


def write_notification(report: SessionReport, *, session_id: str) -> Document:
    """This function will write the state of a session: Start, Progress or End."""
    visit = report.visit
    told: Document = {
        "SessionID": session_id,
        "CPOPartnerSessionID": report.id,
        "OperatorID": operator_id(visit.company),
        "EvseID": visit.charger.evse_id,
        "Identification": _identification(visit.card, report.auth_method),
        "ChargingStart": write_time(visit.starts_at, visit.company),
    }
    if report.status == "COMPLETED":
        return {
            **told,
            "Type": "End",
            "ChargingEnd": write_time(visit.charged_at, visit.company),
            "SessionEnd": write_time(visit.ends_at, visit.company),
            "ConsumedEnergy": report.energy_kwh,
        }
    if not report.energy_kwh:
        return {**told, "Type": "Start", "SessionStart": write_time(visit.starts_at, visit.company)}
    occurred = write_time(report.reported_at, visit.company)
    return {**told, "Type": "Progress", "EventOccurred": occurred, "ConsumedEnergyProgress": report.energy_kwh}


def write_cdr(record: ChargeRecord, *, session_id: str) -> Document:
    """This function will write a finished session: no price is in it, OICP has none."""
    visit = record.visit
    starts, company = write_time(visit.starts_at, visit.company), visit.company
    return {
        "SessionID": session_id,
        "CPOPartnerSessionID": record.session_id,
        "PartnerProductID": visit.charger.tariff_id,
        "EvseID": visit.charger.evse_id,
        "Identification": _identification(visit.card, record.auth_method),
        "SessionStart": starts,
        "ChargingStart": starts,
        "ChargingEnd": write_time(visit.charged_at, company),
        "SessionEnd": write_time(visit.ends_at, company),
        "ConsumedEnergy": visit.energy_kwh,
        "MeterValueStart": _METER_START,
        "MeterValueEnd": _METER_START + visit.energy_kwh,
    }


def write_remote(company: Company, *, evse_id: str, card: Card | None = None, session_id: str | None = None) -> Document:
    """This function will write the app's wish to start (with a card's contract) or to stop (with the session)."""
    told: Document = {"SessionID": session_id, "ProviderID": provider_id(company), "EvseID": evse_id}
    return told if card is None else {**told, "Identification": {"RemoteIdentification": {"EvcoID": card.contract_id}}}


def write_time(at: datetime, company: Company) -> str:
    """This function will write an instant with the offset that the charger's clock has."""
    return at.astimezone(ZoneInfo(company.country.time_zone)).isoformat(timespec="seconds")


def _identification(card: Card, auth_method: str) -> Document:
    if auth_method == "COMMAND":
        return {"RemoteIdentification": {"EvcoID": write_contract(card.contract_id)}}
    return {"RFIDMifareFamilyIdentification": {"UID": card.uid}}


def write_contract(contract_id: str) -> str:
    """This function will write a contract id as an EvcoID; a missing check character becomes one that no rule checks."""
    return contract_id if contract_id.count("-") == 3 else f"{contract_id}-0"
